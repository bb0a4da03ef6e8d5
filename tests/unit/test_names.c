// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>

#include "model/audit.h"
#include "record/names.h"
#include "record.h"
#include "unit.h"

static const char *const states[] = {"ESTABLISHED", "SYN_SENT",	 "SYN_RECV", "FIN_WAIT1",
				     "FIN_WAIT2",   "TIME_WAIT", "CLOSE",    "CLOSE_WAIT",
				     "LAST_ACK",    "LISTEN",	 "CLOSING"};

static void states_have_the_kernels_names(void **state)
{
	(void)state;
	assert_int_equal(COUNT(states), TCP_STATES - 1);
	for (unsigned int i = 0; i < COUNT(states); i++)
		assert_string_equal(tcp_state_name(i + 1), states[i]);
}

static void a_number_that_is_no_state_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(tcp_state_name(0), "UNKNOWN");
	assert_string_equal(tcp_state_name(TCP_STATES), "UNKNOWN");
	assert_string_equal(tcp_state_name(UINT32_MAX), "UNKNOWN");
}

static void a_state_is_found_by_its_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(states); i++) {
		unsigned int number = 0;

		assert_true(tcp_state_parse(states[i], &number));
		assert_int_equal(number, i + 1);
	}
}

static void case_and_dashes_do_not_matter(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(states); i++) {
		unsigned int number = 0;
		char name[16] = "";

		for (size_t at = 0; states[i][at]; at++)
			name[at] = states[i][at] == '_' ? '-' : (char)tolower(states[i][at]);
		check(tcp_state_parse(name, &number) && number == i + 1, "%s", name);
	}
}

static void what_is_no_name_is_no_state(void **state)
{
	static const char *const wrong[] = {
		"",	      "UNKNOWN",    "TIME",	"TIME_WAI",	"TIME_WAITS", "TIME WAIT",
		" TIME_WAIT", "TIME_WAIT ", "TIMEWAIT", "SYN-RECEIVED", "6",	      "FIN_WAIT"};
	unsigned int number;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(!tcp_state_parse(wrong[i], &number), "\"%s\" is taken", wrong[i]);
}

static void evidence_is_named_as_in_the_contract(void **state)
{
	(void)state;
	assert_null(owner_by_name(OWNER_NONE));
	assert_string_equal(owner_by_name(OWNER_LISTEN), "listen");
	assert_string_equal(owner_by_name(OWNER_CLOSE), "close");
	assert_string_equal(owner_by_name(OWNER_HOLDER), "holder");
	assert_string_equal(owner_by_name(OWNER_ACCEPT), "accept");
	assert_string_equal(owner_by_name(OWNER_CONNECT), "connect");
	assert_null(owner_by_name(OWNER_EVIDENCES));
}

static void end_reasons_are_named_as_in_the_contract(void **state)
{
	(void)state;
	assert_null(end_reason_name(END_NONE));
	assert_string_equal(end_reason_name(END_EXPIRED), "expired");
	assert_string_equal(end_reason_name(END_REUSED), "reused");
	assert_string_equal(end_reason_name(END_SYN), "syn");
	assert_string_equal(end_reason_name(END_RESET), "reset");
	assert_string_equal(end_reason_name(END_DESTROYED), "destroyed");
	assert_string_equal(end_reason_name(END_UNKNOWN), "unknown");
	assert_null(end_reason_name(END_REARMED));
	assert_null(end_reason_name(END_REASONS));
}

static void directions_are_named_as_in_the_contract(void **state)
{
	(void)state;
	assert_string_equal(direction_name(DIRECTION_UNKNOWN), "unknown");
	assert_string_equal(direction_name(DIRECTION_OUT), "out");
	assert_string_equal(direction_name(DIRECTION_IN), "in");
	assert_string_equal(direction_name(DIRECTIONS), "unknown");
}

static void counters_have_the_names_of_the_kernel(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNTERS; i++)
		assert_non_null(counter_name(i));
	assert_string_equal(counter_name(COUNTER_TIME_WAIT_OVERFLOW), "TCPTimeWaitOverflow");
	assert_string_equal(counter_name(COUNTER_MINISOCKETS), "tw");
}

static void each_explanation_has_a_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < AUDIT_WHYS; i++)
		assert_non_null(audit_why_name(i));
	assert_string_equal(audit_why_name(AUDIT_PREDATES), "predates");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_have_the_kernels_names),
		cmocka_unit_test(a_number_that_is_no_state_is_unknown),
		cmocka_unit_test(a_state_is_found_by_its_name),
		cmocka_unit_test(case_and_dashes_do_not_matter),
		cmocka_unit_test(what_is_no_name_is_no_state),
		cmocka_unit_test(evidence_is_named_as_in_the_contract),
		cmocka_unit_test(end_reasons_are_named_as_in_the_contract),
		cmocka_unit_test(directions_are_named_as_in_the_contract),
		cmocka_unit_test(counters_have_the_names_of_the_kernel),
		cmocka_unit_test(each_explanation_has_a_name),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
