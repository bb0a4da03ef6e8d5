// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "leaks_screen.h"

static void all_are_charged_to_their_holders(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 20 * SECOND, 7);
	hold(screen, 1, 8, 3);
	add(screen, 2, 5 * SECOND, 7);
	hold(screen, 2, 9, 3);
	ends(screen, false);
	assert_int_equal(screen->leaks.rows.shown_count, 2);
	assert_int_equal(row_of(screen, 8)->sockets, 1);
	assert_int_equal(leaks_verdict(row_of(screen, 8)), VERDICT_LEAK);
	assert_true(row_of(screen, 8)->oldest[0].fd == 3);
	assert_int_equal(row_of(screen, 9)->sockets, 1);
	assert_int_equal(leaks_verdict(row_of(screen, 9)), VERDICT_TRANSIENT);
	assert_true(row_of(screen, 9)->oldest[0].fd == 3);
}

static void the_young_without_an_owner_are_charged_to_holders_or_nobody(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, SECOND, 0);
	hold(screen, 1, 8, 3);
	add(screen, 2, SECOND, 0);
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->sockets, 1);
	assert_int_equal(row_of(screen, 0)->sockets, 1);
	assert_int_equal(screen->leaks.rows.shown_count, 2);
}

/* Probes hide its age; its last data came 20 s ago. */
static void add_hidden(struct screen *screen, uint64_t received_ns)
{
	struct record_socket record = close_wait_row(1, screen->time_ns, 0, 0, 0);

	record.times.received_ns = received_ns;
	record.owner = process_of(7, "owner");
	record.owner_by = OWNER_CONNECT;
	feed(screen->world, record);
}

static void what_may_be_of_age_is_if_it_is_there_still(void **state)
{
	struct screen *screen = *state;
	uint64_t received_ns = screen->time_ns - 20 * SECOND;

	begins(screen);
	add_hidden(screen, received_ns);
	ends(screen, false);
	assert_int_equal(leaks_verdict(row_of(screen, 7)), VERDICT_TRANSIENT);
	assert_true(asks(screen, QUESTION_STILL));
	screen->time_ns += STILL_NS;
	begins(screen);
	add_hidden(screen, received_ns);
	ends(screen, false);
	assert_int_equal(leaks_verdict(row_of(screen, 7)), VERDICT_LEAK);
	assert_false(asks(screen, QUESTION_STILL));
}

static void what_came_while_watched_is_of_its_age(void **state)
{
	struct screen *screen = *state;
	uint64_t received_ns = screen->time_ns - 20 * SECOND;

	begins(screen);
	ends(screen, false);
	screen->time_ns += SECOND;
	for (int i = 0; i < 2; i++) {
		begins(screen);
		add_hidden(screen, received_ns);
		ends(screen, false);
		assert_int_equal(leaks_verdict(row_of(screen, 7)), VERDICT_TRANSIENT);
		assert_false(asks(screen, QUESTION_STILL));
		screen->time_ns += SECOND;
	}
}

/* A leg that waits for its peer to close, held by process 8. */
static void add_partner(struct screen *screen, uint64_t cookie, uint64_t age_ns)
{
	struct record_socket record =
		close_wait_row(cookie, screen->time_ns, 0, 0, screen->time_ns - age_ns);

	record.state = TCP_FIN_WAIT2;
	feed(screen->world, record);
	hold(screen, cookie, 8, (uint32_t)cookie);
}

static void legs_that_are_held_and_of_age_are_partners(void **state)
{
	struct screen *screen = *state;
	struct record_socket orphan = close_wait_row(5, screen->time_ns, 0, 0, SECOND);

	orphan.state = TCP_FIN_WAIT1;
	orphan.inode = 0;
	orphan.flags = SOCKET_UNACCEPTED;
	screen->world->model.needs.refreshed |= CLOSE_WAIT_STATES;
	begins(screen);
	add(screen, 1, 20 * SECOND, 8);
	hold(screen, 1, 8, 1);
	add_partner(screen, 2, 20 * SECOND);
	add_partner(screen, 3, 20 * SECOND);
	hold(screen, 3, 8, 30); /* a second descriptor of it */
	add_partner(screen, 4, SECOND);
	feed(screen->world, orphan);
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->partners, 2);
	assert_int_equal(row_of(screen, 8)->sockets, 1);
	assert_int_equal(screen->world->model.close_waits.in_close_wait, 1);
	assert_int_equal(screen->world->model.close_waits.pool.live, 4);
}

static void the_age_itself_is_old_enough(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 10 * SECOND, 7);
	add(screen, 2, 10 * SECOND - 1, 8);
	ends(screen, false);
	assert_int_equal(leaks_verdict(row_of(screen, 7)), VERDICT_LEAK);
	assert_int_equal(leaks_verdict(row_of(screen, 8)), VERDICT_TRANSIENT);
}

static void two_descriptors_of_a_process_are_one_socket(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++) {
		add(screen, cookie, 20 * SECOND, 7);
		hold(screen, cookie, 8, 3);
		hold(screen, cookie, 9, 4);
		hold(screen, cookie, 8, 5);
	}
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->sockets, 3);
	assert_int_equal(row_of(screen, 9)->sockets, 3);
	assert_int_equal(row_of(screen, 8)->kinds[KIND_DRAINED], 3);
	assert_true(row_of(screen, 8)->oldest[0].fd == 3);
}

static void a_group_that_holds_a_socket_twice_has_it_once(void **state)
{
	struct screen *screen = *state;

	again_with(screen, (struct view_config){.by = BY_COMM, .once = true});
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++) {
		add(screen, cookie, SECOND, 0);
		hold(screen, cookie, 8, 3);
		hold(screen, cookie, 9, 3);
	}
	ends(screen, false);
	assert_int_equal(screen->leaks.rows.shown_count, 1);
	assert_int_equal(leaks_shown(&screen->leaks, 0)->sockets, 3);
	assert_int_equal(leaks_shown(&screen->leaks, 0)->row.process, 0);
	assert_string_equal(leaks_shown(&screen->leaks, 0)->row.name, "holder");
}

/* A, B, A: the group of the first holder comes again behind that of the second. */
static void groups_that_take_turns_have_it_once_each(void **state)
{
	struct screen *screen = *state;
	static const char *const comms[] = {"a", "b", "a", "b", "a"};

	again_with(screen, (struct view_config){.by = BY_COMM, .once = true});
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 2; cookie++) {
		add(screen, cookie, SECOND, 0);
		for (uint32_t i = 0; i < COUNT(comms); i++)
			feed(screen->world, holder_of(cookie, screen->time_ns, 10 + i, comms[i]));
	}
	ends(screen, false);
	assert_int_equal(screen->leaks.rows.shown_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(leaks_shown(&screen->leaks, i)->sockets, 2);
}

static void the_ten_oldest_are_kept_in_their_order(void **state)
{
	struct screen *screen = *state;
	const struct leak_row *row;

	begins(screen);
	for (uint64_t cookie = 1; cookie <= 500; cookie++) /* ages 0 to 499 s, shuffled */
		add(screen, cookie, (cookie * 77 + 13) % 500 * SECOND, 7);
	ends(screen, false);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 500);
	for (unsigned int i = 0; i < LEAKS_OLDEST; i++)
		assert_true(row->oldest[i].age_ns == (499 - i) * SECOND);
	assert_true(leaks_oldest_ns(row) == 499 * SECOND);
}

static void of_equal_age_the_lower_cookies_are_kept(void **state)
{
	struct screen *screen = *state;
	const struct leak_row *row;

	begins(screen);
	for (uint64_t cookie = 50; cookie >= 1; cookie--)
		add(screen, cookie, 20 * SECOND, 7);
	ends(screen, false);
	row = row_of(screen, 7);
	for (unsigned int i = 0; i < LEAKS_OLDEST; i++)
		assert_true(row->oldest[i].close_wait->cookie == i + 1);
}

static void a_row_that_falls_to_zero_is_shown_once_more(void **state)
{
	struct screen *screen = *state;

	look(screen, 2, false);
	assert_int_equal(row_of(screen, 7)->sockets, 2);
	look(screen, 0, false);
	assert_int_equal(row_of(screen, 7)->sockets, 0);
	assert_int_equal(leaks_verdict(row_of(screen, 7)),
			 VERDICT_LEAK); /* the last that was said */
	assert_null(row_of(screen, 7)->oldest[0].close_wait);
	look(screen, 0, false);
	assert_int_equal(screen->leaks.rows.shown_count, 0);
	look(screen, 1, false);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	look(screen, 0, false);
	look(screen, 0, false);
	assert_int_equal(screen->leaks.rows.shown_count, 0);
	look(screen, 0, true);
	assert_int_equal(row_of(screen, 7)->sockets, 0);
	assert_true(screen->leaks.rows.seq == 7);
}

/* As of a server that forks: its sockets are its children's, which a look-up tells. */
static void an_owner_that_held_nothing_does_not_return_at_the_end(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 5 * SECOND, 7);
	ends(screen, false);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	screen->time_ns += 10 * SECOND;
	begins(screen);
	add(screen, 1, 15 * SECOND, 7);
	hold(screen, 1, 8, 3);
	ends(screen, false);
	assert_int_equal(row_of(screen, 7)->sockets, 0);
	look(screen, 0, true);
	assert_null(row_of(screen, 7));
	assert_non_null(row_of(screen, 8));
}

static void an_owner_that_held_one_as_well_returns_at_the_end(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 15 * SECOND, 7);
	hold(screen, 1, 7, 3);
	add(screen, 2, 15 * SECOND, 7);
	hold(screen, 2, 8, 3);
	ends(screen, false);
	look(screen, 0, false);
	look(screen, 0, true);
	assert_non_null(row_of(screen, 7));
}

/* The model forgets processes; a row refers to its own. */
static void a_row_keeps_its_process(void **state)
{
	struct screen *screen = *state;

	look(screen, 1, false);
	look(screen, 0, false);
	for (uint32_t pid = 1000; pid < 30000; pid++)
		feed(screen->world, description_of(pid, "other", "/bin/other", "/"));
	look(screen, 0, true);
	assert_non_null(row_of(screen, 7));
}

static void a_loss_makes_refreshes_incomplete_until_a_listing(void **state)
{
	struct screen *screen = *state;
	struct losses losses = {.no_memory = 3};

	look(screen, 1, false);
	assert_false(screen->leaks.incomplete);
	feed(screen->world, loss_of(screen->time_ns, &losses));
	look(screen, 1, false);
	assert_true(screen->leaks.incomplete);
	look(screen, 1, false);
	assert_true(screen->leaks.incomplete);
	list_listeners(screen);
	losses.relists = 1; /* healed: nothing more was lost */
	feed(screen->world, loss_of(screen->time_ns, &losses));
	look(screen, 1, false);
	assert_false(screen->leaks.incomplete);
}

static void the_most_sockets_first_and_equals_keep_their_places(void **state)
{
	struct screen *screen = *state;

	for (unsigned int n = 0; n < 5; n++) {
		screen->time_ns += SECOND;
		begins(screen);
		for (uint64_t cookie = 1; cookie <= 30; cookie++)
			add(screen, n % 2 ? 31 - cookie : cookie, 20 * SECOND,
			    (uint32_t)(10 + cookie % 10));
		add(screen, 99, 20 * SECOND, 15);
		ends(screen, false);
		assert_int_equal(screen->leaks.rows.shown_count, 10);
		assert_ptr_equal(leaks_shown(&screen->leaks, 0), row_of(screen, 15));
		for (size_t i = 2; i < 10; i++)
			assert_true(leaks_shown(&screen->leaks, i - 1)->row.key <
				    leaks_shown(&screen->leaks, i)->row.key);
	}
}

static void each_figure_sorts(void **state)
{
	struct screen *screen = *state;
	struct process_facts few = {.fds = 5, .fd_limit = 100}, many = {.fds = 50, .fd_limit = 10};
	struct record_socket unread;

	begins(screen);
	add(screen, 1, 20 * SECOND, 7);
	add(screen, 2, 20 * SECOND, 7);
	unread = close_wait_row(3, screen->time_ns, 101, 0, screen->time_ns - 30 * SECOND);
	unread.owner = process_of(8, "owner");
	unread.owner_by = OWNER_CONNECT;
	feed(screen->world, unread);
	ends(screen, false);
	tell_facts(screen, 7, few);
	tell_facts(screen, 8, many);
	assert_true(row_of(screen, 8)->unread_bytes == 100);
	for (size_t i = 0; i < leaks_table.count; i++) {
		const char *key = leaks_table.members[i].key;
		bool seven;

		if (!member_sorts(&leaks_table.members[i]))
			continue;
		seven = strcmp(key, "sockets") == 0 || strcmp(key, "fd_limit") == 0;
		table_sort(&leaks_table, &screen->leaks.rows, &screen->leaks, key);
		if (strcmp(key, "dead") != 0 && strcmp(key, "growth_per_s") != 0 &&
		    strcmp(key, "fds_exhausted_in_s") != 0)
			check(leaks_shown(&screen->leaks, 0) == row_of(screen, seven ? 7 : 8), "%s",
			      key);
	}
}

/* One more each second, of 20 descriptors 10 are taken. */
static void the_forecast_is_what_is_left_over_the_growth(void **state)
{
	struct process_facts facts = {.fds = 10, .fd_limit = 20};
	struct screen *screen = *state;
	double seconds = 0;

	for (uint64_t n = 1; n <= 12; n++) {
		begins(screen);
		for (uint64_t cookie = 1; cookie <= n; cookie++)
			add(screen, cookie, 20 * SECOND, 7);
		ends(screen, false);
		tell_facts(screen, 7, facts);
		assert_true(leaks_fds_exhausted_in(&screen->leaks, row_of(screen, 7), &seconds) ==
			    (n > 10));
		screen->time_ns += SECOND;
	}
	assert_true(seconds > 9 && seconds < 11);
	facts.fds = 20;
	tell_facts(screen, 7, facts);
	assert_true(leaks_fds_exhausted_in(&screen->leaks, row_of(screen, 7), &seconds));
	assert_true(seconds == 0);
}

static void a_filter_keeps_what_it_asks_for(void **state)
{
	struct screen *screen = *state;

	screen->filter.pid = 8;
	begins(screen);
	add(screen, 1, 20 * SECOND, 7);
	hold(screen, 1, 8, 3);
	add(screen, 2, 20 * SECOND, 7);
	hold(screen, 2, 9, 3);
	add(screen, 3, SECOND, 8);
	add(screen, 4, SECOND, 7);
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->sockets, 2);
	assert_null(row_of(screen, 9));
	assert_null(row_of(screen, 7));
}

static void need_is_asked_with_the_ages_of_this_listing(void **state)
{
	struct screen *screen = *state;
	uint64_t entered = screen->time_ns - 9 * SECOND;
	struct record_socket row = close_wait_row(1, screen->time_ns, 0, 0, entered);

	row.owner = process_of(7, "owner");
	row.owner_by = OWNER_CONNECT;
	begins(screen);
	feed(screen->world, row);
	assert_false(asks(screen, QUESTION_HOLDERS));
	ends(screen, false);
	screen->time_ns += 2 * SECOND;
	begins(screen);
	feed(screen->world, row);
	assert_true(asks(screen, QUESTION_HOLDERS));
	ends(screen, false);
}

static void holders_are_asked_for_where_no_owner_is_known(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	feed(screen->world, close_wait_row(1, screen->time_ns, 0, 0, screen->time_ns - SECOND));
	assert_true(asks(screen, QUESTION_HOLDERS));
	ends(screen, false);
}

static void the_unaccepted_and_the_unseen_need_holders_at_once(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	assert_false(asks(screen, QUESTION_HOLDERS));
	add(screen, 1, SECOND, 7);
	assert_false(asks(screen, QUESTION_HOLDERS));
	feed(screen->world,
	     close_wait_row(2, screen->time_ns, 1, SOCKET_UNACCEPTED, screen->time_ns - SECOND));
	assert_true(asks(screen, QUESTION_HOLDERS));
	ends(screen, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(all_are_charged_to_their_holders),
		screen_test(the_young_without_an_owner_are_charged_to_holders_or_nobody),
		screen_test(what_may_be_of_age_is_if_it_is_there_still),
		screen_test(what_came_while_watched_is_of_its_age),
		screen_test(legs_that_are_held_and_of_age_are_partners),
		screen_test(the_age_itself_is_old_enough),
		screen_test(two_descriptors_of_a_process_are_one_socket),
		screen_test(a_group_that_holds_a_socket_twice_has_it_once),
		screen_test(groups_that_take_turns_have_it_once_each),
		screen_test(the_ten_oldest_are_kept_in_their_order),
		screen_test(of_equal_age_the_lower_cookies_are_kept),
		screen_test(a_row_that_falls_to_zero_is_shown_once_more),
		screen_test(an_owner_that_held_nothing_does_not_return_at_the_end),
		screen_test(an_owner_that_held_one_as_well_returns_at_the_end),
		screen_test(a_row_keeps_its_process),
		screen_test(a_loss_makes_refreshes_incomplete_until_a_listing),
		screen_test(the_most_sockets_first_and_equals_keep_their_places),
		screen_test(each_figure_sorts),
		screen_test(the_forecast_is_what_is_left_over_the_growth),
		screen_test(a_filter_keeps_what_it_asks_for),
		screen_test(need_is_asked_with_the_ages_of_this_listing),
		screen_test(holders_are_asked_for_where_no_owner_is_known),
		screen_test(the_unaccepted_and_the_unseen_need_holders_at_once),
	};

	return cmocka_run_group_tests_name("leaks_view", tests, NULL, NULL);
}
