// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "world.h"

#define LENGTH ((int64_t)(60 * SECOND))

/* A connection of process 7 that it closes first, up to FIN_WAIT2 at `time_ns`. */
static void close_first(struct world *world, uint64_t cookie, uint64_t time_ns)
{
	struct record_transition record =
		transition_of(cookie, time_ns - 2, TCP_SYN_SENT, TCP_ESTABLISHED);

	record.owner = process_of(7, "client");
	record.owner_by = OWNER_CONNECT;
	record.direction = DIRECTION_OUT;
	feed(world, record);
	record.header.time_ns++;
	record.old_state = TCP_ESTABLISHED;
	record.new_state = TCP_FIN_WAIT1;
	record.closer = process_of(7, "client");
	feed(world, record);
	feed(world, transition_of(cookie, time_ns, TCP_FIN_WAIT1, TCP_FIN_WAIT2));
	world->count = 0;
}

/* The same with a minisocket in FIN_WAIT2, and the full socket gone. */
static void close_first_alone(struct world *world, uint64_t cookie, uint64_t time_ns)
{
	close_first(world, cookie, time_ns);
	feed(world, timewait_of(cookie, time_ns, TIMEWAIT_ARMED, TCP_FIN_WAIT2, LENGTH));
	feed(world, transition_of(cookie, time_ns, TCP_FIN_WAIT2, TCP_CLOSE));
}

/* The same in true TIME_WAIT since `time_ns`. */
static void linger(struct world *world, uint64_t cookie, uint64_t time_ns)
{
	close_first_alone(world, cookie, time_ns);
	feed(world, timewait_of(cookie, time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	world->count = 0;
}

static void the_full_sockets_close_is_no_transition_of_the_connection(void **state)
{
	struct world *world = *state;

	close_first_alone(world, 1, 10 * SECOND);
	assert_int_equal(world->count, 0);
	assert_true(world_knows(world, 1));
	assert_int_equal(world_find(world, 1)->state, TCP_FIN_WAIT2);
	assert_int_equal(world_owner(world, 1), 7);
	assert_int_equal(world_closer(world, 1), 7);
}

static void without_a_minisocket_the_close_is_a_transition(void **state)
{
	struct world *world = *state;

	close_first(world, 1, 10 * SECOND); /* tcp_max_tw_buckets */
	feed(world, transition_of(1, 11 * SECOND, TCP_FIN_WAIT2, TCP_CLOSE));
	told_last(world, TCP_FIN_WAIT2, TCP_CLOSE);
	assert_null(world_find(world, 1));
}

static void a_minisocket_born_whole_is_in_time_wait(void **state)
{
	struct world *world = *state;
	const struct told *told;

	close_first(world, 1, 10 * SECOND);
	feed(world, timewait_of(1, 12 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	told = told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT);
	assert_int_equal(told->in_old_ns, 2 * SECOND);
	assert_int_equal(told->time_ns, 12 * SECOND);
	assert_int_equal(told->end_reason, END_NONE);
	assert_int_equal(told->owner, 7);
	assert_int_equal(told->closer, 7);
}

static void both_ends_closing_at_once_pass_from_closing_to_time_wait(void **state)
{
	struct world *world = *state;

	feed(world, transition_of(1, 10 * SECOND, TCP_FIN_WAIT1, TCP_CLOSING));
	feed(world, timewait_of(1, 11 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	assert_int_equal(told_last(world, TCP_CLOSING, TCP_TIME_WAIT)->in_old_ns, SECOND);
}

static void the_peers_fin_is_told_when_it_rearms_the_timer(void **state)
{
	struct world *world = *state;

	close_first_alone(world, 1, 10 * SECOND);
	feed(world, timewait_end(1, 15 * SECOND, TCP_FIN_WAIT2, 55 * SECOND, END_REARMED));
	assert_int_equal(world->count, 0);
	feed(world, timewait_of(1, 15 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->time_ns, 15 * SECOND);
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->in_old_ns, 5 * SECOND);
	assert_int_equal(world->count, 1);
}

/* All that tells of it is the cancelled timer, which still says when it would have expired. */
static void the_peers_fin_is_told_by_the_timer_that_it_cancels(void **state)
{
	struct record_timewait fin =
		timewait_of(1, 15 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, 10 * SECOND);
	struct world *world = *state;

	fin.rearmed = true;
	close_first_alone(world, 1, 10 * SECOND);
	feed(world, fin);
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->time_ns, 15 * SECOND);
	assert_int_equal(world->count, 1);
	assert_true(world->model.timewait_ns == 60 * SECOND);
}

/* The rearm stayed in its bucket of the wheel: no event, only the timer says when. */
static void the_peers_fin_is_dated_by_the_timer_when_it_is_seen_later(void **state)
{
	struct world *world = *state;

	close_first_alone(world, 1, 10 * SECOND);
	feed(world,
	     timewait_of(1, 16 * SECOND, TIMEWAIT_SEEN, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->time_ns, 15 * SECOND);
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->in_old_ns, 5 * SECOND);
	/* seen once more: nothing new */
	feed(world, timewait_of(1, 17 * SECOND, TIMEWAIT_SEEN, TCP_TIME_WAIT,
				LENGTH - 2 * (int64_t)SECOND));
	assert_int_equal(world->count, 1);
}

static void time_wait_is_never_dated_before_the_state_it_came_from(void **state)
{
	struct world *world = *state;

	close_first_alone(world, 1, 10 * SECOND);
	feed(world, timewait_of(1, 11 * SECOND, TIMEWAIT_SEEN, TCP_TIME_WAIT,
				LENGTH - 5 * (int64_t)SECOND));
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->time_ns, 10 * SECOND);
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->in_old_ns, 0);
}

static void time_wait_is_never_dated_after_it_was_seen(void **state)
{
	struct world *world = *state;

	close_first_alone(world, 1, 10 * SECOND);
	feed(world,
	     timewait_of(1, 11 * SECOND, TIMEWAIT_SEEN, TCP_TIME_WAIT, LENGTH + (int64_t)SECOND));
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->time_ns, 11 * SECOND);
}

static void a_fin_that_nobody_saw_is_told_with_the_end(void **state)
{
	struct world *world = *state;
	const struct told *end;

	close_first_alone(world, 1, 10 * SECOND);
	/* 60 s and a granule of the wheel after the FIN at 13 s */
	feed(world, timewait_end(1, 75 * SECOND, TCP_TIME_WAIT, -2 * (int64_t)SECOND, END_EXPIRED));
	assert_int_equal(world->count, 2);
	assert_int_equal(world->told[0].old_state, TCP_FIN_WAIT2);
	assert_int_equal(world->told[0].new_state, TCP_TIME_WAIT);
	assert_int_equal(world->told[0].time_ns, 13 * SECOND);
	assert_int_equal(world->told[0].in_old_ns, 3 * SECOND);
	assert_int_equal(world->told[0].end_reason, END_NONE);
	end = told_last(world, TCP_TIME_WAIT, TCP_CLOSE);
	assert_int_equal(end->in_old_ns, 62 * SECOND);
	assert_int_equal(end->end_reason, END_EXPIRED);
	assert_int_equal(end->owner, 7);
	assert_null(world_find(world, 1));
}

static void each_end_is_told_with_its_reason(void **state)
{
	static const enum end_reason reasons[] = {END_EXPIRED, END_REUSED,    END_SYN,
						  END_RESET,   END_DESTROYED, END_UNKNOWN};
	struct world *world = *state;

	for (size_t i = 0; i < COUNT(reasons); i++) {
		linger(world, 1, 10 * SECOND);
		feed(world,
		     timewait_end(1, 20 * SECOND, TCP_TIME_WAIT, 50 * (int64_t)SECOND, reasons[i]));
		assert_int_equal(world->count, 1);
		assert_int_equal(told_last(world, TCP_TIME_WAIT, TCP_CLOSE)->end_reason,
				 reasons[i]);
		assert_int_equal(told_last(world, TCP_TIME_WAIT, TCP_CLOSE)->in_old_ns,
				 10 * SECOND);
		assert_null(world_find(world, 1));
	}
}

static void an_end_without_a_reason_is_unknown(void **state)
{
	struct world *world = *state;

	linger(world, 1, 10 * SECOND);
	feed(world, timewait_end(1, 20 * SECOND, TCP_TIME_WAIT, 50 * (int64_t)SECOND, END_NONE));
	assert_int_equal(told_last(world, TCP_TIME_WAIT, TCP_CLOSE)->end_reason, END_UNKNOWN);
}

static void an_end_before_the_peers_fin_is_out_of_fin_wait2(void **state)
{
	struct world *world = *state;
	const struct told *told;

	close_first_alone(world, 1, 10 * SECOND);
	feed(world, timewait_end(1, 71 * SECOND, TCP_FIN_WAIT2, -(int64_t)SECOND, END_EXPIRED));
	assert_int_equal(world->count, 1);
	told = told_last(world, TCP_FIN_WAIT2, TCP_CLOSE);
	assert_int_equal(told->in_old_ns, 61 * SECOND);
	assert_int_equal(told->end_reason, END_EXPIRED);
}

/* The peer sends its FIN again: our last ACK was lost. */
static void a_rearm_in_time_wait_is_no_transition_and_no_end(void **state)
{
	struct world *world = *state;

	linger(world, 1, 10 * SECOND);
	feed(world, timewait_end(1, 20 * SECOND, TCP_TIME_WAIT, 50 * (int64_t)SECOND, END_REARMED));
	feed(world, timewait_of(1, 20 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	assert_int_equal(world->count, 0);
	assert_true(world_knows(world, 1));
	/* its life is counted from its first entry */
	feed(world, timewait_end(1, 81 * SECOND, TCP_TIME_WAIT, -(int64_t)SECOND, END_EXPIRED));
	assert_int_equal(told_last(world, TCP_TIME_WAIT, TCP_CLOSE)->in_old_ns, 71 * SECOND);
}

/* tcp_tw_timeout of some vendors' kernels. */
static void the_length_of_time_wait_is_learned_from_the_kernel(void **state)
{
	struct world *world = *state;

	close_first(world, 1, 10 * SECOND);
	feed(world, timewait_of(1, 10 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, 15 * SECOND));
	assert_int_equal(world->model.timewait_ns, 15 * SECOND);
	close_first_alone(world, 2, 20 * SECOND);
	feed(world, timewait_of(2, 25 * SECOND, TIMEWAIT_SEEN, TCP_TIME_WAIT, 13 * SECOND));
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->time_ns, 23 * SECOND);
}

static void a_tick_more_or_less_teaches_nothing(void **state)
{
	struct world *world = *state;

	close_first(world, 1, 10 * SECOND);
	feed(world, timewait_of(1, 10 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH - 10000000));
	assert_int_equal(world->model.timewait_ns, LENGTH);
}

static void the_timeout_of_fin_wait2_teaches_nothing(void **state)
{
	struct world *world = *state;

	close_first(world, 1, 10 * SECOND);
	feed(world, timewait_of(1, 10 * SECOND, TIMEWAIT_ARMED, TCP_FIN_WAIT2, 20 * SECOND));
	assert_int_equal(world->model.timewait_ns, LENGTH);
}

static void a_minisocket_whose_birth_was_lost_is_told_from_its_end(void **state)
{
	struct world *world = *state;
	const struct told *told;

	feed(world, timewait_end(1, 80 * SECOND, TCP_TIME_WAIT, 30 * (int64_t)SECOND, END_REUSED));
	told = told_last(world, TCP_TIME_WAIT, TCP_CLOSE);
	assert_int_equal(told->end_reason, END_REUSED);
	assert_int_equal(told->in_old_ns, 30 * SECOND);
	assert_int_equal(told->owner, 0);
	assert_null(world_find(world, 1));
}

static void a_minisocket_that_is_only_seen_is_known_as_one(void **state)
{
	struct world *world = *state;

	feed(world, timewait_of(1, 80 * SECOND, TIMEWAIT_SEEN, TCP_TIME_WAIT, LENGTH));
	assert_int_equal(world_find(world, 1)->state, TCP_TIME_WAIT);
	assert_true(world_find(world, 1)->flags & CONNECTION_MINISOCKET);
}

static void without_a_cookie_only_the_end_is_told(void **state)
{
	struct world *world = *state;
	const struct told *told;

	feed(world, timewait_of(0, 10 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	feed(world, timewait_of(0, 11 * SECOND, TIMEWAIT_SEEN, TCP_TIME_WAIT, LENGTH));
	assert_int_equal(world->count, 0);
	feed(world, timewait_end(0, 30 * SECOND, TCP_TIME_WAIT, 40 * (int64_t)SECOND, END_SYN));
	told = told_last(world, TCP_TIME_WAIT, TCP_CLOSE);
	assert_int_equal(told->cookie, 0);
	assert_int_equal(told->end_reason, END_SYN);
	assert_int_equal(told->in_old_ns, 20 * SECOND);
	assert_int_equal(told->owner, 0);
	assert_int_equal(told->tuple.lport, 40000);
	assert_int_equal(world->model.connections.pool.live, 0);
}

/* When it entered FIN_WAIT2 its timer does not tell: the time-out is not TIME_WAIT's. */
static void without_a_cookie_the_time_in_fin_wait2_is_unknown(void **state)
{
	struct world *world = *state;

	feed(world, timewait_end(0, 30 * SECOND, TCP_FIN_WAIT2, 40 * (int64_t)SECOND, END_RESET));
	assert_true(told_last(world, TCP_FIN_WAIT2, TCP_CLOSE)->in_old_ns == UNKNOWN_NS);
}

static void two_without_a_cookie_are_told_apart(void **state)
{
	struct world *world = *state;

	for (uint16_t port = 1; port <= 2; port++) {
		struct record_timewait record = timewait_end(0, 30 * SECOND, TCP_TIME_WAIT,
							     40 * (int64_t)SECOND, END_EXPIRED);

		record.tuple.lport = port;
		feed(world, record);
		assert_int_equal(told_last(world, TCP_TIME_WAIT, TCP_CLOSE)->tuple.lport, port);
	}
	assert_int_equal(world->count, 2);
}

/* The clock of a virtual machine that was just started. */
static void a_minisocket_older_than_the_clock_is_no_trouble(void **state)
{
	struct world *world = *state;

	feed(world, timewait_end(0, 5 * SECOND, TCP_TIME_WAIT, 10 * (int64_t)SECOND, END_EXPIRED));
	assert_in_range(told_last(world, TCP_TIME_WAIT, TCP_CLOSE)->in_old_ns, 0, 5 * SECOND);
}

/* Whatever comes: what a minisocket stands for has no full socket any more. */
static void a_minisocket_never_becomes_anything_else(void **state)
{
	struct world *world = *state;

	feed(world, timewait_of(1, 10 * SECOND, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	feed(world, transition_of(1, 11 * SECOND, TCP_SYN_SENT, TCP_ESTABLISHED));
	feed(world, timewait_of(1, 12 * SECOND, TIMEWAIT_ARMED, TCP_FIN_WAIT2, LENGTH));
	feed(world, listing_of(13 * SECOND, LISTING_BEGINS, 0));
	feed(world, socket_row(1, 14 * SECOND, TCP_ESTABLISHED));
	feed(world, minisocket_row(1, 15 * SECOND, TCP_FIN_WAIT2, LENGTH));
	feed(world, listing_of(16 * SECOND, LISTING_ENDS, 0));
	assert_int_equal(world_find(world, 1)->state, TCP_TIME_WAIT);
	assert_int_equal(world->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(the_full_sockets_close_is_no_transition_of_the_connection),
		world_test(without_a_minisocket_the_close_is_a_transition),
		world_test(a_minisocket_born_whole_is_in_time_wait),
		world_test(both_ends_closing_at_once_pass_from_closing_to_time_wait),
		world_test(the_peers_fin_is_told_when_it_rearms_the_timer),
		world_test(the_peers_fin_is_told_by_the_timer_that_it_cancels),
		world_test(the_peers_fin_is_dated_by_the_timer_when_it_is_seen_later),
		world_test(time_wait_is_never_dated_before_the_state_it_came_from),
		world_test(time_wait_is_never_dated_after_it_was_seen),
		world_test(a_fin_that_nobody_saw_is_told_with_the_end),
		world_test(each_end_is_told_with_its_reason),
		world_test(an_end_without_a_reason_is_unknown),
		world_test(an_end_before_the_peers_fin_is_out_of_fin_wait2),
		world_test(a_rearm_in_time_wait_is_no_transition_and_no_end),
		world_test(the_length_of_time_wait_is_learned_from_the_kernel),
		world_test(a_tick_more_or_less_teaches_nothing),
		world_test(the_timeout_of_fin_wait2_teaches_nothing),
		world_test(a_minisocket_whose_birth_was_lost_is_told_from_its_end),
		world_test(a_minisocket_that_is_only_seen_is_known_as_one),
		world_test(without_a_cookie_only_the_end_is_told),
		world_test(without_a_cookie_the_time_in_fin_wait2_is_unknown),
		world_test(two_without_a_cookie_are_told_apart),
		world_test(a_minisocket_older_than_the_clock_is_no_trouble),
		world_test(a_minisocket_never_becomes_anything_else),
	};

	return cmocka_run_group_tests_name("model_timewait", tests, NULL, NULL);
}
