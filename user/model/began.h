/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When the sockets that are there now entered CLOSE_WAIT: the history of a leak that nobody has
 * watched. Two passes over them: which is the oldest, then how many began in each of equal spans
 * from there until now. Those whose age is a lower bound are to be left out.
 */
#ifndef TCPLINGER_BEGAN_H
#define TCPLINGER_BEGAN_H

#include <stdbool.h>
#include <stdint.h>

#define BEGAN_SPANS 12

/* All zero: none was noted yet. */
struct began {
	uint64_t from_ns; /* when the oldest began */
	uint32_t count;
	uint32_t recent; /* of these, in the last minute */
	uint32_t counts[BEGAN_SPANS];
};

/* The first pass, */
void began_note(struct began *began, uint64_t since_ns);

/* and the second, of the same. `now_ns`: until then. */
void began_count(struct began *began, uint64_t since_ns, uint64_t now_ns);

/* When span `i` begins; BEGAN_SPANS: now. */
uint64_t began_span_ns(const struct began *began, uint64_t now_ns, unsigned int i);

/* How many began a second in the last minute; false where too few spans are filled to say so. */
bool began_growth(const struct began *began, uint64_t now_ns, double *per_s);

/* True if they began steadily, up to now, by one a minute or more. */
bool began_rises(const struct began *began, uint64_t now_ns);

#endif
