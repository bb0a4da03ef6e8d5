// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether a connection of a process does not get rid of its data. */
#include "model/sending.h"
#include "records.h"
#include "unit.h"

#define REMEMBERED 64

static void answer(struct sending **sending, uint64_t first, unsigned int count)
{
	struct record_sending record = sending_of(SECOND, 7, 0);

	sending_apply(sending, &record);
	for (unsigned int i = 0; i < count; i++) {
		record = sending_of(SECOND, 7, first + i);
		sending_apply(sending, &record);
	}
}

static void one_answer_is_none(void **state)
{
	struct sending *sending = NULL;

	(void)state;
	assert_int_equal(sending_blocked(NULL), BLOCKED_UNKNOWN);
	answer(&sending, 1, 2);
	assert_int_equal(sending_blocked(sending), BLOCKED_UNKNOWN);
	sending_free(sending);
}

static void the_same_one_twice_is_blocked(void **state)
{
	struct sending *sending = NULL;

	(void)state;
	answer(&sending, 1, 2);
	answer(&sending, 2, 2);
	assert_int_equal(sending_blocked(sending), BLOCKED_YES);
	answer(&sending, 9, 1);
	assert_int_equal(sending_blocked(sending), BLOCKED_NO);
	answer(&sending, 0, 0);
	assert_int_equal(sending_blocked(sending), BLOCKED_NO);
	sending_free(sending);
}

static void of_too_many_nothing_is_said(void **state)
{
	struct sending *sending = NULL;

	(void)state;
	answer(&sending, 1000, REMEMBERED + 1);
	answer(&sending, 1000 + REMEMBERED, 1);
	assert_int_equal(sending_blocked(sending), BLOCKED_UNKNOWN);
	answer(&sending, 5000, REMEMBERED);
	assert_int_equal(sending_blocked(sending), BLOCKED_NO);
	sending_free(sending);
}

static void what_has_no_beginning_is_passed_over(void **state)
{
	struct record_sending record = sending_of(SECOND, 7, 5);
	struct sending *sending = NULL;

	(void)state;
	sending_apply(&sending, &record);
	assert_null(sending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_answer_is_none),
		cmocka_unit_test(the_same_one_twice_is_blocked),
		cmocka_unit_test(of_too_many_nothing_is_said),
		cmocka_unit_test(what_has_no_beginning_is_passed_over),
	};

	return cmocka_run_group_tests_name("sending", tests, NULL, NULL);
}
