// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What rules make of CLOSE_WAITs and of what does not end: each at its threshold, and below. */
#include "advice_screen.h"

static struct leak_row *verdict(struct screen *screen, enum verdict verdict, uint32_t sockets)
{
	struct leak_row *row = leak_row(screen, 7);

	row->sockets = sockets;
	row->judgement.verdict = verdict;
	return row;
}

static void describe(struct screen *screen, struct leak_row *row, uint64_t fds, uint64_t limit)
{
	struct process_facts *facts = facts_told(screen, 7);

	facts->fds = fds;
	facts->fd_limit = limit;
	row->told = true;
}

/* So many more a second, for ten seconds. */
static void grow(struct screen *screen, struct leak_row *row, double per_s)
{
	uint64_t since_ns = screen->time_ns + SECOND - 10 * SECOND;

	screen->leaks.clock = (struct growth_clock){.now_ns = since_ns};
	row->growth = (struct growth){.first_ns = since_ns, .first = row->sockets - 10 * per_s};
}

static void a_leak_is_three(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_LEAK, 2);

	row->judgement.cause = LEAK_FORGOTTEN;
	is_silent(screen, "close_wait_leak");
	row->sockets = 3;
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	row->judgement.verdict = VERDICT_TRANSIENT;
	is_silent(screen, "close_wait_leak");
}

/* Drained, incoming, young, and not more of them. */
static void an_answer_may_come_for_ten_minutes(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_LEAK, 3);
	struct close_wait oldest = {.cookie = 1};

	row->judgement.cause = LEAK_DRAINED;
	row->oldest[0] = (struct leak_socket){&oldest, 599 * SECOND, KIND_DRAINED, 3, 0};
	is_silent(screen, "close_wait_leak");
	row->oldest[0].age_ns = 600 * SECOND;
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	row->oldest[0].age_ns = 20 * SECOND;
	grow(screen, row, 0.1);
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	row->growth = (struct growth){0};
	row->old.outgoing = 1;
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
}

static void descriptors_that_go_within_the_hour_are_critical(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_LEAK, 100);

	row->judgement.cause = LEAK_FORGOTTEN;
	describe(screen, row, 100, 100 + 3601);
	grow(screen, row, 1);
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	describe(screen, row, 100, 100 + 3599);
	grow(screen, row, 1);
	fires(screen, "close_wait_leak", SEVERITY_CRITICAL);
	assert_int_equal(count_of(screen, "descriptor_limit"), 0); /* it explains that */
}

static void a_leak_says_what_helps(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_LEAK, 90);

	row->judgement.cause = LEAK_GROWING;
	row->judgement.inferred = true;
	describe(screen, row, 100, 1000);
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	assert_string_equal(sentence_of(screen, "close_wait_leak"),
			    "server[7] keeps 90 connections of its own that the server has "
			    "closed, ever more, and none goes: forgotten (inferred); 100 of 1,000 "
			    "descriptors are open");
	assert_non_null(strstr(json_of(screen, "close_wait_leak"), "\"cause\":\"growing\""));
	assert_non_null(strstr(json_of(screen, "close_wait_leak"),
			       "\"commands\":[\"tcplinger leaks -p 7 -v\"]"));
}

static void each_verdict_has_its_rule(void **state)
{
	static const struct {
		enum verdict verdict;
		const char *rule;
		uint32_t least; /* sockets */
		enum severity severity;
	} rules[] = {
		{VERDICT_STALL, "close_wait_stall", 1, SEVERITY_WARNING},
		{VERDICT_STOPPED, "close_wait_stopped", 1, SEVERITY_WARNING},
		{VERDICT_BACKLOG, "close_wait_backlog", 1, SEVERITY_WARNING},
		{VERDICT_RELAY, "close_wait_relay", 1, SEVERITY_INFO},
		{VERDICT_NOT_READING, "close_wait_not_reading", 3, SEVERITY_WARNING},
		{VERDICT_MIXED, "close_wait_other", 100, SEVERITY_WARNING},
		{VERDICT_UNKNOWN, "close_wait_other", 100, SEVERITY_WARNING},
		{VERDICT_IDLE_POOL, "idle_pool", 1, SEVERITY_INFO},
	};
	struct screen *screen = *state;
	struct leak_row *row = leak_row(screen, 7);

	for (size_t i = 0; i < COUNT(rules); i++) {
		row->judgement.verdict = rules[i].verdict;
		row->sockets = rules[i].least - 1;
		is_silent(screen, rules[i].rule);
		row->sockets = rules[i].least;
		fires(screen, rules[i].rule, rules[i].severity);
		assert_int_equal(screen->adviser.count, 1);
	}
}

static void what_is_legal_or_young_is_not_told(void **state)
{
	struct screen *screen = *state;

	verdict(screen, VERDICT_HALF_CLOSED, 500);
	verdict(screen, VERDICT_TRANSIENT, 500);
	judge(screen);
	assert_int_equal(screen->adviser.count, 0);
}

static void what_grows_is_graver(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_RELAY, 10);

	grow(screen, row, 0.04);
	fires(screen, "close_wait_relay", SEVERITY_INFO);
	grow(screen, row, 0.06);
	fires(screen, "close_wait_relay", SEVERITY_WARNING);
	row->judgement.verdict = VERDICT_MIXED;
	grow(screen, row, 0.06);
	fires(screen, "close_wait_other", SEVERITY_WARNING);
}

static void who_stopped_it_is_told(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_STOPPED, 2);
	struct process_facts *facts = facts_told(screen, 7);

	facts->looked = 1;
	facts->threads = facts->looked_at = facts->stopped = 1;
	facts->tracer = process_of(9, "gdb");
	row->told = row->looked = true;
	fires(screen, "close_wait_stopped", SEVERITY_WARNING);
	assert_string_equal(sentence_of(screen, "close_wait_stopped"),
			    "server[7] is stopped by gdb[9], which traces it, and cannot close 2 "
			    "connections that the peer has closed");
	assert_non_null(strstr(json_of(screen, "close_wait_stopped"),
			       "\"stopped\":true,\"tracer\":{\"pid\":9"));
}

static void what_threads_wait_in_is_told(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_STALL, 2);
	struct process_facts *facts = facts_told(screen, 7);

	facts->looked = 1;
	facts->threads = facts->looked_at = 4;
	facts->waiting = 3;
	strcpy(facts->syscall, "futex");
	row->unread_bytes = 12;
	row->told = row->looked = true;
	fires(screen, "close_wait_stall", SEVERITY_WARNING);
	assert_string_equal(
		sentence_of(screen, "close_wait_stall"),
		"server[7] does not read: 12 bytes of 2 peers that have closed wait for "
		"it; 3 of 4 threads wait in futex");
	assert_non_null(strstr(json_of(screen, "close_wait_stall"),
			       "\"evidence\":{\"unread_bytes\":12,\"waiting\":3,\"names\":[],"
			       "\"cpu_share\":null,\"starved\":null}"));
}

static void three_dead_are_told(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_DEAD, 0);

	row->dead = 2;
	is_silent(screen, "dead_descriptors");
	row->dead = 3;
	fires(screen, "dead_descriptors", SEVERITY_WARNING);
	lacks(screen, WANT(DEAD));
	is_silent(screen, "dead_descriptors");
	assert_true(is_unknown(screen, "dead_descriptors"));
}

static void a_limit_of_descriptors_is_near_at_80_percent(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_TRANSIENT, 1);

	describe(screen, row, 799, 1000);
	is_silent(screen, "descriptor_limit");
	describe(screen, row, 800, 1000);
	fires(screen, "descriptor_limit", SEVERITY_WARNING);
	describe(screen, row, 1000, 1000);
	fires(screen, "descriptor_limit", SEVERITY_CRITICAL);
	describe(screen, row, FACTS_UNKNOWN, 1000);
	is_silent(screen, "descriptor_limit");
}

static void or_when_growth_reaches_it_within_a_day(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_IDLE_POOL, 100);

	describe(screen, row, 100, 100 + 86401);
	grow(screen, row, 1);
	is_silent(screen, "descriptor_limit");
	describe(screen, row, 100, 100 + 86399);
	grow(screen, row, 1);
	fires(screen, "descriptor_limit", SEVERITY_WARNING);
	describe(screen, row, 100, 100 + 3599);
	grow(screen, row, 1);
	fires(screen, "descriptor_limit", SEVERITY_CRITICAL);
	row->judgement.verdict = VERDICT_TRANSIENT; /* they come and go */
	is_silent(screen, "descriptor_limit");
}

/* Few sockets in CLOSE_WAIT are no reason for many descriptors. */
static void a_few_do_not_explain_a_limit(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_STALL, 3);

	describe(screen, row, 900, 1000);
	judge(screen);
	assert_int_equal(count_of(screen, "close_wait_stall"), 1);
	assert_int_equal(count_of(screen, "descriptor_limit"), 1);
	row->sockets = 450;
	judge(screen);
	assert_int_equal(count_of(screen, "descriptor_limit"), 0);
}

static void no_cpu_is_a_third_of_the_time(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = verdict(screen, VERDICT_TRANSIENT, 1);
	struct process_facts *facts = facts_told(screen, 7);

	facts->looked = 1;
	facts->looked_for_ns = 3 * SECOND;
	facts->starved_ns = SECOND - 1;
	row->told = row->looked = true;
	is_silent(screen, "no_cpu");
	facts->starved_ns = SECOND;
	fires(screen, "no_cpu", SEVERITY_WARNING);
	facts->starved_ns = FACTS_UNKNOWN;
	is_silent(screen, "no_cpu");
}

/* ---- what closes, and does not end ---- */

struct waiting {
	struct listed listed[CLOSING_OLDEST];
};

static void wait_for_peers(struct waiting *waiting, struct closing_row *row, uint32_t count,
			   uint64_t age_ns)
{
	row->sockets = count;
	row->verdict = CLOSING_PEER_DOES_NOT_CLOSE;
	memset(row->oldest, 0, sizeof(row->oldest));
	for (uint32_t i = 0; i < count; i++) {
		waiting->listed[i] = (struct listed){.state = TCP_FIN_WAIT2};
		row->oldest[i] = (struct closing_socket){&waiting->listed[i], age_ns, true, 3};
	}
}

static void three_owned_are_told_after_a_minute(void **state)
{
	struct screen *screen = *state;
	struct closing_row *row = closing_row(screen, 7);
	struct waiting waiting;

	wait_for_peers(&waiting, row, 2, 100 * SECOND);
	is_silent(screen, "fin_wait2_owned");
	wait_for_peers(&waiting, row, 3, 60 * SECOND);
	is_silent(screen, "fin_wait2_owned");
	wait_for_peers(&waiting, row, 3, 61 * SECOND);
	fires(screen, "fin_wait2_owned", SEVERITY_WARNING);
	waiting.listed[0].flags = SOCKET_ORPHAN;
	is_silent(screen, "fin_wait2_owned");
}

static void three_silent_are_told(void **state)
{
	struct screen *screen = *state;
	struct closing_row *row = closing_row(screen, 7);

	row->verdict = CLOSING_PEER_SILENT;
	row->sockets = row->old.silent = 2;
	row->retransmits = 4;
	is_silent(screen, "last_ack_silent");
	row->sockets = row->old.silent = 3;
	fires(screen, "last_ack_silent", SEVERITY_INFO);
	assert_int_equal(number_told(screen, "last_ack_silent", "retransmits"), 4);
}

/* ---- both ends are here ---- */

static struct record_socket end_of(struct screen *screen, uint64_t cookie, unsigned int state,
				   uint64_t age_ns)
{
	struct record_socket record =
		close_wait_row(cookie, screen->time_ns, 0, 0, screen->time_ns - age_ns);

	record.state = (uint8_t)state;
	if (state == TCP_CLOSE_WAIT)
		record.tuple = tuple_of("10.0.0.2", 80, "10.0.0.1", 40000);
	return record;
}

static void list_pair(struct screen *screen, uint64_t age_ns)
{
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_BEGINS));
	feed(screen->world, end_of(screen, 1, TCP_FIN_WAIT2, age_ns));
	feed(screen->world, end_of(screen, 2, TCP_CLOSE_WAIT, age_ns));
	feed(screen->world, holder_of(1, screen->time_ns, 8, "client"));
	feed(screen->world, holder_of(2, screen->time_ns, 7, "server"));
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
}

static void a_pair_is_told_after_ten_seconds(void **state)
{
	struct screen *screen = *state;

	screen->world->model.needs.refreshed = CLOSE_WAIT_STATES;
	list_pair(screen, 9 * SECOND);
	is_silent(screen, "half_closed_pair");
	list_pair(screen, 10 * SECOND);
	fires(screen, "half_closed_pair", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "half_closed_pair", "sockets"), 1);
	assert_non_null(strstr(sentence_of(screen, "half_closed_pair"),
			       "server[7] has not closed 1 connection of which the other end is "
			       "here, in FIN_WAIT2: client[8] has closed"));
	assert_non_null(strstr(json_of(screen, "half_closed_pair"), "\"ends\":[{\"pid\":8,"));
}

static void what_the_holder_does_explains_the_pair(void **state)
{
	struct screen *screen = *state;
	struct closing_row *closing = closing_row(screen, 8);
	struct waiting waiting;

	screen->world->model.needs.refreshed = CLOSE_WAIT_STATES;
	list_pair(screen, 100 * SECOND);
	wait_for_peers(&waiting, closing, 3, 100 * SECOND);
	judge(screen);
	assert_int_equal(count_of(screen, "half_closed_pair"), 1);
	assert_int_equal(count_of(screen, "fin_wait2_owned"), 0);
	verdict(screen, VERDICT_STALL, 1);
	judge(screen);
	assert_int_equal(count_of(screen, "close_wait_stall"), 1);
	assert_int_equal(count_of(screen, "half_closed_pair"), 0);
	assert_int_equal(count_of(screen, "fin_wait2_owned"), 0);
}

static void a_relay_waits_itself(void **state)
{
	struct screen *screen = *state;
	struct closing_row *closing = closing_row(screen, 7);
	struct waiting waiting;

	wait_for_peers(&waiting, closing, 3, 100 * SECOND);
	verdict(screen, VERDICT_RELAY, 3);
	judge(screen);
	assert_int_equal(count_of(screen, "close_wait_relay"), 1);
	assert_int_equal(count_of(screen, "fin_wait2_owned"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_leak_is_three),
		screen_test(an_answer_may_come_for_ten_minutes),
		screen_test(descriptors_that_go_within_the_hour_are_critical),
		screen_test(a_leak_says_what_helps),
		screen_test(each_verdict_has_its_rule),
		screen_test(what_is_legal_or_young_is_not_told),
		screen_test(what_grows_is_graver),
		screen_test(who_stopped_it_is_told),
		screen_test(what_threads_wait_in_is_told),
		screen_test(three_dead_are_told),
		screen_test(a_limit_of_descriptors_is_near_at_80_percent),
		screen_test(or_when_growth_reaches_it_within_a_day),
		screen_test(a_few_do_not_explain_a_limit),
		screen_test(no_cpu_is_a_third_of_the_time),
		screen_test(three_owned_are_told_after_a_minute),
		screen_test(three_silent_are_told),
		screen_test(a_pair_is_told_after_ten_seconds),
		screen_test(what_the_holder_does_explains_the_pair),
		screen_test(a_relay_waits_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
