// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/overflow.h"

#include "unit.h"

#define HERE  1
#define THERE 2
#define KEYS  4

struct refusals {
	uint64_t of[KEYS];
};

static void note(void *context, uint64_t key, uint64_t count)
{
	struct refusals *refusals = context;

	assert_true(key < KEYS);
	assert_true(count > 0);
	refusals->of[key] += count;
}

static struct refusals settle(struct overflows *overflows, uint32_t netns)
{
	struct refusals refusals = {0};

	overflows_settle(overflows, netns, note, &refusals);
	return refusals;
}

static void claim(struct overflows *overflows, uint32_t netns, uint64_t key, unsigned int times)
{
	while (times--)
		overflows_claim(overflows, netns, key);
}

static void what_the_kernel_counted_too_was_refused(void **state)
{
	struct overflows overflows = {0};

	(void)state;
	overflows_count(&overflows, HERE, 100);
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 3);
	overflows_count(&overflows, HERE, 103);
	assert_true(settle(&overflows, HERE).of[1] == 3);
	overflows_free(&overflows);
}

static void what_it_counted_before_the_tool_confirms_nothing(void **state)
{
	struct overflows overflows = {0};

	(void)state;
	overflows_count(&overflows, HERE, 100);
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 3);
	overflows_count(&overflows, HERE, 100);
	assert_true(settle(&overflows, HERE).of[1] == 0);
	overflows_free(&overflows);
}

static void a_namespace_made_later_began_at_nothing(void **state)
{
	struct overflows overflows = {0};

	(void)state;
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 3);
	overflows_count(&overflows, HERE, 2);
	assert_true(settle(&overflows, HERE).of[1] == 2);
	overflows_free(&overflows);
}

static void more_claims_than_refusals_are_confirmed_as_they_came(void **state)
{
	struct overflows overflows = {0};
	struct refusals refusals;

	(void)state;
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 2);
	claim(&overflows, HERE, 2, 2);
	claim(&overflows, HERE, 3, 2);
	overflows_count(&overflows, HERE, 3);
	refusals = settle(&overflows, HERE);
	assert_true(refusals.of[1] == 2);
	assert_true(refusals.of[2] == 1);
	assert_true(refusals.of[3] == 0);
	overflows_free(&overflows);
}

/* The counter may be read before the records of what it counted. */
static void a_refusal_that_nobody_claimed_yet_waits_for_its_claim(void **state)
{
	struct overflows overflows = {0};

	(void)state;
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 1);
	overflows_count(&overflows, HERE, 2);
	assert_true(settle(&overflows, HERE).of[1] == 1);
	claim(&overflows, HERE, 2, 2);
	overflows_count(&overflows, HERE, 2);
	assert_true(settle(&overflows, HERE).of[2] == 1);
	overflows_free(&overflows);
}

static void what_is_not_confirmed_is_dropped(void **state)
{
	struct overflows overflows = {0};
	uint32_t netns;

	(void)state;
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 5);
	overflows_count(&overflows, HERE, 0);
	assert_true(settle(&overflows, HERE).of[1] == 0);
	assert_false(overflows_next(&overflows, &netns));
	overflows_count(&overflows, HERE, 5);
	assert_true(settle(&overflows, HERE).of[1] == 0);
	overflows_free(&overflows);
}

static void namespaces_are_settled_apart(void **state)
{
	struct overflows overflows = {0};
	struct refusals refusals;
	uint32_t netns = 0;

	(void)state;
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 2);
	claim(&overflows, THERE, 1, 3);
	claim(&overflows, HERE, 2, 2);
	overflows_count(&overflows, HERE, 9);
	overflows_count(&overflows, THERE, 1);
	assert_true(overflows_next(&overflows, &netns));
	assert_int_equal(netns, HERE);
	refusals = settle(&overflows, HERE);
	assert_true(refusals.of[1] == 2);
	assert_true(refusals.of[2] == 2);
	assert_true(overflows_next(&overflows, &netns));
	assert_int_equal(netns, THERE);
	assert_true(settle(&overflows, THERE).of[1] == 1);
	assert_false(overflows_next(&overflows, &netns));
	overflows_free(&overflows);
}

static void a_namespace_that_is_gone_confirms_nothing(void **state)
{
	struct overflows overflows = {0};
	uint32_t netns;

	(void)state;
	overflows_listed(&overflows);
	claim(&overflows, HERE, 1, 2);
	assert_true(settle(&overflows, HERE).of[1] == 0);
	assert_false(overflows_next(&overflows, &netns));
	overflows_free(&overflows);
}

/* The number of a namespace that is gone is given to a new one, whose counter begins anew. */
static void a_counter_that_falls_confirms_nothing(void **state)
{
	struct overflows overflows = {0};

	(void)state;
	overflows_count(&overflows, HERE, 100);
	overflows_listed(&overflows);
	overflows_count(&overflows, HERE, 1);
	claim(&overflows, HERE, 1, 3);
	assert_true(settle(&overflows, HERE).of[1] == 0);
	claim(&overflows, HERE, 1, 3);
	overflows_count(&overflows, HERE, 2);
	assert_true(settle(&overflows, HERE).of[1] == 1);
	overflows_free(&overflows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_counted_too_was_refused),
		cmocka_unit_test(what_it_counted_before_the_tool_confirms_nothing),
		cmocka_unit_test(a_namespace_made_later_began_at_nothing),
		cmocka_unit_test(more_claims_than_refusals_are_confirmed_as_they_came),
		cmocka_unit_test(a_refusal_that_nobody_claimed_yet_waits_for_its_claim),
		cmocka_unit_test(what_is_not_confirmed_is_dropped),
		cmocka_unit_test(namespaces_are_settled_apart),
		cmocka_unit_test(a_namespace_that_is_gone_confirms_nothing),
		cmocka_unit_test(a_counter_that_falls_confirms_nothing),
	};

	return cmocka_run_group_tests_name("overflow", tests, NULL, NULL);
}
