// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live/selftest.h"

#include <errno.h>
#include <unistd.h>

#include "source/live/hooks.h"
#include "source/live/kernel.h"
#include "base/macros.h"
#include "unit.h"

#define ALL (BIT(FUNCTIONS) - 1)

/* What a kernel lacks is tried all the same, and refused. */
static void a_function_that_is_refused_stands_for_itself(void **state)
{
	struct selftest selftest;
	struct refusal refusal;
	struct kernel kernel;

	(void)state;
	if (geteuid() != 0 || !kernel_examine(&kernel, &refusal))
		skip();
	selftest_run(&selftest, ALL, ALL);
	for (int i = 0; i < FUNCTIONS; i++) {
		bool there = kernel.functions & BIT(i);

		check(there == (selftest.errors[i] != ESRCH), "%s: %s, errno %d", function_name(i),
		      function_state_name(selftest.states[i]), selftest.errors[i]);
		check((selftest.states[i] == FUNCTION_REFUSED) == (selftest.errors[i] != 0),
		      "%s: %s, errno %d", function_name(i), function_state_name(selftest.states[i]),
		      selftest.errors[i]);
	}
}

static void what_is_missing_or_not_asked_for_is_not_tried(void **state)
{
	const uint32_t asked = BIT(FUNCTION_inet_twsk_kill);
	struct selftest selftest;

	(void)state;
	selftest_run(&selftest, asked, 0);
	for (int i = 0; i < FUNCTIONS; i++) {
		assert_int_equal(selftest.states[i],
				 asked & BIT(i) ? FUNCTION_MISSING : FUNCTION_UNTRIED);
		assert_int_equal(selftest.errors[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_that_is_refused_stands_for_itself),
		cmocka_unit_test(what_is_missing_or_not_asked_for_is_not_tried),
	};

	return cmocka_run_group_tests_name("selftest", tests, NULL, NULL);
}
