/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a view needs of a source, whichever that is: a value that joins with those of other views.
 * How a source comes by it (which hooks, which listings) is its own affair.
 */
#ifndef TCPLINGER_NEEDS_H
#define TCPLINGER_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

#define ALL_STATES ((1U << TCP_STATES) - 1)

/* What is asked for by name; a source says of each whether it lacks it. */
enum want {
	WANT_TRANSITIONS,   /* those of `told` */
	WANT_MINISOCKETS,   /* their births, rearms and ends, with the reasons */
	WANT_LISTED_ENDS,   /* an end that nothing tells is found by a listing, in time */
	WANT_LISTENERS,	    /* who listens, as of each refresh */
	WANT_ACCEPTED,	    /* connections that were accepted, too */
	WANT_ACCEPTORS,	    /* who accepted them */
	WANT_PORT_SETTINGS, /* how each namespace chooses ports */
	WANT_BOUND_PORTS, /* which ports bind() has taken, as of each refresh where that is cheap */
	WANT_CONNECT_FAILURES, /* connects that failed before they looked for a port */
	WANT_BIND_FAILURES,    /* binds that failed */
	WANT_DEAD,     /* sockets that were connected once and are in CLOSE, not closed: with each
			  listing of CLOSE_WAITs, from the first one on */
	WANT_EVERYONE, /* it takes a census: no filter narrows what is told */
	WANT_STACKS,   /* the user code that connects, accepts, and reads the end of file */
	WANTS,
};
#define WANT(name) (1U << WANT_##name)

struct needs {
	uint32_t told[TCP_STATES]; /* by old state: which new ones (bit 1 << state) are told */
	uint32_t listed;    /* sockets in these states are listed at the start, after a loss */
	uint32_t refreshed; /* and again at each refresh: CLOSE_WAIT, what model/listed.h keeps */
	uint32_t snapshot;  /* enough where nothing is streamed: listed at each refresh */
	uint32_t wants;	    /* WANT() */
};

/* Which code opens connections and leaves them: when it does, and when they are over. */
extern const struct needs stacks_needs;

/* What both need, together. */
void needs_join(struct needs *needs, const struct needs *other);

static inline bool needs_want(const struct needs *needs, enum want want)
{
	return needs->wants >> want & 1;
}

/*
 * States (bit 1 << state) in which nothing more is told of a connection but its end, nor do
 * listings show it: who enters one is over, and its end stands for itself.
 */
uint32_t needs_last_states(const struct needs *needs);

#endif
