// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/histogram.h"

#include <stdlib.h>

#include "records.h"
#include "unit.h"

#define US	    1000ULL
#define MS	    1000000ULL
#define MANY	    5000
#define WHOLE_LIFE  12 /* the bucket of those that lived a time-out to its end */
#define TEXT_EDGES  12
#define LONGEST_BIN (1ULL << 40) /* microseconds */

static const double parts[] = {0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1};

static uint64_t bucket_sum(const struct histogram *histogram, const struct histogram_scale *scale)
{
	uint64_t counts[HISTOGRAM_EDGES + 1], sum = 0;

	histogram_buckets(histogram, scale, counts);
	for (uint32_t i = 0; i <= scale->edges; i++)
		sum += counts[i];
	return sum;
}

/* The bucket that one value falls into. */
static uint32_t bucket_of(uint64_t ns, const struct histogram_scale *scale)
{
	uint64_t counts[HISTOGRAM_EDGES + 1];
	struct histogram histogram = {0};
	uint32_t bucket = 0;

	histogram_add(&histogram, ns);
	histogram_buckets(&histogram, scale, counts);
	histogram_free(&histogram);
	while (!counts[bucket])
		bucket++;
	return bucket;
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* From microseconds to days, as many in each octave. */
static uint64_t some_time(uint64_t *seed)
{
	unsigned int octave = random_next(seed) % 38;

	return ((1ULL << octave) + random_next(seed) % (1ULL << octave)) * US;
}

static void the_empty_one_has_no_figures(void **state)
{
	struct histogram histogram = {0}, other = {0};
	struct histogram_scale scale;

	(void)state;
	histogram_merge(&histogram, &other);
	assert_true(histogram.count == 0);
	for (size_t i = 0; i < COUNT(parts); i++)
		assert_true(histogram_percentile(&histogram, parts[i]) == 0);
	histogram_scale_log2(&scale, &histogram, 0, TEXT_EDGES);
	assert_in_range(scale.edges, 1, TEXT_EDGES);
	assert_true(bucket_sum(&histogram, &scale) == 0);
	histogram_free(&histogram);
}

static void one_value_is_exact(void **state)
{
	static const uint64_t values[] = {
		0, 1, 999, US, 511 * US, 513 * US + 7, 1234567, 60 * SECOND + 928 * MS + 1};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct histogram histogram = {0};

		for (unsigned int times = 0; times < 7; times++)
			histogram_add(&histogram, values[i]);
		for (size_t p = 0; p < COUNT(parts); p++)
			check(histogram_percentile(&histogram, parts[p]) == values[i],
			      "%g of %llu ns: %llu", parts[p], (unsigned long long)values[i],
			      (unsigned long long)histogram_percentile(&histogram, parts[p]));
		histogram_free(&histogram);
	}
}

/* Besides, a microsecond: what is shorter is not told apart. */
static void percentiles_are_within_four_in_a_thousand(void **state)
{
	static uint64_t values[MANY];
	struct histogram histogram = {0};
	uint64_t seed = 88172645463325252ULL;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		values[i] = some_time(&seed);
		histogram_add(&histogram, values[i]);
	}
	qsort(values, MANY, sizeof(values[0]), by_value);
	for (unsigned int rank = 1; rank <= MANY; rank++) {
		uint64_t found = histogram_percentile(&histogram, (rank - 0.5) / MANY);
		uint64_t wanted = values[rank - 1], tolerance = wanted / 250 + US;

		check(found + tolerance >= wanted && found <= wanted + tolerance,
		      "rank %u: %llu for %llu", rank, (unsigned long long)found,
		      (unsigned long long)wanted);
	}
	histogram_free(&histogram);
}

static void percentiles_never_fall(void **state)
{
	struct histogram histogram = {0};
	uint64_t seed = 7, before = 0;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		histogram_add(&histogram, some_time(&seed));
	for (unsigned int i = 0; i <= 1000; i++) {
		uint64_t found = histogram_percentile(&histogram, i / 1000.0);

		assert_true(found >= before);
		before = found;
	}
	histogram_free(&histogram);
}

static void the_ends_are_the_least_and_the_greatest(void **state)
{
	struct histogram histogram = {0};

	(void)state;
	histogram_add(&histogram, 60 * SECOND + 1);
	histogram_add(&histogram, 60 * SECOND + 3);
	assert_true(histogram_percentile(&histogram, 0) == 60 * SECOND + 1);
	assert_true(histogram_percentile(&histogram, 1) == 60 * SECOND + 3);
	assert_in_range(histogram_percentile(&histogram, 0.5), 60 * SECOND + 1, 60 * SECOND + 3);
	histogram_free(&histogram);
}

static void the_longest_times_are_counted_and_no_trouble(void **state)
{
	static const uint64_t values[] = {0, LONGEST_BIN * US - 1, LONGEST_BIN * US, UINT64_MAX - 1,
					  UINT64_MAX};
	struct histogram histogram = {0};
	struct histogram_scale scale;

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		histogram_add(&histogram, values[i]);
	assert_true(histogram_percentile(&histogram, 0) == 0);
	assert_true(histogram_percentile(&histogram, 1) >= LONGEST_BIN * US / 256 * 255);
	for (uint32_t edges = 2; edges <= HISTOGRAM_EDGES; edges++) {
		histogram_scale_log2(&scale, &histogram, 0, edges);
		assert_in_range(scale.edges, 1, edges);
		assert_true(bucket_sum(&histogram, &scale) == COUNT(values));
	}
	histogram_scale_life(&scale, 60 * SECOND);
	assert_true(bucket_sum(&histogram, &scale) == COUNT(values));
	histogram_free(&histogram);
}

static bool are_alike(const struct histogram *left, const struct histogram *right)
{
	if (left->count != right->count || left->min_ns != right->min_ns ||
	    left->max_ns != right->max_ns || left->bin_count != right->bin_count)
		return false;
	return memcmp(left->bins, right->bins, left->bin_count * sizeof(*left->bins)) == 0;
}

static void merging_is_adding_to_one(void **state)
{
	struct histogram all = {0}, parts_of_it[3] = {0}, merged = {0}, none = {0};
	uint64_t seed = 99;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		uint64_t ns = some_time(&seed);

		histogram_add(&all, ns);
		histogram_add(&parts_of_it[random_next(&seed) % COUNT(parts_of_it)], ns);
	}
	for (size_t i = 0; i < COUNT(parts_of_it); i++) {
		histogram_merge(&merged, &parts_of_it[i]);
		histogram_merge(&merged, &none);
		histogram_free(&parts_of_it[i]);
	}
	assert_true(are_alike(&merged, &all));
	histogram_free(&merged);
	histogram_free(&all);
}

static void the_buckets_add_up_to_the_count(void **state)
{
	struct histogram histogram = {0};
	struct histogram_scale scale;
	uint64_t seed = 12345;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		histogram_add(&histogram, some_time(&seed));
	for (unsigned int s = 1; s <= 240; s++) {
		histogram_scale_life(&scale, s * SECOND);
		assert_true(bucket_sum(&histogram, &scale) == MANY);
	}
	for (uint32_t edges = 2; edges <= HISTOGRAM_EDGES; edges++) {
		histogram_scale_log2(&scale, &histogram, 10 * MS, edges);
		assert_true(bucket_sum(&histogram, &scale) == MANY);
	}
	histogram_free(&histogram);
}

/* Up to a tick early, as its birth is told; late by a granule of the wheel, at 1000 Hz at most. */
static void a_natural_end_is_a_whole_life(void **state)
{
	static const uint64_t lengths[] = {15 * SECOND, 60 * SECOND, 120 * SECOND};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		uint64_t length = lengths[i], longest = length / 1000 * 1067;
		struct histogram_scale scale;

		histogram_scale_life(&scale, length);
		assert_int_equal(scale.edges, WHOLE_LIFE + 1);
		for (uint64_t ns = length - 4 * MS; ns <= longest; ns += 13 * MS)
			check(bucket_of(ns, &scale) == WHOLE_LIFE, "%llu of %llu",
			      (unsigned long long)ns, (unsigned long long)length);
		assert_int_equal(bucket_of(longest, &scale), WHOLE_LIFE);
		assert_int_equal(bucket_of(length * 9 / 10, &scale), WHOLE_LIFE - 2);
		assert_int_equal(bucket_of(2 * length, &scale), WHOLE_LIFE + 1);
	}
}

static void a_life_has_twelve_steps(void **state)
{
	struct histogram_scale scale;

	(void)state;
	histogram_scale_life(&scale, 60 * SECOND);
	for (uint32_t i = 0; i < 11; i++) {
		assert_true(scale.edges_ns[i] == 5 * (i + 1) * SECOND);
		assert_int_equal(bucket_of(5 * i * SECOND + 2 * SECOND, &scale), i);
	}
	assert_true(scale.edges_ns[WHOLE_LIFE - 1] < 60 * SECOND - 4 * MS);
	assert_true(scale.edges_ns[WHOLE_LIFE] > 64 * SECOND);
}

static bool is_power_of_two(uint64_t number)
{
	return number && !(number & (number - 1));
}

/* An edge lies within a bin: what is below it is not counted as what is above. */
static void a_value_beside_an_edge_is_on_its_side(void **state)
{
	static const uint64_t values_us[] = {4997279, 4999999, 5000001, 5002000, 9999999, 10000001};
	struct histogram_scale scale;

	(void)state;
	histogram_scale_life(&scale, 60 * SECOND);
	for (size_t i = 0; i < COUNT(values_us); i++)
		check(bucket_of(values_us[i] * US, &scale) == values_us[i] / 5000000,
		      "%llu us is not between its edges", (unsigned long long)values_us[i]);
}

static void check_log2(const struct histogram *histogram, uint64_t lowest_ns, uint32_t edges)
{
	uint64_t counts[HISTOGRAM_EDGES + 1];
	struct histogram_scale scale;

	histogram_scale_log2(&scale, histogram, lowest_ns, edges);
	check(scale.edges >= 1 && scale.edges <= edges, "%u edges for %u from %llu to %llu",
	      scale.edges, edges, (unsigned long long)histogram->min_ns,
	      (unsigned long long)histogram->max_ns);
	for (uint32_t i = 0; i < scale.edges; i++) {
		assert_true(scale.edges_ns[i] % US == 0);
		assert_true(is_power_of_two(scale.edges_ns[i] / US));
		assert_true(i == 0 || scale.edges_ns[i] > scale.edges_ns[i - 1]);
	}
	assert_true(scale.edges_ns[0] > lowest_ns);
	histogram_buckets(histogram, &scale, counts);
	assert_true(counts[scale.edges] == 0); /* none is beyond */
}

static void log2_edges_are_powers_of_two_and_not_too_many(void **state)
{
	(void)state;
	for (unsigned int low = 0; low < 38; low++)
		for (unsigned int high = low; high < 38; high++) {
			struct histogram histogram = {0};

			histogram_add(&histogram, (1ULL << low) * US);
			histogram_add(&histogram, (1ULL << high) * US);
			for (uint32_t edges = 2; edges <= HISTOGRAM_EDGES; edges++) {
				check_log2(&histogram, 0, edges);
				check_log2(&histogram, 10 * MS, edges);
			}
			histogram_free(&histogram);
		}
}

static void a_value_is_below_its_log2_edge(void **state)
{
	static const struct {
		uint64_t ns;
		uint64_t edge_ns;
	} cases[] = {
		{0, US},
		{US, 2 * US},
		{3 * US, 4 * US},
		{4 * US, 8 * US},
		{1023 * US, 1024 * US},
		{1024 * US, 2048 * US},
		{5 * MS, 8192 * US},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct histogram histogram = {0};
		struct histogram_scale scale;

		histogram_add(&histogram, 0);
		histogram_add(&histogram, SECOND);
		histogram_scale_log2(&scale, &histogram, 0, HISTOGRAM_EDGES);
		check(scale.edges_ns[bucket_of(cases[i].ns, &scale)] == cases[i].edge_ns, "%llu",
		      (unsigned long long)cases[i].ns);
		histogram_free(&histogram);
	}
}

static void what_was_not_measured_so_exactly_is_one_bucket(void **state)
{
	struct histogram histogram = {0};
	struct histogram_scale scale;

	(void)state;
	histogram_add(&histogram, 3 * US);
	histogram_add(&histogram, 40 * MS);
	histogram_scale_log2(&scale, &histogram, 10 * MS, TEXT_EDGES);
	assert_true(scale.edges_ns[0] == 16384 * US);
	assert_int_equal(bucket_of(3 * US, &scale), bucket_of(10 * MS, &scale));
	histogram_free(&histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_empty_one_has_no_figures),
		cmocka_unit_test(one_value_is_exact),
		cmocka_unit_test(percentiles_are_within_four_in_a_thousand),
		cmocka_unit_test(percentiles_never_fall),
		cmocka_unit_test(the_ends_are_the_least_and_the_greatest),
		cmocka_unit_test(the_longest_times_are_counted_and_no_trouble),
		cmocka_unit_test(merging_is_adding_to_one),
		cmocka_unit_test(the_buckets_add_up_to_the_count),
		cmocka_unit_test(a_natural_end_is_a_whole_life),
		cmocka_unit_test(a_life_has_twelve_steps),
		cmocka_unit_test(a_value_beside_an_edge_is_on_its_side),
		cmocka_unit_test(log2_edges_are_powers_of_two_and_not_too_many),
		cmocka_unit_test(a_value_is_below_its_log2_edge),
		cmocka_unit_test(what_was_not_measured_so_exactly_is_one_bucket),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
