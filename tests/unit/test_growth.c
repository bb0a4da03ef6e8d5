// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>

#include "view/growth.h"
#include "records.h"
#include "unit.h"

#define BEGIN (1000 * SECOND)

/* A figure, and the refreshes at which it is looked at. */
struct figure {
	struct growth_clock clock;
	struct growth growth;
};

static int setup(void **state)
{
	static struct figure figure;

	figure = (struct figure){0};
	*state = &figure;
	return 0;
}

static int teardown(void **state)
{
	growth_free(&((struct figure *)*state)->growth);
	return 0;
}

static void refresh(struct figure *figure, uint64_t time_ns, double value)
{
	growth_tick(&figure->clock, time_ns);
	growth_add(&figure->growth, &figure->clock, value);
}

static bool is_known(const struct figure *figure, uint64_t time_ns)
{
	double per_s;

	return growth_per_s(&figure->growth, &figure->clock, time_ns, 0, &per_s);
}

static bool grows_by(const struct figure *figure, uint64_t time_ns, double value, double wanted)
{
	double per_s = NAN;

	return growth_per_s(&figure->growth, &figure->clock, time_ns, value, &per_s) &&
	       fabs(per_s - wanted) < 1e-9;
}

static void nothing_is_known_before_the_second_refresh(void **state)
{
	struct figure *figure = *state;

	assert_false(is_known(figure, BEGIN));
	refresh(figure, BEGIN, 5);
	assert_false(is_known(figure, BEGIN));
	assert_true(grows_by(figure, BEGIN + 2 * SECOND, 11, 3));
}

static void it_is_the_change_since_the_oldest_refresh(void **state)
{
	struct figure *figure = *state;

	for (unsigned int s = 0; s < 10; s++)
		refresh(figure, BEGIN + s * SECOND, s * s);
	assert_true(grows_by(figure, BEGIN + 10 * SECOND, 100, 10));
	assert_true(grows_by(figure, BEGIN + 9 * SECOND, 81, 9));
}

static void what_shrinks_grows_by_less_than_nothing(void **state)
{
	struct figure *figure = *state;

	refresh(figure, BEGIN, 100);
	assert_true(grows_by(figure, BEGIN + 4 * SECOND, 0, -25));
}

static void older_than_a_minute_is_forgotten(void **state)
{
	struct figure *figure = *state;

	refresh(figure, BEGIN, 0);
	refresh(figure, BEGIN + 50 * SECOND, 100);
	assert_true(grows_by(figure, BEGIN + 60 * SECOND, 600, 10));
	assert_true(grows_by(figure, BEGIN + 61 * SECOND, 100, 0));
	assert_true(grows_by(figure, BEGIN + 60 * SECOND + 1, 100 + 10 * 1e-9, 1e-9));
	assert_false(is_known(figure, BEGIN + 111 * SECOND));
}

/* A refresh a second for ten minutes, and ten a second: always the last minute's. */
static void the_window_slides(void **state)
{
	static const unsigned int per_second[] = {1, 2, 10, 100};
	struct figure *figure = *state;

	for (size_t i = 0; i < COUNT(per_second); i++) {
		uint64_t step = SECOND / per_second[i], time_ns = BEGIN;

		teardown(state);
		setup(state);
		for (unsigned int n = 0; n < 600 * per_second[i]; n++, time_ns += step) {
			double value = 7.0 * (double)(time_ns - BEGIN) / SECOND;

			check(!n || grows_by(figure, time_ns, value, 7) ||
				      grows_by(figure, time_ns, value + 1e-7, 7),
			      "%u a second, the %u.", per_second[i], n);
			refresh(figure, time_ns, value);
			assert_in_range(figure->growth.count, 1, GROWTH_REFRESHES);
		}
	}
}

/* Many that come at once are one sample: the window holds a minute whatever the interval. */
static void fast_refreshes_do_not_shorten_the_window(void **state)
{
	struct figure *figure = *state;

	refresh(figure, BEGIN, 0);
	for (unsigned int n = 1; n < 590; n++)
		refresh(figure, BEGIN + n * SECOND / 10, n);
	assert_true(grows_by(figure, BEGIN + 59 * SECOND, 590, 10));
}

static void rare_refreshes_know_only_their_neighbour(void **state)
{
	struct figure *figure = *state;

	refresh(figure, BEGIN, 1);
	refresh(figure, BEGIN + 3600 * SECOND, 5);
	assert_false(is_known(figure, BEGIN + 7200 * SECOND));
	assert_in_range(figure->growth.count, 1, 2);
}

/* As where the last refresh follows one that was due at the same time. */
static void of_two_refreshes_at_once_nothing_is_known(void **state)
{
	struct figure *figure = *state;

	refresh(figure, BEGIN, 5);
	refresh(figure, BEGIN + 66 * SECOND, 5);
	assert_false(grows_by(figure, BEGIN + 66 * SECOND + SECOND / 1000, 6, 1000));
	assert_false(is_known(figure, BEGIN + 66 * SECOND + SECOND / 1000));
}

static void what_begins_was_nothing_at_the_refresh_before(void **state)
{
	struct figure *figure = *state;

	for (unsigned int s = 0; s < 5; s++)
		growth_tick(&figure->clock, BEGIN + s * SECOND);
	/* one that the clock did not keep */
	growth_begin(&figure->growth, BEGIN + 4500 * SECOND / 1000);
	assert_true(grows_by(figure, BEGIN + 6 * SECOND, 6, 4));
	refresh(figure, BEGIN + 6 * SECOND, 6);
	assert_true(grows_by(figure, BEGIN + 12 * SECOND, 15, 2));
	assert_true(grows_by(figure, BEGIN + 66 * SECOND, 66, 1));
}

/* At a refresh too soon after the last for the clock to keep. */
static void what_is_first_known_between_is_known_from_then_on(void **state)
{
	struct figure *figure = *state;

	growth_tick(&figure->clock, BEGIN);
	refresh(figure, BEGIN + SECOND / 5, 5);
	assert_false(is_known(figure, BEGIN + SECOND / 5));
	assert_true(grows_by(figure, BEGIN + SECOND * 6 / 5, 8, 3));
}

static void what_begins_before_the_first_refresh_is_known_from_that_on(void **state)
{
	struct figure *figure = *state;

	growth_begin(&figure->growth, 0);
	refresh(figure, BEGIN, 3);
	assert_false(is_known(figure, BEGIN));
	assert_true(grows_by(figure, BEGIN + SECOND, 4, 1));
}

/* A row that nothing happens to takes a place, however long. */
static void what_does_not_change_takes_no_memory(void **state)
{
	struct figure *figure = *state;

	for (unsigned int s = 0; s < 100; s++)
		refresh(figure, BEGIN + s * SECOND, s);
	assert_in_range(figure->growth.count, 60, GROWTH_REFRESHES);
	for (unsigned int s = 100; s < 200; s++)
		refresh(figure, BEGIN + s * SECOND, 99);
	assert_int_equal(figure->growth.count, 1);
	assert_in_range(figure->growth.capacity, 1, 3);
	assert_true(grows_by(figure, BEGIN + 200 * SECOND, 99, 0));
	assert_true(grows_by(figure, BEGIN + 200 * SECOND, 699, 10));
}

#define growth_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		growth_test(nothing_is_known_before_the_second_refresh),
		growth_test(it_is_the_change_since_the_oldest_refresh),
		growth_test(what_shrinks_grows_by_less_than_nothing),
		growth_test(older_than_a_minute_is_forgotten),
		growth_test(the_window_slides),
		growth_test(fast_refreshes_do_not_shorten_the_window),
		growth_test(rare_refreshes_know_only_their_neighbour),
		growth_test(of_two_refreshes_at_once_nothing_is_known),
		growth_test(what_begins_was_nothing_at_the_refresh_before),
		growth_test(what_is_first_known_between_is_known_from_then_on),
		growth_test(what_begins_before_the_first_refresh_is_known_from_that_on),
		growth_test(what_does_not_change_takes_no_memory),
	};

	return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
