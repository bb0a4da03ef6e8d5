/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A figure's change per second: since the oldest refresh within 60 s, over the time between. The
 * refreshes of a view are the same for all of its rows, of which there may be 100,000: a row keeps
 * what changed, and at which of them.
 */
#ifndef TCPLINGER_GROWTH_H
#define TCPLINGER_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#define GROWTH_REFRESHES 61 /* one a second at most */

/* When a view's refreshes were. All zero: there was none. */
struct growth_clock {
	uint64_t time_ns[GROWTH_REFRESHES]; /* of the n-th, at n % GROWTH_REFRESHES */
	uint32_t newest;		    /* counted from 1 */
	uint64_t now_ns;		    /* of the last one, */
	bool kept;			    /* and whether it is among them */
};

/* A refresh. Of those that come faster than one a second not all are kept. */
void growth_tick(struct growth_clock *clock, uint64_t time_ns);

struct growth_change {
	double value;
	uint32_t refresh;
};

/* All zero: nothing is known. */
struct growth {
	uint64_t first_ns; /* when it was first known, at a refresh that may not be kept */
	double first;
	struct growth_change *changes; /* in order; each holds until the next */
	uint32_t count;
	uint32_t capacity;
};

/* A row that was not there at the last refresh (0: there was none): its figure was 0 then. */
void growth_begin(struct growth *growth, uint64_t refresh_ns);

/* The figure as of the refresh that growth_tick told of. */
void growth_add(struct growth *growth, const struct growth_clock *clock, double value);

/* Of a figure that is `value` now, at `time_ns`. False before the second refresh. */
bool growth_per_s(const struct growth *growth, const struct growth_clock *clock, uint64_t time_ns,
		  double value, double *per_s);

/* What it changed by since then; 0 before the second refresh. */
double growth_change(const struct growth *growth, const struct growth_clock *clock,
		     uint64_t time_ns, double value);

void growth_free(struct growth *growth);

#endif
