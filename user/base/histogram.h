/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long things took. Bins are 1/256 of an octave of microseconds wide, and only those that were
 * hit take memory: a row of a view has three of these, and there may be 100,000 rows, where a dense
 * histogram of that precision (HdrHistogram) takes 30 kB each.
 */
#ifndef TCPLINGER_HISTOGRAM_H
#define TCPLINGER_HISTOGRAM_H

#include <stdint.h>

struct histogram_bin {
	uint64_t count;
	uint32_t bin;
};

/* All zero: empty. */
struct histogram {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns;
	uint64_t max_ns;
	struct histogram_bin *bins; /* in order */
	uint32_t bin_count;
	uint32_t bin_capacity;
};

void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *histogram, const struct histogram *other);
void histogram_free(struct histogram *histogram);

/* The value that a share `part` (0 to 1) of all does not exceed, to 0.4 %; 0 if empty. */
uint64_t histogram_percentile(const struct histogram *histogram, double part);

/*
 * Upper edges of the buckets that a histogram is shown in; one more bucket, beyond the last edge,
 * has none.
 */
#define HISTOGRAM_EDGES 40
struct histogram_scale {
	uint64_t edges_ns[HISTOGRAM_EDGES];
	uint32_t edges;
};

/* Twelve steps up to a time-out of `length_ns`, those that lived it whole, and beyond. */
void histogram_scale_life(struct histogram_scale *scale, uint64_t length_ns);

/*
 * Powers of two microseconds, around what the histogram holds: none below `lowest_ns`, which is how
 * exactly it was measured; at most `edges` (two or more) of them, steps of four, eight, ... where
 * there would be more.
 */
void histogram_scale_log2(struct histogram_scale *scale, const struct histogram *histogram,
			  uint64_t lowest_ns, uint32_t edges);

/* How many are in each bucket; `counts` has room for one more than there are edges. */
void histogram_buckets(const struct histogram *histogram, const struct histogram_scale *scale,
		       uint64_t *counts);

/*
 * Adds them to `counts`, each to the bucket that its bin is always in: however the histogram grows,
 * and whatever it is added up with, no bucket ever has fewer than before.
 */
void histogram_add_up(const struct histogram *histogram, const struct histogram_scale *scale,
		      uint64_t *counts);

#endif
