/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a count went in the last ten minutes: whether it rises steadily, as a leak does, or by
 * bursts, as a pool that fills. Kept in steps of TREND_GRAIN_NS, those in which it changed.
 */
#ifndef TCPLINGER_TREND_H
#define TCPLINGER_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define TREND_SPANS    12
#define TREND_MOST     9 /* of these it has to rise in */
#define TREND_GRAIN_NS (5 * NS_PER_S)
#define TREND_LEAST_NS (60 * NS_PER_S)	/* a shorter watch tells nothing */
#define TREND_MOST_NS  (600 * NS_PER_S) /* what is older is forgotten */
#define TREND_PER_NS   (60 * NS_PER_S)	/* one more in this time is the least rise */

/* The count at the end of a step; it holds until the next one that is kept. */
struct trend_step {
	uint32_t step; /* number, from `first_ns` on */
	uint32_t count;
};

/* All zero: it was not watched yet. */
struct trend {
	uint64_t first_ns; /* watched since, */
	uint32_t first;	   /* and what it was then */
	uint32_t seen;	   /* steps in which anybody looked */
	uint32_t last;	   /* the last of these */
	struct trend_step *steps;
	uint32_t step_count;
	uint32_t capacity;
};

void trend_add(struct trend *trend, uint64_t time_ns, uint32_t count);
void trend_free(struct trend *trend);

/* True once it was watched for TREND_LEAST_NS, and often enough to tell one span from the other. */
bool trend_is_known(const struct trend *trend, uint64_t time_ns);

/*
 * True if the count rose in TREND_MOST of TREND_SPANS equal spans, of the last ten minutes or since
 * it is watched, by one a minute or more on the whole. `time_ns`: that of the last trend_add.
 */
bool trend_rises(const struct trend *trend, uint64_t time_ns);

/* True for a rise by one a minute or more. */
static inline bool trend_is_enough(uint64_t rise, uint64_t in_ns)
{
	return rise && rise >= in_ns / TREND_PER_NS + (in_ns % TREND_PER_NS != 0);
}

#endif
