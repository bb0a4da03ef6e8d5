// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "time_waits_screen.h"

static void a_time_wait_is_charged_to_who_connected(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	lives(screen, 1, 7);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->created, 1);
	assert_int_equal(row->ended, 0);
	assert_int_equal(row->predates, 0);
	assert_int_equal(row->closed, 1);
	assert_int_equal(row->closed_first, 1);
	assert_int_equal(row->direction, DIRECTION_OUT);
	assert_int_equal(row->tuple.lport, 0);
	assert_int_equal(row->tuple.rport, 80);
	assert_null(time_waits_closer(&screen->waits, row));
	assert_true(histogram_percentile(&row->connected, 0.5) == CONNECTED);
}

static void who_closed_instead_is_named(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.closer = process_of(8, "child");
	feed(screen->world, record);
	enters(screen, 1);
	assert_int_equal(time_waits_closer(&screen->waits, row_of(screen, 7))->id.pid, 8);
	/* another one was closed by its owner: they have no closer in common */
	lives(screen, 2, 7);
	assert_null(time_waits_closer(&screen->waits, row_of(screen, 7)));
}

static void a_natural_end_has_lived_a_whole_life(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	lives(screen, 1, 7);
	pass(screen, 61 * SECOND);
	ends(screen, 1, END_EXPIRED);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 0);
	assert_int_equal(row->ended, 1);
	assert_int_equal(row->reasons[END_EXPIRED], 1);
	assert_true(histogram_percentile(&row->lifetime, 0.5) == 61 * SECOND);
}

static void each_end_is_counted_by_its_reason(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;
	uint64_t cookie = 0;

	for (unsigned int reason = END_EXPIRED; reason <= END_UNKNOWN; reason++)
		for (unsigned int times = 0; times < reason; times++) {
			lives(screen, ++cookie, 7);
			pass(screen, SECOND);
			ends(screen, cookie, reason);
		}
	row = row_of(screen, 7);
	assert_int_equal(row->created, cookie);
	assert_int_equal(row->ended, cookie);
	for (unsigned int reason = END_EXPIRED; reason <= END_UNKNOWN; reason++)
		assert_int_equal(row->reasons[reason], reason);
	assert_int_equal(row->lifetime.count, cookie);
	assert_true(histogram_percentile(&row->lifetime, 1) == SECOND);
}

/* Whoever closes second has no TIME_WAIT: nothing more is streamed of it. */
static void where_the_peer_closes_first_there_is_none(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	establishes(screen, 1);
	feed(screen->world, owned(1, screen->time_ns, TCP_CLOSE_WAIT, 7));
	assert_false(world_knows(screen->world, 1));
	row = row_of(screen, 7);
	assert_int_equal(row->closed, 1);
	assert_int_equal(row->closed_first, 0);
	assert_int_equal(row->connected.count, 1);
	assert_int_equal(row->created, 0);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 0);
}

/* Broken off: no FIN was sent, so nothing is said of how long it was connected. */
static void an_abort_is_a_close_by_whoever_broke_it_off(void **state)
{
	struct record_transition ours, theirs;
	const struct time_wait_row *row;
	struct screen *screen = *state;

	theirs = owned(1, screen->time_ns, TCP_CLOSE, 7);
	feed(screen->world, theirs);
	row = row_of(screen, 7);
	assert_int_equal(row->closed, 1);
	assert_int_equal(row->closed_first, 0);
	ours = owned(2, screen->time_ns, TCP_CLOSE, 7);
	ours.closer = ours.owner;
	feed(screen->world, ours);
	row = row_of(screen, 7);
	assert_int_equal(row->closed, 2);
	assert_int_equal(row->closed_first, 1);
	assert_int_equal(row->connected.count, 0);
}

/* A FIN right behind the handshake: the state of ESTABLISHED is passed over. */
static void a_connection_that_never_was_established_is_closed_too(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.old_state = TCP_SYN_RECV;
	record.direction = DIRECTION_IN;
	feed(screen->world, record);
	assert_int_equal(row_of(screen, 7)->closed, 1);
	assert_int_equal(row_of(screen, 7)->closed_first, 1);
	assert_int_equal(row_of(screen, 7)->connected.count, 0);
}

static void waiting_for_the_peers_fin_is_counted_apart(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	closes(screen, 1, 7);
	waits(screen, 1);
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 1);
	assert_int_equal(row->sockets, 0);
	assert_int_equal(row->created, 0);
	pass(screen, 3 * SECOND);
	enters(screen, 1);
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->created, 1);
	assert_true(histogram_percentile(&row->fin_wait2_lifetime, 0.5) == 3 * SECOND);
	pass(screen, SECOND);
	ends(screen, 1, END_SYN);
	row = row_of(screen, 7);
	assert_true(histogram_percentile(&row->lifetime, 0.5) == SECOND);
	assert_int_equal(row->fin_wait2_lifetime.count, 1);
}

static void a_fin_that_never_comes_is_no_end_of_a_time_wait(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	closes(screen, 1, 7);
	waits(screen, 1);
	pass(screen, 2 * SECOND);
	feed(screen->world, timewait_end(1, screen->time_ns, TCP_FIN_WAIT2, 0, END_EXPIRED));
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->ended, 0);
	assert_true(histogram_percentile(&row->fin_wait2_lifetime, 0.5) == 2 * SECOND);
}

/* Found by the look at the live ones, within a refresh. */
static void a_fin_that_came_silently_is_dated_by_the_timer(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	closes(screen, 1, 7);
	waits(screen, 1);
	pass(screen, 3 * SECOND);
	feed(screen->world, timewait_of(1, screen->time_ns, TIMEWAIT_SEEN, TCP_TIME_WAIT,
					LENGTH - (int64_t)SECOND));
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->sockets, 1);
	assert_true(histogram_percentile(&row->fin_wait2_lifetime, 0.5) == 2 * SECOND);
}

static void born_whole_it_never_was_in_fin_wait2(void **state)
{
	struct screen *screen = *state;

	closes(screen, 1, 7);
	pass(screen, SECOND);
	enters(screen, 1);
	assert_int_equal(row_of(screen, 7)->fin_wait2_lifetime.count, 0);
}

static void a_fin_that_comes_again_is_counted(void **state)
{
	struct screen *screen = *state;

	lives(screen, 1, 7);
	for (unsigned int times = 0; times < 3; times++) {
		pass(screen, SECOND);
		enters(screen, 1);
	}
	assert_int_equal(row_of(screen, 7)->rearmed, 3);
	assert_int_equal(row_of(screen, 7)->created, 1);
	ends(screen, 1, END_RESET);
	assert_true(histogram_percentile(&row_of(screen, 7)->lifetime, 0.5) == 3 * SECOND);
}

/* A CPU goes offline: its timers are cancelled, and started on another, with the time left to them.
 */
static void a_timer_that_moves_to_another_cpu_is_not_rearmed(void **state)
{
	struct screen *screen = *state;

	lives(screen, 1, 7);
	pass(screen, 20 * SECOND);
	ends(screen, 1, END_REARMED);
	feed(screen->world, timewait_of(1, screen->time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT,
					LENGTH - 20 * (int64_t)SECOND));
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	assert_int_equal(row_of(screen, 7)->rearmed, 0);
	assert_int_equal(row_of(screen, 7)->ended, 0);
}

static void what_the_kernel_refused_is_overflow(void **state)
{
	struct screen *screen = *state;

	feed(screen->world, counters_of(screen->time_ns, 100));
	list_nothing(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		fails_to_wait(screen, cookie, 7, false);
	fails_to_wait(screen, 4, 8, true);
	settle(screen, 102);
	assert_int_equal(row_of(screen, 7)->overflow, 2);
	assert_int_equal(row_of(screen, 7)->closed, 3);
	assert_int_equal(row_of(screen, 7)->created, 0);
	assert_int_equal(row_of(screen, 8)->overflow, 0);
}

/* Those of others were refused too: they are not to confirm what this one broke off itself. */
static void refusals_of_others_confirm_nothing(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	screen->filter.pid = 8;
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		fails_to_wait(screen, cookie, 7, false);
	settle(screen, 3);
	fails_to_wait(screen, 4, 8, false);
	settle(screen, 3);
	assert_null(row_of(screen, 7));
	assert_int_equal(row_of(screen, 8)->overflow, 0);
}

static uint64_t whole_lives(const struct screen *screen, const struct time_wait_row *row)
{
	uint64_t counts[HISTOGRAM_EDGES + 1];
	struct histogram_scale scale;

	histogram_scale_life(&scale, screen->world->model.timewait_ns);
	histogram_buckets(&row->lifetime, &scale, counts);
	return counts[WHOLE];
}

static void live_for_15_s(struct screen *screen, uint64_t cookie)
{
	closes(screen, cookie, 7);
	feed(screen->world,
	     timewait_of(cookie, screen->time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, SHORT));
	pass(screen, 15 * SECOND + 200 * MS);
	ends(screen, cookie, END_EXPIRED);
}

static void a_length_of_15_s_is_configured(void **state)
{
	struct screen *screen = *state;

	screen->world->model.timewait_ns = (uint64_t)SHORT;
	live_for_15_s(screen, 1);
	assert_true(screen->world->model.timewait_ns == (uint64_t)SHORT);
	assert_int_equal(whole_lives(screen, row_of(screen, 7)), 1);
}

static void a_length_of_15_s_is_learned(void **state)
{
	struct screen *screen = *state;

	live_for_15_s(screen, 1);
	assert_true(screen->world->model.timewait_ns == (uint64_t)SHORT);
	assert_int_equal(whole_lives(screen, row_of(screen, 7)), 1);
	/* and dates what is only seen: 5 s ago of 15 */
	closes(screen, 2, 7);
	waits(screen, 2);
	pass(screen, 9 * SECOND);
	feed(screen->world,
	     timewait_of(2, screen->time_ns, TIMEWAIT_SEEN, TCP_TIME_WAIT, 10 * (int64_t)SECOND));
	assert_true(histogram_percentile(&row_of(screen, 7)->fin_wait2_lifetime, 0.5) ==
		    4 * SECOND);
	pass(screen, SECOND);
	ends(screen, 2, END_SYN);
	assert_true(histogram_percentile(&row_of(screen, 7)->lifetime, 0) == 6 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_time_wait_is_charged_to_who_connected),
		screen_test(who_closed_instead_is_named),
		screen_test(a_natural_end_has_lived_a_whole_life),
		screen_test(each_end_is_counted_by_its_reason),
		screen_test(where_the_peer_closes_first_there_is_none),
		screen_test(an_abort_is_a_close_by_whoever_broke_it_off),
		screen_test(a_connection_that_never_was_established_is_closed_too),
		screen_test(waiting_for_the_peers_fin_is_counted_apart),
		screen_test(a_fin_that_never_comes_is_no_end_of_a_time_wait),
		screen_test(a_fin_that_came_silently_is_dated_by_the_timer),
		screen_test(born_whole_it_never_was_in_fin_wait2),
		screen_test(a_fin_that_comes_again_is_counted),
		screen_test(a_timer_that_moves_to_another_cpu_is_not_rearmed),
		screen_test(what_the_kernel_refused_is_overflow),
		screen_test(refusals_of_others_confirm_nothing),
		screen_test(a_length_of_15_s_is_configured),
		screen_test(a_length_of_15_s_is_learned),
	};

	return cmocka_run_group_tests_name("time_waits", tests, NULL, NULL);
}
