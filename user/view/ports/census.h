/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds the ports towards a destination, in which states, at one moment. */
#ifndef TCPLINGER_CENSUS_H
#define TCPLINGER_CENSUS_H

#include "model/model.h"

/* What one process holds of them. */
struct census_owner {
	uint32_t process; /* number, referred to; 0: unknown */
	uint32_t ports;
	uint32_t by_state[TCP_STATES];
};

struct census {
	struct port_supply supply;
	bool supply_known;	 /* the settings of the namespace were told */
	uint32_t used;		 /* distinct ports of the supply */
	uint32_t reusable;	 /* of these, TIME_WAITs that connect() would take */
	uint32_t bound;		 /* ports held towards it that bind() chose, */
	uint32_t bound_in_range; /* and of these those of the range */
	uint32_t by_state[TCP_STATES];
	struct census_owner *owners; /* by number */
	size_t owner_count;
	size_t owner_capacity;
	uint32_t *sharers; /* of `owners`, where census_share() made several; NULL: one */
	uint64_t held;	   /* of these, so many were seen to be taken: */
	uint64_t hold_ns;  /* how long they will have been held in all, as far as is known */
};

/* Nothing counted yet, towards destinations in a namespace; own_low, own_high as in port_supply. */
void census_begin(struct census *census, const struct model *model, uint32_t netns,
		  uint16_t own_low, uint16_t own_high);
void census_free(struct census *census, struct processes *processes);

/* One more of the same, which nothing is counted into any more: with the same owners in memory. */
struct census census_share(struct census *census);

/* Counts an outgoing connection, if its port is one of the supply, or bind() chose it. */
void census_count(struct census *census, struct model *model, const struct connection *connection,
		  uint64_t time_ns);

/* Most ports first. */
void census_sort_owners(struct census *census, const struct processes *processes);

/* True if it holds, or may hold, a port towards a destination. */
bool census_concerns(const struct connection *connection);

#endif
