// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/close_wait.h"
#include "unit.h"
#include "model/verdict.h"

struct socket_case {
	unsigned int kind;
	unsigned int direction;
	enum verdict verdict;
};

static void each_kind_has_its_verdict(void **state)
{
	static const struct socket_case cases[] = {
		{KIND_UNREAD_DATA, DIRECTION_IN, VERDICT_STALL},
		{KIND_UNREAD_DATA, DIRECTION_OUT, VERDICT_STALL},
		{KIND_FIN_ONLY, DIRECTION_IN, VERDICT_NOT_READING},
		{KIND_FIN_ONLY, DIRECTION_OUT, VERDICT_IDLE_POOL},
		{KIND_FIN_ONLY, DIRECTION_UNKNOWN, VERDICT_IDLE_POOL},
		{KIND_DRAINED, DIRECTION_IN, VERDICT_LEAK},
		{KIND_DRAINED, DIRECTION_UNKNOWN, VERDICT_LEAK},
		{KIND_SENDING, DIRECTION_IN, VERDICT_HALF_CLOSED},
		{KIND_UNACCEPTED, DIRECTION_IN, VERDICT_BACKLOG},
		{KIND_UNKNOWN, DIRECTION_IN, VERDICT_UNKNOWN},
		{KIND_UNKNOWN, DIRECTION_OUT, VERDICT_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(verdict_of_socket(cases[i].kind, cases[i].direction) == cases[i].verdict,
		      "%s, direction %u", close_wait_kind_name(cases[i].kind), cases[i].direction);
}

static void none_at_all_is_transient(void **state)
{
	static const uint32_t none[VERDICTS];

	(void)state;
	assert_int_equal(verdict_of_counts(none), VERDICT_TRANSIENT);
}

struct counts_case {
	uint32_t leaks, stalls, backlog;
	enum verdict verdict;
};

static void eighty_percent_decide(void **state)
{
	static const struct counts_case cases[] = {
		{1, 0, 0, VERDICT_LEAK},
		{4, 1, 0, VERDICT_LEAK},
		{399, 101, 0, VERDICT_MIXED}, /* 79.8 % */
		{400, 100, 0, VERDICT_LEAK},
		{3, 1, 0, VERDICT_MIXED},
		{1, 1, 0, VERDICT_MIXED},
		{1, 9, 0, VERDICT_STALL},
		{1, 1, 8, VERDICT_BACKLOG},
		{1, 1, 1, VERDICT_MIXED},
		{UINT32_MAX, 0, 0, VERDICT_LEAK},
		{UINT32_MAX, UINT32_MAX, UINT32_MAX, VERDICT_MIXED},
		{3435973836U, 858993459U, 0, VERDICT_LEAK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t counts[VERDICTS] = {
			[VERDICT_LEAK] = cases[i].leaks,
			[VERDICT_STALL] = cases[i].stalls,
			[VERDICT_BACKLOG] = cases[i].backlog,
		};

		check(verdict_of_counts(counts) == cases[i].verdict, "%u, %u, %u: %s",
		      cases[i].leaks, cases[i].stalls, cases[i].backlog,
		      verdict_name(verdict_of_counts(counts)));
	}
}

static void names_are_those_of_the_contract(void **state)
{
	static const char *const verdicts[VERDICTS] = {
		"transient", "leak",	    "stall",   "idle_pool", "not_reading",
		"backlog",   "half_closed", "unknown", "mixed",
	};
	static const char *const kinds[KINDS] = {"unread_data", "fin_only",   "drained",
						 "sending",	"unaccepted", "unknown"};

	(void)state;
	for (unsigned int i = 0; i < VERDICTS; i++)
		assert_string_equal(verdict_name((enum verdict)i), verdicts[i]);
	for (unsigned int i = 0; i < KINDS; i++)
		assert_string_equal(close_wait_kind_name(i), kinds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_verdict),
		cmocka_unit_test(none_at_all_is_transient),
		cmocka_unit_test(eighty_percent_decide),
		cmocka_unit_test(names_are_those_of_the_contract),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
