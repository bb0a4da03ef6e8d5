// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/moment.h"
#include "cli/parse.h"
#include "unit.h"

#define SECOND 1000000000ULL

static void test_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-28T09:40:00Z", 1795858800 * SECOND},
		{"2026-11-28T17:40:00+08:00", 1795858800 * SECOND},
		{"2026-11-28T09:10:00-00:30", 1795858800 * SECOND},
		{"2026-11-28t09:40:00.5z", 1795858800 * SECOND + SECOND / 2},
		{"2026-11-28T09:40:00.000000001Z", 1795858800 * SECOND + 1},
		{"2028-02-29T00:00:00Z", 1835395200 * SECOND},
	};
	struct moment moment;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		check(!parse_moment(cases[i].text, &moment), "%s is refused", cases[i].text);
		check(moment.given && !moment.relative && moment.ns == cases[i].ns, "%s: %llu",
		      cases[i].text, (unsigned long long)moment.ns);
	}
}

static void test_seconds_from_the_beginning(void **state)
{
	struct moment moment;

	(void)state;
	assert_null(parse_moment("+0", &moment));
	assert_true(moment.given && moment.relative && moment.ns == 0);
	assert_null(parse_moment("+12.5", &moment));
	assert_true(moment.relative && moment.ns == 25 * SECOND / 2);
}

static void test_what_is_no_time_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"now",
		"12",
		"+",
		"+1s",
		"+-1",
		"2026-11-28",
		"2026-11-28T09:40:00",
		"2026-11-28T09:40Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-02-30T00:00:00Z",
		"2027-02-29T00:00:00Z",
		"2026-11-28T24:00:00Z",
		"2026-11-28T09:60:00Z",
		"2026-11-28T09:40:00.Z",
		"2026-11-28T09:40:00+8",
		"2026-11-28T09:40:00+08:60",
		"2026-11-28T09:40:00Zx",
		"1960-01-01T00:00:00Z",
	};
	struct moment moment;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_moment(wrong[i], &moment) != NULL, "'%s' is taken", wrong[i]);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{"1", 1}, {"100000", 100000}, {"64K", 65536}, {"3M", 3 << 20}, {"2G", 2ULL << 30}};
	static const char *const wrong[] = {"", "0", "K", "-1", "1T", "1KB", "1.5M", "99999999999"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(!parse_size(cases[i].text, &bytes) && bytes == cases[i].bytes, "%s",
		      cases[i].text);
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_size(wrong[i], &bytes) != NULL, "'%s' is taken", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_seconds_from_the_beginning),
		cmocka_unit_test(test_what_is_no_time_is_refused),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
