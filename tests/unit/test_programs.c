// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is said of parts that are not used because another is refused. */
#include <errno.h>

#include "source/live/internal.h"
#include "unit.h"

#define OF_NO_USE(partner) "of no use without " partner ": EPERM: Operation not permitted"

static const struct source_config config;

/* A recent kernel that lets everything be traced, in all forms. */
static struct live host(bool fentry)
{
	struct live live = {
		.config = &config,
		.kernel = {.rdonly_cast = true, .probe_reads = true, .accept_argument = true},
		.kallsyms = {.tw_timer_handler = 1},
		.needs = {.told = {[TCP_ESTABLISHED] = ALL_STATES}, .wants = UINT32_MAX},
	};

	for (int hook = 0; hook < HOOKS; hook++)
		live.hooks.forms[hook].fentry = fentry;
	live_plan_parts(&live);
	return live;
}

/* Why `part` is not used where `refused` is. Nothing is loaded: none is used. */
static void check_why(struct live live, enum part refused, enum part part, const char *why)
{
	struct survey survey = {0};

	live_refuse_part(&live, refused, EPERM);
	live_survey(&live, &survey);
	check(strcmp(survey.parts[part].why, why) == 0, "%s without %s: %s",
	      live_part_facts[part].name, live_part_facts[refused].name, survey.parts[part].why);
}

/* All that is lost is what it is for: who connects, listens and closes is told all the same. */
static void without_the_last_calls_only_the_second_program_is_of_no_use(void **state)
{
	struct live live = host(false);

	(void)state;
	check_why(live, PART_LAST_CALLS, PART_TRANSITIONS_MISSED, OF_NO_USE("last_calls"));
	live_refuse_part(&live, PART_LAST_CALLS, EPERM);
	assert_false(live.plan.twice);
	assert_true(live.plan.wanted[PART_TRANSITIONS]);
	assert_true(live.plan.minisockets);
	assert_false(live_lacks(&live) & WANT(TRANSITIONS));
}

static void other_kernels_have_another_program_for_who_accepts(void **state)
{
	struct survey survey = {0};
	struct live live = host(true);

	(void)state;
	live_survey(&live, &survey);
	assert_string_equal(survey.parts[PART_ACCEPTED_BY_FLAGS].why,
			    "for other kernels than this");
	assert_string_equal(survey.parts[PART_ACCEPTED_BY].why, "");
}

/* Who only lists costs a connection nothing. */
static void no_program_runs_at_transitions_where_none_are_wanted(void **state)
{
	static const enum part parts[] = {PART_TRANSITIONS, PART_TRANSITIONS_MISSED,
					  PART_LAST_CALLS};
	struct live live = host(true);

	(void)state;
	live.needs = (struct needs){.wants = WANT(LISTENERS),
				    .refreshed = 1U << TCP_LISTEN | 1U << TCP_CLOSE_WAIT};
	live_complete_needs(&live);
	live_plan_parts(&live);
	for (size_t i = 0; i < COUNT(parts); i++)
		assert_false(live.plan.wanted[parts[i]]);
	assert_true(live.plan.wanted[PART_LIST_SOCKETS]);
	assert_true(live_must_relist(&live));
	assert_int_equal(live_listed(&live), live.needs.refreshed);
}

static void who_listens_is_told_beside_what_else_is(void **state)
{
	struct live live = host(true);

	(void)state;
	live.needs.refreshed = 1U << TCP_CLOSE_WAIT;
	live_complete_needs(&live);
	assert_true(live.needs.told[TCP_CLOSE] & 1U << TCP_LISTEN);
	assert_true(live.needs.told[TCP_LISTEN] & 1U << TCP_CLOSE);
	assert_true(live_lists_apart(&live));
}

/* A timer that is cancelled tells of each end, and of the peer's FIN where that moves it. */
static void the_search_for_silent_fins_takes_the_ends(void **state)
{
	static const enum part others[] = {PART_FIND_TIME_WAIT, PART_FIN_WAIT2};
	struct live live = host(false);

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		check_why(live, PART_TIMEWAIT_ENDED, others[i], OF_NO_USE("timewait_ended"));
	live_refuse_part(&live, PART_TIMEWAIT_ENDED, EPERM);
	assert_false(live.plan.minisockets);
	assert_true(live_lacks(&live) & WANT(MINISOCKETS));
}

static void all_is_of_no_use_without_the_ring(void **state)
{
	(void)state;
	check_why(host(true), PART_RECORDS, PART_TRANSITIONS, OF_NO_USE("records"));
	check_why(host(true), PART_RECORDS, PART_LAST_CALLS, OF_NO_USE("records"));
}

static void what_depends_on_nothing_is_not_explained_by_another(void **state)
{
	static const enum part others[] = {PART_TRANSITIONS, PART_LAST_CALLS, PART_LIST_SOCKETS};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		check_why(host(true), PART_MINISOCKET_REFUSED, others[i], "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_last_calls_only_the_second_program_is_of_no_use),
		cmocka_unit_test(other_kernels_have_another_program_for_who_accepts),
		cmocka_unit_test(no_program_runs_at_transitions_where_none_are_wanted),
		cmocka_unit_test(who_listens_is_told_beside_what_else_is),
		cmocka_unit_test(the_search_for_silent_fins_takes_the_ends),
		cmocka_unit_test(all_is_of_no_use_without_the_ring),
		cmocka_unit_test(what_depends_on_nothing_is_not_explained_by_another),
	};

	return cmocka_run_group_tests_name("programs", tests, NULL, NULL);
}
