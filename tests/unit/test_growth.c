// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>

#include "growth.h"
#include "records.h"
#include "unit.h"

#define BEGIN (1000 * SECOND)

static bool grows_by(const struct growth *growth, uint64_t time_ns, double value, double wanted)
{
	double per_s = NAN;

	return growth_per_s(growth, time_ns, value, &per_s) && fabs(per_s - wanted) < 1e-9;
}

static void nothing_is_known_before_the_second_refresh(void **state)
{
	struct growth growth = {0};
	double per_s;

	(void)state;
	assert_false(growth_per_s(&growth, BEGIN, 5, &per_s));
	growth_add(&growth, BEGIN, 5);
	assert_false(growth_per_s(&growth, BEGIN, 5, &per_s));
	assert_true(grows_by(&growth, BEGIN + 2 * SECOND, 11, 3));
}

static void it_is_the_change_since_the_oldest_refresh(void **state)
{
	struct growth growth = {0};

	(void)state;
	for (unsigned int s = 0; s < 10; s++)
		growth_add(&growth, BEGIN + s * SECOND, s * s);
	assert_true(grows_by(&growth, BEGIN + 10 * SECOND, 100, 10));
	assert_true(grows_by(&growth, BEGIN + 9 * SECOND, 81, 9));
}

static void what_shrinks_grows_by_less_than_nothing(void **state)
{
	struct growth growth = {0};

	(void)state;
	growth_add(&growth, BEGIN, 100);
	assert_true(grows_by(&growth, BEGIN + 4 * SECOND, 0, -25));
}

static void older_than_a_minute_is_forgotten(void **state)
{
	struct growth growth = {0};
	double per_s;

	(void)state;
	growth_add(&growth, BEGIN, 0);
	growth_add(&growth, BEGIN + 50 * SECOND, 100);
	assert_true(grows_by(&growth, BEGIN + 60 * SECOND, 600, 10));
	assert_true(grows_by(&growth, BEGIN + 61 * SECOND, 100, 0));
	assert_true(grows_by(&growth, BEGIN + 60 * SECOND + 1, 100 + 10 * 1e-9, 1e-9));
	assert_false(growth_per_s(&growth, BEGIN + 111 * SECOND, 100, &per_s));
}

/* A refresh a second for ten minutes, and ten a second: always the last minute's. */
static void the_window_slides(void **state)
{
	static const unsigned int per_second[] = {1, 2, 10, 100};

	(void)state;
	for (size_t i = 0; i < COUNT(per_second); i++) {
		struct growth growth = {0};
		uint64_t step = SECOND / per_second[i], time_ns = BEGIN;

		for (unsigned int n = 0; n < 600 * per_second[i]; n++, time_ns += step) {
			double value = 7.0 * (double)(time_ns - BEGIN) / SECOND;
			double per_s = 0;

			if (!n) {
				growth_add(&growth, time_ns, value);
				continue;
			}
			check(growth_per_s(&growth, time_ns, value, &per_s) &&
				      fabs(per_s - 7) < 1e-6,
			      "%u a second, the %u.: %f", per_second[i], n, per_s);
			growth_add(&growth, time_ns, value);
			assert_in_range(growth.count, 1, GROWTH_SAMPLES);
		}
	}
}

/* Many that come at once are one sample: the window holds a minute whatever the interval. */
static void fast_refreshes_do_not_shorten_the_window(void **state)
{
	struct growth growth = {0};

	(void)state;
	growth_add(&growth, BEGIN, 0);
	for (unsigned int n = 1; n < 590; n++)
		growth_add(&growth, BEGIN + n * SECOND / 10, n);
	assert_true(grows_by(&growth, BEGIN + 59 * SECOND, 590, 10));
}

static void rare_refreshes_know_only_their_neighbour(void **state)
{
	struct growth growth = {0};
	double per_s;

	(void)state;
	growth_add(&growth, BEGIN, 1);
	growth_add(&growth, BEGIN + 3600 * SECOND, 5);
	assert_false(growth_per_s(&growth, BEGIN + 7200 * SECOND, 9, &per_s));
	assert_int_equal(growth.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_before_the_second_refresh),
		cmocka_unit_test(it_is_the_change_since_the_oldest_refresh),
		cmocka_unit_test(what_shrinks_grows_by_less_than_nothing),
		cmocka_unit_test(older_than_a_minute_is_forgotten),
		cmocka_unit_test(the_window_slides),
		cmocka_unit_test(fast_refreshes_do_not_shorten_the_window),
		cmocka_unit_test(rare_refreshes_know_only_their_neighbour),
	};

	return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
