/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A figure's change per second: since the oldest refresh within 60 s, over the time between. */
#ifndef TCPLINGER_GROWTH_H
#define TCPLINGER_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#define GROWTH_SAMPLES 61 /* one a second at most */

struct growth {
	uint64_t time_ns[GROWTH_SAMPLES];
	double value[GROWTH_SAMPLES];
	uint32_t first; /* the oldest */
	uint32_t count;
};

/* A row that was not there at the last refresh (0: there was none): its figure was 0 then. */
void growth_begin(struct growth *growth, uint64_t refresh_ns);

/* The figure as of a refresh. */
void growth_add(struct growth *growth, uint64_t time_ns, double value);

/* False before the second refresh. */
bool growth_per_s(const struct growth *growth, uint64_t time_ns, double value, double *per_s);

#endif
