// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/histogram.h"

#include "base/memory.h"
#include "base/search.h"
#include "base/time.h"

#define BIN_BITS   8
#define BINS	   (1U << BIN_BITS) /* in an octave */
#define US_MAX	   (1ULL << 40)	    /* 12 days: longer ones are counted as this */
#define LIFE_STEPS 12

/* Below 2 * BINS each microsecond has its own. */
static uint32_t bin_of(uint64_t us)
{
	unsigned int shift = 0;

	if (us >= US_MAX)
		us = US_MAX - 1;
	if (us >= BINS)
		shift = 63 - (unsigned int)__builtin_clzll(us) - BIN_BITS;
	return (uint32_t)(shift * BINS + (us >> shift));
}

static uint64_t width_us(uint32_t bin)
{
	return bin < 2 * BINS ? 1 : 1ULL << (bin / BINS - 1);
}

static uint64_t low_us(uint32_t bin)
{
	return bin < 2 * BINS ? bin : (bin % BINS + BINS) * width_us(bin);
}

static uint64_t bin_at(const void *bin)
{
	return ((const struct histogram_bin *)bin)->bin;
}

/* The place of the bin, or where it would be. */
static uint32_t place_of(const struct histogram *histogram, uint32_t bin)
{
	return (uint32_t)search_place(histogram->bins, histogram->bin_count,
				      sizeof(*histogram->bins), bin_at, bin);
}

static void insert(struct histogram *histogram, uint32_t place, uint32_t bin)
{
	struct histogram_bin *bins;

	if (histogram->bin_count == histogram->bin_capacity) {
		histogram->bin_capacity = histogram->bin_capacity ? histogram->bin_capacity * 2 : 4;
		histogram->bins = memory_resize(histogram->bins, histogram->bin_capacity,
						sizeof(*histogram->bins));
	}
	bins = histogram->bins;
	memmove(&bins[place + 1], &bins[place], (histogram->bin_count - place) * sizeof(*bins));
	bins[place] = (struct histogram_bin){.bin = bin};
	histogram->bin_count++;
}

static void count(struct histogram *histogram, uint32_t bin, uint64_t times)
{
	uint32_t place = place_of(histogram, bin);

	if (place == histogram->bin_count || histogram->bins[place].bin != bin)
		insert(histogram, place, bin);
	histogram->bins[place].count += times;
}

static void widen(struct histogram *histogram, uint64_t min_ns, uint64_t max_ns)
{
	if (!histogram->count || min_ns < histogram->min_ns)
		histogram->min_ns = min_ns;
	if (!histogram->count || max_ns > histogram->max_ns)
		histogram->max_ns = max_ns;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	widen(histogram, ns, ns);
	histogram->sum_ns += ns;
	histogram->count++;
	count(histogram, bin_of(ns / NS_PER_US), 1);
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	if (!other->count)
		return;
	widen(histogram, other->min_ns, other->max_ns);
	histogram->sum_ns += other->sum_ns;
	histogram->count += other->count;
	for (uint32_t i = 0; i < other->bin_count; i++)
		count(histogram, other->bins[i].bin, other->bins[i].count);
}

void histogram_free(struct histogram *histogram)
{
	free(histogram->bins);
	*histogram = (struct histogram){0};
}

static uint64_t clamp(const struct histogram *histogram, uint64_t ns)
{
	if (ns < histogram->min_ns)
		return histogram->min_ns;
	return ns > histogram->max_ns ? histogram->max_ns : ns;
}

/* Within a bin, those counted are taken to lie evenly. */
uint64_t histogram_percentile(const struct histogram *histogram, double part)
{
	double rank = part * (double)histogram->count, before = 0;

	for (uint32_t i = 0; i < histogram->bin_count; i++) {
		const struct histogram_bin *bin = &histogram->bins[i];

		if (before + bin->count >= rank) {
			double within = (rank - before) / bin->count * (double)width_us(bin->bin);

			return clamp(histogram,
				     (uint64_t)(((double)low_us(bin->bin) + within) * NS_PER_US));
		}
		before += bin->count;
	}
	return histogram->max_ns;
}

/*
 * The timer wheel rounds a minute up by two seconds at 250 Hz and by four at 1000: up to a tenth
 * more is a whole life, and a hundredth less.
 */
void histogram_scale_life(struct histogram_scale *scale, uint64_t length_ns)
{
	for (uint32_t i = 1; i < LIFE_STEPS; i++)
		scale->edges_ns[i - 1] = length_ns / LIFE_STEPS * i;
	scale->edges_ns[LIFE_STEPS - 1] = length_ns - length_ns / 100;
	scale->edges_ns[LIFE_STEPS] = length_ns + length_ns / 10;
	scale->edges = LIFE_STEPS + 1;
}

static uint64_t edge_us(const struct histogram_scale *scale, uint32_t i)
{
	return scale->edges_ns[i] / NS_PER_US;
}

/* The power of two above `us`. */
static unsigned int log2_above(uint64_t us)
{
	return us ? 64 - (unsigned int)__builtin_clzll(us) : 0;
}

static uint64_t bounded_us(uint64_t ns)
{
	uint64_t us = ns / NS_PER_US;

	return us < US_MAX ? us : US_MAX - 1;
}

void histogram_scale_log2(struct histogram_scale *scale, const struct histogram *histogram,
			  uint64_t lowest_ns, uint32_t edges)
{
	unsigned int lowest = log2_above(bounded_us(lowest_ns));
	unsigned int low = log2_above(bounded_us(histogram->min_ns));
	unsigned int high = log2_above(bounded_us(histogram->max_ns));
	unsigned int step;

	if (low < lowest)
		low = lowest;
	if (high < low)
		high = low;
	step = high > low ? (high - low + edges - 2) / (edges - 1) : 1;
	scale->edges = 0;
	for (unsigned int power = low; power < high + step; power += step)
		scale->edges_ns[scale->edges++] = NS_PER_US << power;
}

static uint64_t middle_us(uint32_t bin)
{
	return low_us(bin) + width_us(bin) / 2;
}

void histogram_add_up(const struct histogram *histogram, const struct histogram_scale *scale,
		      uint64_t *counts)
{
	uint32_t bucket = 0;

	for (uint32_t i = 0; i < histogram->bin_count; i++) {
		const struct histogram_bin *bin = &histogram->bins[i];

		while (bucket < scale->edges && middle_us(bin->bin) >= edge_us(scale, bucket))
			bucket++;
		counts[bucket] += bin->count;
	}
}

/*
 * A bin goes where its middle is, or as near as there was any value; the edges of octaves are edges
 * of bins.
 */
void histogram_buckets(const struct histogram *histogram, const struct histogram_scale *scale,
		       uint64_t *counts)
{
	uint32_t bucket = 0;

	memset(counts, 0, (scale->edges + 1) * sizeof(*counts));
	for (uint32_t i = 0; i < histogram->bin_count; i++) {
		const struct histogram_bin *bin = &histogram->bins[i];
		uint64_t at_us = clamp(histogram, middle_us(bin->bin) * NS_PER_US) / NS_PER_US;

		while (bucket < scale->edges && at_us >= edge_us(scale, bucket))
			bucket++;
		counts[bucket] += bin->count;
	}
}
