// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>

#include "model/began.h"
#include "records.h"
#include "unit.h"

#define NOW (10000 * SECOND)

/* Of sockets that began so many seconds ago. */
static struct began began_of(const unsigned int *ages_s, size_t count)
{
	struct began began = {0};

	for (size_t i = 0; i < count; i++)
		began_note(&began, NOW - ages_s[i] * SECOND);
	for (size_t i = 0; i < count; i++)
		began_count(&began, NOW - ages_s[i] * SECOND, NOW);
	return began;
}

/* One each `every` seconds, the oldest `oldest` ago. */
static struct began began_each(unsigned int oldest, unsigned int every)
{
	unsigned int ages_s[1000];
	size_t count = 0;

	for (unsigned int age = oldest; count < COUNT(ages_s) && age <= oldest; age -= every)
		ages_s[count++] = age;
	return began_of(ages_s, count);
}

static void spans_are_equal_from_the_oldest_until_now(void **state)
{
	static const unsigned int ages_s[] = {120, 111, 110, 109, 60, 0, 0};
	static const unsigned int counts[BEGAN_SPANS] = {2, 2, [6] = 1, [11] = 2};
	struct began began = began_of(ages_s, COUNT(ages_s));

	(void)state;
	assert_int_equal(began.count, COUNT(ages_s));
	assert_true(began.from_ns == NOW - 120 * SECOND);
	for (unsigned int i = 0; i < BEGAN_SPANS; i++) {
		check(began.counts[i] == counts[i], "span %u: %u", i, began.counts[i]);
		assert_true(began_span_ns(&began, NOW, i) == NOW - (120 - 10 * i) * SECOND);
	}
	assert_true(began_span_ns(&began, NOW, BEGAN_SPANS) == NOW);
	assert_int_equal(began.recent, 3);
}

static void what_begins_now_or_later_is_in_the_last(void **state)
{
	struct began began = {0};

	(void)state;
	began_note(&began, NOW);
	began_count(&began, NOW, NOW);
	assert_int_equal(began.counts[BEGAN_SPANS - 1], 1);
	began = (struct began){0};
	began_note(&began, NOW + SECOND);
	began_count(&began, NOW + SECOND, NOW);
	assert_int_equal(began.counts[BEGAN_SPANS - 1], 1);
	assert_true(began_span_ns(&began, NOW, 3) == NOW + SECOND);
}

static bool grows_by(struct began began, double expected)
{
	double per_s;

	return began_growth(&began, NOW, &per_s) && fabs(per_s - expected) < 1e-9;
}

static void growth_is_of_the_last_minute_or_since_the_oldest(void **state)
{
	static const unsigned int bursts[] = {500, 500, 500, 200, 200, 1};
	double per_s;
	struct began few = began_of(bursts, COUNT(bursts)), none = {0};

	(void)state;
	assert_true(grows_by(began_each(600, 2), 31 / 60.0));
	assert_true(grows_by(began_each(24, 1), 25 / 24.0));
	assert_true(grows_by(began_each(10000, 100), 1 / 60.0)); /* it has slowed down */
	assert_false(began_growth(&few, NOW, &per_s));
	assert_false(began_growth(&none, NOW, &per_s));
}

struct rise_case {
	const char *what;
	unsigned int oldest_s, every_s, skipped_s; /* none of the last so many */
	bool rises;
};

static void what_began_steadily_until_now_rises(void **state)
{
	static const struct rise_case cases[] = {
		{"two a second would not fit", 500, 1, 0, true},
		{"each 5 s", 120, 5, 0, true},
		{"one a minute", 720, 60, 0, true},
		{"one in 61 s", 1220, 61, 0, true}, /* the first one makes up for it */
		{"one in two minutes", 3600, 120, 0, false},
		{"none of late", 600, 5, 60, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct began began = began_each(cases[i].oldest_s, cases[i].every_s);

		if (cases[i].skipped_s) {
			began.count -= began.counts[BEGAN_SPANS - 1];
			began.counts[BEGAN_SPANS - 1] = 0;
		}
		check(began_rises(&began, NOW) == cases[i].rises, "%s", cases[i].what);
	}
}

static void nine_of_twelve_spans_are_steady(void **state)
{
	struct began began = began_each(600, 5);

	(void)state;
	for (unsigned int i = 1; i <= 3; i++)
		began.counts[i] = 0;
	assert_true(began_rises(&began, NOW));
	began.counts[4] = 0;
	assert_false(began_rises(&began, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_equal_from_the_oldest_until_now),
		cmocka_unit_test(what_begins_now_or_later_is_in_the_last),
		cmocka_unit_test(growth_is_of_the_last_minute_or_since_the_oldest),
		cmocka_unit_test(what_began_steadily_until_now_rises),
		cmocka_unit_test(nine_of_twelve_spans_are_steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
