// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/verdict.h"
#include "unit.h"

/* Of one kind, incoming unless `out`, all old. */
static struct verdict_facts of_kind(enum close_wait_kind kind, uint32_t count, bool out)
{
	struct verdict_facts facts = {
		.dead = COUNT_UNKNOWN,
		.partners = COUNT_UNKNOWN,
		.looked_up = true,
	};

	for (uint32_t i = 0; i < count; i++)
		verdict_count(&facts.old, kind, out ? DIRECTION_OUT : DIRECTION_IN);
	facts.all = facts.old;
	return facts;
}

static void is(const struct verdict_facts *facts, enum verdict verdict, enum leak_cause cause,
	       bool inferred)
{
	struct judgement judgement = verdict_of(facts);

	check(judgement.verdict == verdict, "%s, not %s", verdict_name(judgement.verdict),
	      verdict_name(verdict));
	assert_int_equal(judgement.cause, cause);
	assert_int_equal(judgement.inferred, inferred);
}

static void is_verdict(const struct verdict_facts *facts, enum verdict verdict)
{
	is(facts, verdict, LEAK_NOT, false);
}

/* That nobody's epoll set watches them, of so many. */
static void unwatch(struct verdict_facts *facts, enum close_wait_kind kind, unsigned int direction,
		    uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		verdict_count_unwatched(&facts->old, kind, direction);
}

struct kind_case {
	enum close_wait_kind kind;
	bool out;
	enum verdict verdict;
	enum leak_cause cause;
	enum verdict at_first; /* before its process is looked at */
};

static void each_kind_has_its_verdict(void **state)
{
	static const struct kind_case cases[] = {
		{KIND_UNREAD_DATA, false, VERDICT_STALL, LEAK_NOT, VERDICT_STALL},
		{KIND_UNREAD_DATA, true, VERDICT_STALL, LEAK_NOT, VERDICT_STALL},
		{KIND_FIN_ONLY, false, VERDICT_NOT_READING, LEAK_NOT, VERDICT_NOT_READING},
		{KIND_FIN_ONLY, true, VERDICT_IDLE_POOL, LEAK_NOT, VERDICT_IDLE_POOL},
		{KIND_DRAINED, false, VERDICT_LEAK, LEAK_DRAINED, VERDICT_MIXED},
		{KIND_DRAINED, true, VERDICT_LEAK, LEAK_DRAINED, VERDICT_MIXED},
		{KIND_SENDING, false, VERDICT_HALF_CLOSED, LEAK_NOT, VERDICT_HALF_CLOSED},
		{KIND_UNACCEPTED, false, VERDICT_BACKLOG, LEAK_NOT, VERDICT_BACKLOG},
		{KIND_UNKNOWN, true, VERDICT_UNKNOWN, LEAK_NOT, VERDICT_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verdict_facts facts = of_kind(cases[i].kind, 7, cases[i].out);

		is(&facts, cases[i].verdict, cases[i].cause, false);
		facts.looked_up = false;
		is_verdict(&facts, cases[i].at_first);
	}
}

static void an_unknown_direction_is_treated_like_out(void **state)
{
	struct verdict_facts facts = of_kind(KIND_FIN_ONLY, 0, false);

	(void)state;
	verdict_count(&facts.old, KIND_FIN_ONLY, DIRECTION_UNKNOWN);
	is_verdict(&facts, VERDICT_IDLE_POOL);
	verdict_count(&facts.old, KIND_FIN_ONLY, DIRECTION_IN);
	is_verdict(&facts, VERDICT_NOT_READING); /* half of them */
}

static void eighty_percent_are_most(void **state)
{
	(void)state;
	assert_false(verdict_most(0, 0));
	assert_false(verdict_most(79, 100));
	assert_true(verdict_most(80, 100));
	assert_true(verdict_most(4, 5));
	assert_false(verdict_most(3, 4));
	assert_false(verdict_most(399, 500));
	assert_true(verdict_most(1, 1));
	assert_true(verdict_most(UINT32_MAX, UINT32_MAX));
	assert_false(verdict_most(UINT32_MAX / 5 * 4 - 1, UINT32_MAX));
}

static void each_kind_needs_eighty_percent(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		unsigned int other = kind == KIND_DRAINED ? KIND_UNREAD_DATA : KIND_DRAINED;
		struct verdict_facts facts = of_kind(kind, 79, false);

		for (unsigned int i = 0; i < 21; i++)
			verdict_count(&facts.old, other, DIRECTION_IN);
		is_verdict(&facts, VERDICT_MIXED);
		verdict_count(&facts.old, kind, DIRECTION_IN);
		assert_int_equal(verdict_of(&facts).verdict, VERDICT_MIXED);
		for (unsigned int i = 0; i < 4; i++)
			verdict_count(&facts.old, kind, DIRECTION_IN);
		assert_int_not_equal(verdict_of(&facts).verdict, VERDICT_MIXED); /* 84 of 105 */
	}
}

/* Where some are old, the young say nothing; where none is, only that they still send. */
static void the_old_are_judged(void **state)
{
	struct verdict_facts facts = of_kind(KIND_UNREAD_DATA, 1, false);

	(void)state;
	facts.all = of_kind(KIND_DRAINED, 100, false).all;
	is_verdict(&facts, VERDICT_STALL);
	facts.old = (struct verdict_sockets){0};
	is_verdict(&facts, VERDICT_TRANSIENT);
	facts.all = of_kind(KIND_SENDING, 100, false).all;
	is_verdict(&facts, VERDICT_HALF_CLOSED);
}

struct dead_case {
	uint32_t young, dead;
	bool once;
	enum verdict verdict;
};

static void dead_descriptors_need_three_or_to_be_all(void **state)
{
	static const struct dead_case cases[] = {
		{0, 0, false, VERDICT_TRANSIENT}, {0, COUNT_UNKNOWN, false, VERDICT_TRANSIENT},
		{0, 1, false, VERDICT_DEAD},	  {0, 2, true, VERDICT_TRANSIENT},
		{0, 3, true, VERDICT_DEAD},	  {5, 2, false, VERDICT_TRANSIENT},
		{5, 3, false, VERDICT_DEAD},	  {5, COUNT_UNKNOWN, false, VERDICT_TRANSIENT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verdict_facts facts = of_kind(KIND_DRAINED, cases[i].young, false);

		facts.old = (struct verdict_sockets){0};
		facts.dead = cases[i].dead;
		facts.once = cases[i].once;
		is_verdict(&facts, cases[i].verdict);
	}
}

static void beside_three_dead_no_pool_is_idle(void **state)
{
	struct verdict_facts facts = of_kind(KIND_FIN_ONLY, 5, true);

	(void)state;
	facts.dead = 2;
	is_verdict(&facts, VERDICT_IDLE_POOL);
	facts.dead = 3;
	is_verdict(&facts, VERDICT_DEAD);
	facts = of_kind(KIND_FIN_ONLY, 5, false);
	facts.dead = 3;
	is_verdict(&facts, VERDICT_NOT_READING);
}

struct relay_case {
	uint32_t old, dead, partners;
	bool relay;
};

static void a_relay_has_as_many_on_its_other_side(void **state)
{
	static const struct relay_case cases[] = {
		{10, 0, 10, true},  {10, 0, 8, true},	 {10, 0, 12, true},
		{10, 0, 7, false},  {10, 0, 13, false},	 {10, COUNT_UNKNOWN, 10, true},
		{0, 4, 4, true},    {5, 5, 10, true},	 {5, 5, 5, false},
		{1, 0, 1, true},    {1, 0, 0, false},	 {10, 0, COUNT_UNKNOWN, false},
		{10, 10, 16, true}, {10, 10, 15, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verdict_facts facts = of_kind(KIND_DRAINED, cases[i].old, false);

		facts.dead = cases[i].dead;
		facts.partners = cases[i].partners;
		check((verdict_of(&facts).verdict == VERDICT_RELAY) == cases[i].relay,
		      "%u old, %u dead, %u partners", cases[i].old, cases[i].dead,
		      cases[i].partners);
	}
}

static void who_is_stopped_is_not_blamed(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		struct verdict_facts facts = of_kind(kind, 5, false);

		facts.stopped = true;
		facts.partners = 5;
		is_verdict(&facts, kind == KIND_SENDING ? VERDICT_HALF_CLOSED : VERDICT_STOPPED);
		facts.stopped = false;
		facts.frozen = true;
		assert_int_equal(verdict_of(&facts).verdict,
				 kind == KIND_SENDING ? VERDICT_HALF_CLOSED : VERDICT_STOPPED);
	}
}

static void young_ones_of_who_is_stopped_are_transient(void **state)
{
	struct verdict_facts facts = of_kind(KIND_DRAINED, 5, false);

	(void)state;
	facts.stopped = true;
	facts.old = (struct verdict_sockets){0};
	is_verdict(&facts, VERDICT_TRANSIENT);
}

static void what_an_idle_loop_does_not_watch_is_forgotten(void **state)
{
	struct verdict_facts facts = of_kind(KIND_UNREAD_DATA, 5, true);

	(void)state;
	facts.idle_loop = true;
	facts.blocked_sender = BLOCKED_NO;
	is_verdict(&facts, VERDICT_STALL);
	unwatch(&facts, KIND_UNREAD_DATA, DIRECTION_OUT, 3);
	is_verdict(&facts, VERDICT_STALL);
	unwatch(&facts, KIND_UNREAD_DATA, DIRECTION_OUT, 1);
	is(&facts, VERDICT_LEAK, LEAK_FORGOTTEN, false);
	facts.blocked_sender = BLOCKED_UNKNOWN;
	is(&facts, VERDICT_LEAK, LEAK_FORGOTTEN, true);
	facts.blocked_sender = BLOCKED_YES;
	is_verdict(&facts, VERDICT_STALL);
	facts.blocked_sender = BLOCKED_NO;
	facts.idle_loop = false;
	is_verdict(&facts, VERDICT_STALL);
}

/* A pool is not watched either: it is told by its direction. */
static void an_unwatched_pool_is_not_forgotten(void **state)
{
	struct verdict_facts facts = of_kind(KIND_FIN_ONLY, 5, true);

	(void)state;
	facts.idle_loop = true;
	facts.blocked_sender = BLOCKED_NO;
	unwatch(&facts, KIND_FIN_ONLY, DIRECTION_OUT, 5);
	is_verdict(&facts, VERDICT_IDLE_POOL);
	assert_int_equal(facts.old.unwatched, 5);
	facts = of_kind(KIND_FIN_ONLY, 5, false);
	facts.idle_loop = true;
	facts.blocked_sender = BLOCKED_NO;
	unwatch(&facts, KIND_FIN_ONLY, DIRECTION_IN, 5);
	is(&facts, VERDICT_LEAK, LEAK_FORGOTTEN, false);
}

static void sixteen_that_grow_are_no_pool(void **state)
{
	struct verdict_facts facts = of_kind(KIND_FIN_ONLY, 15, true);

	(void)state;
	facts.growing = FINDING_SEEN;
	is_verdict(&facts, VERDICT_IDLE_POOL);
	verdict_count(&facts.old, KIND_FIN_ONLY, DIRECTION_IN);
	is_verdict(&facts, VERDICT_IDLE_POOL);
	verdict_count(&facts.old, KIND_FIN_ONLY, DIRECTION_OUT);
	is(&facts, VERDICT_LEAK, LEAK_GROWING, false);
	facts.growing = FINDING_INFERRED;
	is(&facts, VERDICT_LEAK, LEAK_GROWING, true);
	facts.growing = FINDING_NO;
	is_verdict(&facts, VERDICT_IDLE_POOL);
}

static void most_are_inherited(void **state)
{
	struct verdict_facts facts = of_kind(KIND_UNREAD_DATA, 10, false);

	(void)state;
	facts.inherited = FINDING_SEEN;
	facts.old.inherited = 7;
	is_verdict(&facts, VERDICT_STALL);
	facts.old.inherited = 8;
	is(&facts, VERDICT_LEAK, LEAK_INHERITED, false);
	facts.inherited = FINDING_INFERRED;
	is(&facts, VERDICT_LEAK, LEAK_INHERITED, true);
	facts.inherited = FINDING_NO;
	is_verdict(&facts, VERDICT_STALL);
}

/* All is so at once; what decides is taken away, rung by rung. */
static void the_first_that_holds_decides(void **state)
{
	struct verdict_facts facts = of_kind(KIND_FIN_ONLY, 20, true);

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		verdict_count(&facts.old, KIND_UNREAD_DATA, DIRECTION_IN);
	facts.dead = 4;
	facts.partners = 28;
	facts.stopped = true;
	facts.idle_loop = true;
	facts.blocked_sender = BLOCKED_NO;
	facts.growing = FINDING_SEEN;
	facts.inherited = FINDING_SEEN;
	facts.old.forgotten = facts.old.inherited = 24;
	is_verdict(&facts, VERDICT_STOPPED);
	facts.stopped = false;
	is_verdict(&facts, VERDICT_RELAY);
	facts.partners = 0;
	is(&facts, VERDICT_LEAK, LEAK_FORGOTTEN, false);
	facts.idle_loop = false;
	is(&facts, VERDICT_LEAK, LEAK_GROWING, false);
	facts.growing = FINDING_NO;
	is(&facts, VERDICT_LEAK, LEAK_INHERITED, false);
	facts.inherited = FINDING_NO;
	is_verdict(&facts, VERDICT_DEAD);
	facts.dead = 0;
	is_verdict(&facts, VERDICT_IDLE_POOL);
}

static void drained_and_backlog_come_before_other_causes(void **state)
{
	struct verdict_facts facts = of_kind(KIND_DRAINED, 20, true);

	(void)state;
	facts.growing = facts.inherited = FINDING_SEEN;
	facts.old.inherited = 20;
	is(&facts, VERDICT_LEAK, LEAK_DRAINED, false);
	facts = of_kind(KIND_UNACCEPTED, 20, true);
	facts.growing = facts.inherited = FINDING_SEEN;
	facts.old.inherited = 20;
	is_verdict(&facts, VERDICT_BACKLOG);
}

static void before_a_look_nothing_is_excused_or_blamed(void **state)
{
	struct verdict_facts facts = of_kind(KIND_UNREAD_DATA, 20, true);

	(void)state;
	facts.looked_up = false;
	facts.stopped = facts.frozen = facts.idle_loop = true;
	facts.partners = 20;
	facts.growing = facts.inherited = FINDING_SEEN;
	facts.old.forgotten = facts.old.inherited = 20;
	is_verdict(&facts, VERDICT_STALL);
}

static void epoll_sets_are_asked_about_where_they_decide(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		struct verdict_facts facts = of_kind(kind, 5, true);

		assert_int_equal(verdict_asks_for_watched(&facts.old),
				 kind == KIND_UNREAD_DATA || kind == KIND_FIN_ONLY);
		verdict_count(&facts.old, (kind + 1) % KINDS, DIRECTION_IN);
		verdict_count(&facts.old, (kind + 1) % KINDS, DIRECTION_IN);
		assert_true(verdict_asks_for_watched(&facts.old));
	}
	assert_false(verdict_asks_for_watched(&(struct verdict_sockets){0}));
}

static void names_are_those_of_the_contract(void **state)
{
	static const char *const verdicts[VERDICTS] = {
		"transient",   "leak",	  "stall", "idle_pool", "not_reading", "backlog",
		"half_closed", "stopped", "relay", "dead",	"unknown",     "mixed",
	};
	static const char *const kinds[KINDS] = {"unread_data", "fin_only",   "drained",
						 "sending",	"unaccepted", "unknown"};
	static const char *const causes[LEAK_CAUSES] = {NULL, "drained", "forgotten", "growing",
							"inherited"};

	(void)state;
	for (unsigned int i = 0; i < VERDICTS; i++)
		assert_string_equal(verdict_name((enum verdict)i), verdicts[i]);
	for (unsigned int i = 0; i < KINDS; i++)
		assert_string_equal(close_wait_kind_name(i), kinds[i]);
	assert_null(leak_cause_name(LEAK_NOT));
	for (unsigned int i = 1; i < LEAK_CAUSES; i++)
		assert_string_equal(leak_cause_name((enum leak_cause)i), causes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_verdict),
		cmocka_unit_test(an_unknown_direction_is_treated_like_out),
		cmocka_unit_test(eighty_percent_are_most),
		cmocka_unit_test(each_kind_needs_eighty_percent),
		cmocka_unit_test(the_old_are_judged),
		cmocka_unit_test(dead_descriptors_need_three_or_to_be_all),
		cmocka_unit_test(beside_three_dead_no_pool_is_idle),
		cmocka_unit_test(a_relay_has_as_many_on_its_other_side),
		cmocka_unit_test(who_is_stopped_is_not_blamed),
		cmocka_unit_test(young_ones_of_who_is_stopped_are_transient),
		cmocka_unit_test(what_an_idle_loop_does_not_watch_is_forgotten),
		cmocka_unit_test(an_unwatched_pool_is_not_forgotten),
		cmocka_unit_test(sixteen_that_grow_are_no_pool),
		cmocka_unit_test(most_are_inherited),
		cmocka_unit_test(the_first_that_holds_decides),
		cmocka_unit_test(drained_and_backlog_come_before_other_causes),
		cmocka_unit_test(before_a_look_nothing_is_excused_or_blamed),
		cmocka_unit_test(epoll_sets_are_asked_about_where_they_decide),
		cmocka_unit_test(names_are_those_of_the_contract),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
