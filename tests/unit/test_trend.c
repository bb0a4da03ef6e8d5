// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/trend.h"
#include "records.h"
#include "unit.h"

#define BEGIN (1000 * SECOND)

/* A count by the second, of `n` seconds; each tick a little late, as refreshes are. */
static bool rises(unsigned int n, uint32_t (*count_at)(unsigned int second))
{
	uint64_t time_ns = BEGIN;
	struct trend trend = {0};
	bool rises;

	for (unsigned int second = 0; second <= n; second++) {
		time_ns = BEGIN + second * SECOND + second % 7 * (SECOND / 100);
		trend_add(&trend, time_ns, count_at(second));
	}
	rises = trend_rises(&trend, time_ns);
	trend_free(&trend);
	return rises;
}

static uint32_t steady(unsigned int second)
{
	return 2 * second;
}

static uint32_t slow(unsigned int second) /* one in 50 s */
{
	return second / 50;
}

static uint32_t slower(unsigned int second) /* one in 70 s */
{
	return second / 70;
}

static uint32_t one_in_5_s(unsigned int second)
{
	return second / 5;
}

static uint32_t bursts(unsigned int second) /* a pool of 30 that fills at once, now and then */
{
	return second / 120 * 30;
}

static uint32_t same(unsigned int second)
{
	(void)second;
	return 40;
}

static uint32_t falling(unsigned int second)
{
	return 5000 - second;
}

static uint32_t sawtooth(unsigned int second) /* goes up, and down as it is reused */
{
	return second % 10;
}

static uint32_t levelled(unsigned int second) /* it grew for the first half only */
{
	return second < 400 ? second : 400;
}

static uint32_t at_last(unsigned int second) /* and here it does for the last ten minutes */
{
	return second < 3000 ? 100 : second - 2900;
}

struct trend_case {
	const char *what;
	uint32_t (*count_at)(unsigned int second);
	unsigned int seconds;
	bool rises;
};

static void what_rises_steadily_is_told_from_what_does_not(void **state)
{
	static const struct trend_case cases[] = {
		{"two a second", steady, 61, true},
		{"for ten minutes", steady, 600, true},
		{"for long", steady, 5000, true},
		{"not watched long enough", steady, 59, false},
		{"one in 5 s", one_in_5_s, 61, true},
		{"one in 50 s", slow, 600, true},
		{"one in 50 s, and no span of ten sees one", slow, 61, false},
		{"one in 70 s is less than one a minute", slower, 1200, false},
		{"by bursts", bursts, 600, false},
		{"not at all", same, 600, false},
		{"it falls", falling, 600, false},
		{"up and down", sawtooth, 65, false},
		{"it did, and does no more", levelled, 800, false},
		{"it does of late", at_last, 3600, true},
		{"only just", at_last, 3100, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(rises(cases[i].seconds, cases[i].count_at) == cases[i].rises, "%s",
		      cases[i].what);
}

/* Nine spans of twelve: a pause of a quarter is one, a longer one is none. */
static uint32_t pauses_for(unsigned int second, unsigned int pause)
{
	return second < 120 ? second : second < 120 + pause ? 120 : second - pause;
}

static uint32_t pauses_150(unsigned int second)
{
	return pauses_for(second, 150);
}

static uint32_t pauses_260(unsigned int second)
{
	return pauses_for(second, 260);
}

static void a_quarter_may_be_a_pause(void **state)
{
	(void)state;
	assert_true(rises(600, pauses_150));
	assert_false(rises(600, pauses_260));
}

static void it_is_known_after_a_minute(void **state)
{
	struct trend trend = {0};

	(void)state;
	assert_false(trend_is_known(&trend, BEGIN));
	for (unsigned int second = 0; second < 60; second++) {
		trend_add(&trend, BEGIN + second * SECOND, 5);
		assert_false(trend_is_known(&trend, BEGIN + second * SECOND));
	}
	trend_add(&trend, BEGIN + 60 * SECOND - 1, 5);
	assert_false(trend_is_known(&trend, BEGIN + 60 * SECOND - 1));
	trend_add(&trend, BEGIN + 60 * SECOND, 5);
	assert_true(trend_is_known(&trend, BEGIN + 60 * SECOND));
	trend_free(&trend);
}

/* Ten looks at nine rises: who looks less often cannot say. */
static bool is_known_by_looks(unsigned int looks, unsigned int every)
{
	struct trend trend = {0};
	bool known;

	for (unsigned int i = 0; i < looks; i++)
		trend_add(&trend, BEGIN + i * every * SECOND, i);
	known = trend_is_known(&trend, BEGIN + (looks - 1) * every * SECOND);
	trend_free(&trend);
	return known;
}

static void who_looks_too_seldom_does_not_know(void **state)
{
	(void)state;
	assert_false(is_known_by_looks(2, 66));
	assert_false(is_known_by_looks(9, 10));
	assert_true(is_known_by_looks(10, 10));
	assert_true(is_known_by_looks(100, 55));
	assert_false(is_known_by_looks(100, 70));
}

static void its_memory_is_bounded(void **state)
{
	struct trend trend = {0};

	(void)state;
	for (unsigned int second = 0; second < 100000; second++)
		trend_add(&trend, BEGIN + second * SECOND, second);
	assert_true(trend.capacity <= 256);
	for (unsigned int second = 100000; second < 101000; second++)
		trend_add(&trend, BEGIN + second * SECOND, 7);
	assert_true(trend.step_count <= 2);
	trend_free(&trend);
}

static void a_time_that_goes_back_is_passed_over(void **state)
{
	struct trend trend = {0};

	(void)state;
	trend_add(&trend, BEGIN, 5);
	trend_add(&trend, BEGIN - SECOND, 9);
	assert_int_equal(trend.step_count, 1);
	assert_int_equal(trend.steps[0].count, 5);
	assert_false(trend_rises(&trend, BEGIN - SECOND));
	trend_free(&trend);
}

static void one_a_minute_is_enough(void **state)
{
	(void)state;
	assert_true(trend_is_enough(1, 60 * SECOND));
	assert_false(trend_is_enough(1, 60 * SECOND + 1));
	assert_true(trend_is_enough(10, 600 * SECOND));
	assert_false(trend_is_enough(9, 600 * SECOND));
	assert_false(trend_is_enough(0, 0));
	assert_true(trend_is_enough(1, SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rises_steadily_is_told_from_what_does_not),
		cmocka_unit_test(a_quarter_may_be_a_pause),
		cmocka_unit_test(it_is_known_after_a_minute),
		cmocka_unit_test(who_looks_too_seldom_does_not_know),
		cmocka_unit_test(its_memory_is_bounded),
		cmocka_unit_test(a_time_that_goes_back_is_passed_over),
		cmocka_unit_test(one_a_minute_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
