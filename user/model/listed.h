/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets as the last listing showed them that wait for the other end: for its FIN or for what
 * acknowledges ours, for an answer to a SYN; and listeners, with their queues.
 */
#ifndef TCPLINGER_LISTED_H
#define TCPLINGER_LISTED_H

#include "model/connection.h"

/* Our FIN is sent, or queued; the connection is not over: bit 1 << state. */
#define CLOSING_STATES                                                                             \
	(1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSING | 1U << TCP_LAST_ACK)
#define LISTED_STATES (CLOSING_STATES | 1U << TCP_SYN_SENT | 1U << TCP_LISTEN)

struct listed {
	uint64_t cookie;
	struct tuple tuple;
	uint64_t seen_ns; /* when it was first listed in this part of its life */
	/* When it sent its FIN, or its first SYN; `at_least`: or earlier. */
	uint64_t since_ns;
	uint64_t acked_ns; /* when an ACK came last; 0: not known */
	uint64_t stuck_ns; /* the listing since which nothing answers what is sent again; 0: none */
	uint64_t inode;	   /* 0: no descriptor, or not told */
	uint32_t unacked;  /* bytes of data, without our FIN */
	uint32_t unsent;
	uint32_t queue; /* of a listener, as in struct record_socket */
	uint32_t queue_limit;
	uint32_t syn_queue;
	uint32_t drops;
	uint32_t listing; /* the last one that showed it */
	uint32_t owner;	  /* number in `processes`; 0: unknown */
	uint16_t flags;	  /* enum socket_flags */
	uint8_t owner_by;
	uint8_t direction;
	uint8_t state;
	uint8_t retransmits;
	uint8_t probes;
	bool at_least;
	bool looked_up; /* its holders were */
};

struct listed_sockets {
	struct pool pool;
	struct index index;
	struct connections *connections; /* the listeners, the processes, what the stream told */
	bool broken;	   /* the last listing was: what it did not show may well exist */
	uint32_t listing;  /* counts listings */
	uint64_t time_ns;  /* when the last one began: what ages are as of */
	uint64_t first_ns; /* when the first one did */
};

/* `connections` is borrowed. */
void listed_init(struct listed_sockets *sockets, struct connections *connections);
void listed_free(struct listed_sockets *sockets);

/* The records of a listing: it begins, its rows, it ends. */
void listed_begin(struct listed_sockets *sockets, uint64_t time_ns);
void listed_socket(struct listed_sockets *sockets, const struct record_socket *record);
void listed_end(struct listed_sockets *sockets, bool broken);

/* A process holds it: whom nothing better is known to own is its first holder's. */
void listed_own(struct listed_sockets *sockets, struct listed *listed, uint32_t process);

/* How long ago it sent its FIN, or its first SYN. False where nothing is known, not even a least.
 */
bool listed_age_ns(const struct listed_sockets *sockets, const struct listed *listed,
		   uint64_t *age_ns);

/*
 * True where it sends something again; and where that is not answered: in two listings, or for all
 * that is known where there is one (`once`).
 */
bool listed_sends_again(const struct listed *listed);
bool listed_is_silent(const struct listed_sockets *sockets, const struct listed *listed, bool once);

/* Calls `visit` for each that the last listing showed in `states` (bit 1 << state). */
void listed_each(const struct listed_sockets *sockets, uint32_t states,
		 void (*visit)(void *context, struct listed *listed), void *context);

#endif
