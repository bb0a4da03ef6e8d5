// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "time_waits_screen.h"

static void what_is_older_than_the_tool_is_nobodys(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	listing_begins(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		feed(screen->world,
		     minisocket_row(cookie, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND));
	feed(screen->world, minisocket_row(4, screen->time_ns, TCP_FIN_WAIT2, LENGTH));
	listing_ends(screen);
	row = row_of(screen, 0);
	assert_int_equal(row->sockets, 3);
	assert_int_equal(row->predates, 3);
	assert_int_equal(row->fin_wait2, 1);
	assert_int_equal(row->created, 0);
	pass(screen, 20 * SECOND);
	ends(screen, 1, END_EXPIRED);
	row = row_of(screen, 0);
	assert_int_equal(row->sockets, 2);
	assert_int_equal(row->predates, 2);
	assert_int_equal(row->ended, 1);
	assert_true(histogram_percentile(&row->lifetime, 0.5) == 60 * SECOND);
}

/* Its connection is older than the tool, its TIME_WAIT is not. */
static void what_enters_while_we_watch_is_created(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	listing_begins(screen);
	feed(screen->world, socket_row(1, screen->time_ns, TCP_ESTABLISHED));
	feed(screen->world, minisocket_row(2, screen->time_ns, TCP_FIN_WAIT2, LENGTH));
	listing_ends(screen);
	pass(screen, SECOND);
	lives(screen, 1, 0);
	enters(screen, 2);
	row = row_of(screen, 0);
	assert_int_equal(row->sockets, 2);
	assert_int_equal(row->created, 2);
}

/* The same where its birth was lost, and only a later listing shows it. */
static void what_a_later_listing_finds_of_an_older_connection_is_created(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	feed(screen->world, socket_row(1, screen->time_ns, TCP_ESTABLISHED));
	listing_ends(screen);
	pass(screen, 10 * SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - 5 * (int64_t)SECOND));
	listing_ends(screen);
	assert_int_equal(row_of(screen, 0)->sockets, 1);
	assert_int_equal(row_of(screen, 0)->created, 1);
	assert_int_equal(row_of(screen, 0)->predates, 0);
}

/* The hooks are attached before what exists is listed; the ring is read later. */
static void what_begins_between_attaching_and_listing_is_created(void **state)
{
	struct screen *screen = *state;

	pass(screen, SECOND);
	listing_begins(screen);
	screen->time_ns -= SECOND;
	lives(screen, 1, 7);
	pass(screen, SECOND);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	listing_ends(screen);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	assert_int_equal(row_of(screen, 7)->created, 1);
	assert_int_equal(row_of(screen, 7)->predates, 0);
}

static void what_ends_before_the_first_refresh_leaves_the_books_alone(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND));
	ends(screen, 1, END_SYN);
	listing_ends(screen);
	assert_true(sum_up(screen).sockets == 0);
}

/* Nobody had asked for a cookie, and no listing showed it: it was never counted. */
static void what_was_never_there_cannot_end(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	pass(screen, 10 * SECOND);
	feed(screen->world,
	     timewait_end(0, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND, END_SYN));
	feed(screen->world,
	     timewait_end(5, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND, END_SYN));
	check_books(screen);
	assert_true(sum_up(screen).sockets == 0);
	assert_true(sum_up(screen).created == 0);
}

static void what_is_gone_at_the_next_listing_ended_for_unknown_reasons(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	list_nothing(screen);
	pass(screen, SECOND);
	lives(screen, 1, 7);
	lives(screen, 2, 7);
	closes(screen, 3, 7);
	waits(screen, 3);
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	listing_ends(screen);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->ended, 1);
	assert_int_equal(row->reasons[END_UNKNOWN], 1);
	assert_int_equal(row->lifetime.count, 0);
}

static void what_only_a_later_listing_shows_was_created_meanwhile(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	pass(screen, 10 * SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - 5 * (int64_t)SECOND));
	listing_ends(screen);
	assert_int_equal(row_of(screen, 0)->created, 1);
	assert_int_equal(row_of(screen, 0)->predates, 0);
	ends(screen, 1, END_EXPIRED);
	assert_int_equal(row_of(screen, 0)->ended, 1);
	assert_true(histogram_percentile(&row_of(screen, 0)->lifetime, 1) == 5 * SECOND);
}

/* Its birth was lost; the listing shows it, and it ends before the listing does. */
static void what_is_found_and_ends_within_a_listing_began_and_ended(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	pass(screen, 10 * SECOND);
	closes(screen, 1, 7);
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world, minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	pass(screen, MS);
	ends(screen, 1, END_SYN);
	listing_ends(screen);
	assert_int_equal(row_of(screen, 7)->created, 1);
	assert_int_equal(row_of(screen, 7)->ended, 1);
}

/* Without BPF each refresh lists anew. */
static void listings_alone_count_what_comes_and_goes(void **state)
{
	struct screen *screen = *state;

	for (unsigned int n = 0; n < 5; n++) {
		listing_begins(screen);
		for (uint64_t cookie = n + 1; cookie <= n + 4; cookie++)
			feed(screen->world,
			     minisocket_row(cookie, screen->time_ns, TCP_TIME_WAIT, LENGTH));
		listing_ends(screen);
		refresh(screen, false);
		pass(screen, SECOND);
	}
	assert_int_equal(row_of(screen, 0)->sockets, 4);
	assert_int_equal(row_of(screen, 0)->created, 4);
	assert_int_equal(row_of(screen, 0)->reasons[END_UNKNOWN], 4);
}

/* The row of a listing may be read before the record of what it shows. */
static void a_birth_that_a_listing_was_ahead_of_is_counted_once(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;
	uint64_t born_ns;

	list_nothing(screen);
	pass(screen, SECOND);
	closes(screen, 1, 7);
	closes(screen, 2, 7);
	born_ns = screen->time_ns + MS;
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	feed(screen->world, minisocket_row(2, screen->time_ns, TCP_FIN_WAIT2, LENGTH));
	feed(screen->world, timewait_of(1, born_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	feed(screen->world, timewait_of(2, born_ns, TIMEWAIT_ARMED, TCP_FIN_WAIT2, LENGTH));
	listing_ends(screen);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->created, 1);
	assert_int_equal(row->fin_wait2, 1);
	assert_int_equal(row->predates, 0);
	assert_int_equal(row->rearmed, 0);
}

/* At the first listing it would seem to be older than the tool. */
static void a_birth_that_the_first_listing_was_ahead_of_is_created(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	pass(screen, MS);
	feed(screen->world, minisocket_row(1, screen->time_ns + MS, TCP_TIME_WAIT, LENGTH));
	lives(screen, 1, 7);
	listing_ends(screen);
	assert_int_equal(row_of(screen, 7)->created, 1);
	assert_int_equal(row_of(screen, 7)->predates, 0);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
}

/* The timer's clock has ticks: it may date the FIN before or after its own record. */
static void a_fin_that_a_listing_was_ahead_of_is_counted_once(void **state)
{
	static const int64_t ticks[] = {-4 * (int64_t)MS, 0, 4 * (int64_t)MS};
	struct screen *screen = *state;

	for (size_t i = 0; i < COUNT(ticks); i++) {
		const struct time_wait_row *row;
		uint64_t fin_ns;

		again_by(screen, BY_PID);
		list_nothing(screen);
		pass(screen, SECOND);
		closes(screen, 1, 7);
		waits(screen, 1);
		pass(screen, SECOND);
		fin_ns = screen->time_ns;
		pass(screen, SECOND);
		listing_begins(screen);
		feed(screen->world, minisocket_row(1, screen->time_ns, TCP_TIME_WAIT,
						   LENGTH - (int64_t)SECOND + ticks[i]));
		feed(screen->world, timewait_of(1, fin_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
		listing_ends(screen);
		row = row_of(screen, 7);
		check(row->sockets == 1 && row->created == 1 && row->fin_wait2 == 0 &&
			      row->rearmed == 0 && row->fin_wait2_lifetime.count == 1,
		      "%lld: %u sockets, %llu created, %u in FIN_WAIT2, %llu rearmed",
		      (long long)ticks[i], row->sockets, (unsigned long long)row->created,
		      row->fin_wait2, (unsigned long long)row->rearmed);
	}
}

/* The close was lost, the birth was not. */
static void a_birth_out_of_any_state_is_a_birth(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_ESTABLISHED, 7);

	record.old_state = TCP_SYN_SENT;
	feed(screen->world, record);
	pass(screen, SECOND);
	enters(screen, 1);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	assert_int_equal(row_of(screen, 7)->created, 1);
	ends(screen, 1, END_SYN);
	assert_int_equal(row_of(screen, 7)->ended, 1);
}

/* By the clocks of two CPUs: else it would be counted in a state that the connection is not in. */
static void a_time_wait_that_seems_older_than_its_fin_wait2_counts_once(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	feed(screen->world, minisocket_row(1, screen->time_ns, TCP_FIN_WAIT2, LENGTH));
	feed(screen->world, timewait_of(1, screen->time_ns - SECOND / 1000, TIMEWAIT_ARMED,
					TCP_TIME_WAIT, LENGTH));
	listing_ends(screen);
	assert_int_equal(row_of(screen, 0)->sockets, 1);
	assert_int_equal(row_of(screen, 0)->fin_wait2, 0);
	ends(screen, 1, END_SYN);
	assert_int_equal(row_of(screen, 0)->sockets, 0);
	assert_int_equal(row_of(screen, 0)->ended, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(what_is_older_than_the_tool_is_nobodys),
		screen_test(what_enters_while_we_watch_is_created),
		screen_test(what_begins_between_attaching_and_listing_is_created),
		screen_test(what_ends_before_the_first_refresh_leaves_the_books_alone),
		screen_test(what_was_never_there_cannot_end),
		screen_test(what_is_gone_at_the_next_listing_ended_for_unknown_reasons),
		screen_test(what_only_a_later_listing_shows_was_created_meanwhile),
		screen_test(what_a_later_listing_finds_of_an_older_connection_is_created),
		screen_test(what_is_found_and_ends_within_a_listing_began_and_ended),
		screen_test(listings_alone_count_what_comes_and_goes),
		screen_test(a_birth_that_a_listing_was_ahead_of_is_counted_once),
		screen_test(a_birth_that_the_first_listing_was_ahead_of_is_created),
		screen_test(a_fin_that_a_listing_was_ahead_of_is_counted_once),
		screen_test(a_birth_out_of_any_state_is_a_birth),
		screen_test(a_time_wait_that_seems_older_than_its_fin_wait2_counts_once),
	};

	return cmocka_run_group_tests_name("time_waits_listed", tests, NULL, NULL);
}
