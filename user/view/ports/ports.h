/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger ports`: destinations by use of their port supply, and connects that got no port. */
#ifndef TCPLINGER_VIEW_PORTS_H
#define TCPLINGER_VIEW_PORTS_H

#include "base/histogram.h"
#include "view/ports/census.h"
#include "view/growth.h"
#include "view/rows.h"
#include "view/stack_tally.h"
#include "view/view.h"

#define PORTS_SHEETS 2

#define PORTS_LISTED	 10  /* of who holds ports, and of listeners */
#define PORTS_NEAR	 0.8 /* of the supply, what can be reused counted as free */
#define STEADY_REFRESHES 5
#define FAILURE_NS	 60000000000ULL /* so long a failure is recent, and keeps its census */

enum port_cause {
	CAUSE_UNKNOWN,
	CAUSE_RANGE_EXHAUSTED,
	CAUSE_BLOCKED_BY_BIND, /* bind() had taken more than connections towards this destination */
	CAUSE_TUPLE_IN_USE,
	CAUSE_NO_SOURCE_ADDRESS,
	CAUSE_PORT_IN_USE, /* of bind(), and so the next one */
	CAUSE_ADDRESS_NOT_LOCAL,
	CAUSES,
};

/*
 * The census of what failed towards a destination since the last refresh: one for all, however many
 * processes fail, of sockets with the same range.
 */
struct failing_census {
	struct census census;
	uint64_t time_ns; /* of the first failure; 0: there is none */
	uint16_t own_low;
	uint16_t own_high;
	bool renewed;
};

/* A destination. */
struct port_row {
	struct row row;
	struct tuple tuple; /* no lport */
	struct common family;
	struct census now;
	bool wanted;	/* a connection that the filters ask for is among those counted now, */
	bool passes;	/* or one that those on addresses ask for */
	bool range;	/* no destination: a namespace's range, of which bind() has half or more */
	uint64_t asked; /* connects that they ask for, and that chose a port or got none */
	uint64_t consumed;	   /* ports that connect() chose, */
	uint64_t bound;		   /* and those that bind() did */
	uint64_t failed;	   /* connects that got none */
	uint64_t released;	   /* ports given back, of those whose connect() was seen */
	uint64_t held_ns;	   /* how long they had been held, in all */
	struct histogram searches; /* of connects that got no port: how long they looked for one */
	struct growth consumption;
	struct growth failing;
	struct failing_census failing_census;
	struct failing_census latest_census; /* the one before */
	uint32_t used[STEADY_REFRESHES + 1]; /* at the last refreshes, the newest last */
	uint64_t used_ns[STEADY_REFRESHES + 1];
};

/* Who has the port that was asked for. */
struct in_the_way {
	bool found;
	uint8_t state;	       /* enum tcp_state; CLOSE: bound, and nothing more */
	uint32_t process;      /* number, referred to; 0: not known */
	uint64_t remaining_ns; /* of a TIME_WAIT; UNKNOWN_NS: not known, or until it is closed */
};

/* Connects of one owner towards one destination that failed for one cause; or its bind()s. */
struct port_failure {
	struct row row;
	struct tuple tuple;
	uint8_t failure;  /* enum port_failure_kind */
	uint8_t cause;	  /* enum port_cause */
	uint16_t own_low; /* of the last: the socket's own range; 0: none */
	uint16_t own_high;
	uint64_t count;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t search_ns; /* of the last; UNKNOWN_NS: not measured */
	uint64_t census_ns; /* of the first since the last refresh: when the census was taken */
	uint32_t binder;    /* process that holds most of what bind() took, referred to; 0: none */
	uint32_t binder_ports;
	struct in_the_way in_the_way; /* of the last */
	struct census census;
};

struct ports {
	struct view_config config;
	struct model *model;
	struct rows rows;
	struct rows failures;
	struct rows pending; /* failures since the last refresh: their cause is still to be found */
	struct {
		struct stack_tally pending; /* of those, */
		struct stack_tally settled; /* of failures: how many failed, */
		struct stack_tally all;	    /* and of all of these, by comm */
	} stacks;
	struct port_failure **recent; /* all of them, the newest first */
	size_t recent_count;
	size_t looked_in_the_way; /* so many failures were looked after in this refresh */
	size_t left_out;  /* destinations in use that the filter on processes does not ask for */
	uint64_t time_ns; /* of this refresh */
	struct growth_clock clock;
	uint64_t losses;
	bool incomplete;
};

extern const struct view ports_view;
extern const struct table ports_table;
extern const struct table port_failures_table;
extern const struct sheet ports_sheets[PORTS_SHEETS];

void ports_init(void *self, const struct view_config *config, struct model *model);
void ports_free(void *self);

/* What the model's observer is to call, of failures as well. */
void ports_transition(void *self, const struct transition *transition);

/* If connects failed since the last refresh: a listing, which tells the cause best. */
void ports_ask(const void *self, struct questions *questions);

/*
 * Counts the ports of all destinations, finds the causes of what failed, and chooses what to show,
 * as rows_choose does: destinations by use of their supply, failures that grew.
 */
void ports_refresh(void *self, uint64_t time_ns, bool last);

void ports_show_json(void *self, struct output *output, size_t limit);

/* A table, and a paragraph for each failure. */
void ports_show_text(void *self, struct output *output, const struct text_style *style, bool last);

/* The nearest destination in two sentences, for the summary. */
void ports_show_worst(const struct ports *ports, const struct port_row *row, struct output *output,
		      unsigned int columns);

/* The rows at place `i` of this refresh. */
struct port_row *ports_shown(const struct ports *view, size_t i);
struct port_failure *ports_failure(const struct ports *view, size_t i);

/* The row of a destination; NULL if it never had any. */
const struct port_row *ports_destination(const struct ports *view, const struct tuple *tuple);

/* False where the source does not tell which ports bind() has taken: a supply is an upper bound. */
bool ports_know_bound(const struct ports *view);

/* False where the settings of the namespace are not known. */
bool ports_supply(const struct census *census, uint32_t *supply);

/* Of the supply towards a destination: what is used; and what is taken, where what connect() would
 * take over is as good as free. False where no supply is known. */
bool ports_used_share(const struct port_row *row, double *share);
bool ports_taken_share(const struct port_row *row, double *share);

/* Who holds most, by the grouping of the view: of a group, `process` is one that stands for it. */
struct port_owners {
	struct census_owner items[PORTS_LISTED];
	size_t count;
	size_t omitted;	 /* so many more there are, */
	uint32_t others; /* which hold so many ports */
};

struct port_owners ports_owners(const struct ports *view, const struct census *census);

/* Of the range of its namespace, what bind() has taken of what is not reserved. */
double ports_blocked_share(const struct port_row *row);

/* Those that listen on a port of the row's range that is not reserved, by port, at most `max`; how
 * many. */
size_t ports_listeners_in_range(const struct ports *view, const struct port_row *row,
				const struct connection **listeners, size_t max);

/* Per second; false where not known (yet). */
bool ports_consumed(const struct ports *view, const struct port_row *row, double *per_s);
bool ports_failed(const struct ports *view, const struct port_row *row, double *per_s);
bool ports_sustainable(const struct ports *view, const struct port_row *row, double *per_s);

/* Seconds until none is free: 0, or known while the use has grown steadily for five refreshes. */
bool ports_exhausted_in(const struct port_row *row, double *seconds);

/* True if it was bind() that failed: `tuple` has the local end, and no other. */
bool ports_failed_to_bind(const struct port_failure *failure);

/* True if there was no port to be had: `census` says why. */
bool ports_were_short(const struct port_failure *failure);

/* "range_exhausted"; static. */
const char *port_cause_name(unsigned int cause);

#endif
