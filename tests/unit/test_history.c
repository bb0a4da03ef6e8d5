// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "unit.h"
#include "view/history.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct history));
	history_init(*state, HISTORY_GAUGE);
	return 0;
}

static int teardown(void **state)
{
	history_free(*state);
	free(*state);
	return 0;
}

#define history_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void check_line(const struct history_lines *lines, size_t i, const char *name,
		       double greatest)
{
	check(i < lines->count, "no line %zu", i);
	assert_string_equal(lines->items[i].name, name);
	check(lines->items[i].greatest == greatest, "%s: %f, not %f", name,
	      lines->items[i].greatest, greatest);
}

static void test_what_is_not_named_is_0(void **state)
{
	struct history *history = *state;

	history_add(history, "a", "a", 3);
	history_refresh(history, 1);
	history_refresh(history, 2);
	history_add(history, "a", "a", 4);
	history_add(history, "a", "a", 1);
	history_refresh(history, 3);
	assert_int_equal(history->points, 3);
	check(history_values(history, "a")[0] == 3, "the first");
	check(history_values(history, "a")[1] == 0, "nothing");
	check(history_values(history, "a")[2] == 5, "the sum of two");
	assert_null(history_values(history, "b"));
}

static void fill(struct history *history, size_t refreshes)
{
	for (size_t i = 0; i < refreshes; i++) {
		history_add(history, "a", "a", (double)(i + 1));
		history_add(history, "b", "b", 1);
		history_refresh(history, i + 1);
	}
}

static void test_all_of_the_time_stays_in_bounded_memory(void **state)
{
	struct history *history = *state;

	fill(history, 100000);
	check(history->points <= HISTORY_POINTS && history->points > HISTORY_POINTS / 2,
	      "%zu points", history->points);
	assert_int_equal(history->times_ns[history->points - 1], 100000);
	check(history->times_ns[0] <= 100000 / (HISTORY_POINTS / 2), "from the beginning");
	check(history_values(history, "a")[history->points - 1] == 100000, "the greatest stays");
	check(history_values(history, "b")[0] == 1, "a gauge is not summed");
	check(history->total.values[history->points - 1] == 100001, "and so is the total");
}

static void test_counts_are_summed(void **state)
{
	struct history *history = *state;
	double sum = 0;

	history_init(history, HISTORY_COUNT);
	fill(history, 5000);
	for (size_t i = 0; i < history->points; i++)
		sum += history_values(history, "b")[i];
	check(sum == 5000, "%f of 5000", sum);
}

static void test_few_lines_are_shown_as_they_are(void **state)
{
	struct history *history = *state;
	struct history_lines lines;

	history_add(history, "nginx[1]", "nginx", 3);
	history_add(history, "nginx[2]", "nginx", 5);
	history_add(history, "none[3]", "none", 0);
	history_refresh(history, 1);
	lines = history_lines(history, 2);
	assert_int_equal(lines.count, 2);
	check_line(&lines, 0, "nginx[2]", 5);
	check_line(&lines, 1, "nginx[1]", 3);
	history_lines_free(&lines);
}

static void test_many_are_shown_by_group_then_as_others(void **state)
{
	struct history *history = *state;
	struct history_lines lines;
	char name[32];

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "cron[%d]", i);
		history_add(history, name, "cron", 2);
	}
	history_add(history, "a[1]", "a", 15);
	history_add(history, "b[1]", "b", 3);
	history_add(history, "c[1]", "c", 1);
	history_refresh(history, 1);
	lines = history_lines(history, 3);
	assert_int_equal(lines.count, 3);
	check_line(&lines, 0, "cron", 20);
	check_line(&lines, 1, "a[1]", 15);
	check_line(&lines, 2, HISTORY_OTHERS, 4);
	assert_int_equal(lines.items[0].figures, 10);
	assert_int_equal(lines.items[2].figures, 2);
	history_lines_free(&lines);
}

static void test_more_series_than_fit_are_told_by_their_group(void **state)
{
	struct history *history = *state;
	struct history_lines lines;
	char name[32], group[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "p%d[%d]", i % 1000, i);
		snprintf(group, sizeof(group), "p%d", i % 1000);
		history_add(history, name, group, 1);
	}
	history_refresh(history, 1);
	check(history->count <= HISTORY_SERIES + HISTORY_GROUPS + 1, "%zu series", history->count);
	check(history->total.values[0] == 10000, "none is lost");
	lines = history_lines(history, 4);
	assert_int_equal(lines.count, 4);
	double sum = 0;
	for (size_t i = 0; i < lines.count; i++)
		sum += lines.items[i].values[0];
	check(sum == 10000, "%f of 10000", sum);
	history_lines_free(&lines);
}

static void test_the_greatest_together_and_when(void **state)
{
	struct history *history = *state;
	uint64_t time_ns = 0;

	check(history_greatest(history, &time_ns) == 0, "nothing yet");
	fill(history, 7);
	history_refresh(history, 8);
	check(history_greatest(history, &time_ns) == 8, "a and b");
	assert_int_equal(time_ns, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		history_test(test_what_is_not_named_is_0),
		history_test(test_all_of_the_time_stays_in_bounded_memory),
		history_test(test_counts_are_summed),
		history_test(test_few_lines_are_shown_as_they_are),
		history_test(test_many_are_shown_by_group_then_as_others),
		history_test(test_more_series_than_fit_are_told_by_their_group),
		history_test(test_the_greatest_together_and_when),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
