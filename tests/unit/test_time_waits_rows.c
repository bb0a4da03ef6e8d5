// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "time_waits_screen.h"

static void destinations_have_rows_of_their_own_and_local_ports_have_not(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 12; i++) {
		struct record_transition record = owned(i + 1, screen->time_ns, TCP_FIN_WAIT1, 7);

		record.tuple = tuple_of("10.0.0.1", 40000 + i, "10.0.0.2", 80 + i % 3);
		feed(screen->world, record);
		enters(screen, i + 1);
	}
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(time_waits_shown(&screen->waits, i)->sockets, 4);
}

static void a_service_is_one_row_whoever_its_clients_are(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	for (uint16_t i = 0; i < 12; i++) {
		struct record_transition record = owned(i + 1, screen->time_ns, TCP_FIN_WAIT1, 7);

		record.tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 50000 + i);
		record.tuple.raddr[15] = (uint8_t)i;
		record.direction = DIRECTION_IN;
		feed(screen->world, record);
		enters(screen, i + 1);
	}
	row = only_row(screen);
	assert_int_equal(row->sockets, 12);
	assert_int_equal(row->tuple.lport, 80);
	assert_int_equal(row->tuple.rport, 0);
	assert_int_equal(row->direction, DIRECTION_IN);
}

static void an_unknown_direction_is_taken_for_out(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.direction = DIRECTION_UNKNOWN;
	feed(screen->world, record);
	enters(screen, 1);
	assert_int_equal(only_row(screen)->direction, DIRECTION_UNKNOWN);
	lives(screen, 2, 7);
	assert_int_equal(only_row(screen)->sockets, 2);
	assert_int_equal(only_row(screen)->direction, DIRECTION_OUT);
}

static void a_group_has_the_sockets_of_all_its_processes(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	again_by(screen, BY_COMM);
	for (uint32_t pid = 100; pid < 110; pid++)
		lives(screen, pid, pid);
	row = only_row(screen);
	assert_int_equal(row->sockets, 10);
	assert_int_equal(row->row.process, 0);
	assert_string_equal(row->row.name, "owner");
}

static void a_group_keeps_destinations_apart(void **state)
{
	struct screen *screen = *state;

	again_by(screen, BY_COMM);
	for (uint16_t i = 0; i < 4; i++) {
		struct record_transition record =
			owned(i + 1, screen->time_ns, TCP_FIN_WAIT1, 100 + i);

		record.tuple.rport = 80 + i / 2;
		feed(screen->world, record);
		enters(screen, i + 1);
	}
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 2);
}

static void an_owner_who_closes_is_no_closer_of_its_group(void **state)
{
	struct screen *screen = *state;

	again_by(screen, BY_COMM);
	lives(screen, 1, 7);
	assert_null(time_waits_closer(&screen->waits, only_row(screen)));
	lives(screen, 2, 8);
	assert_null(time_waits_closer(&screen->waits, only_row(screen)));
}

static void a_filter_leaves_out_what_others_own(void **state)
{
	struct screen *screen = *state;

	screen->filter.pid = 8;
	lives(screen, 1, 7);
	lives(screen, 2, 8);
	closes(screen, 3, 7);
	waits(screen, 3);
	assert_int_equal(only_row(screen)->sockets, 1);
	assert_non_null(row_of(screen, 8));
	ends(screen, 1, END_SYN);
	list_nothing(screen);
	assert_null(row_of(screen, 7));
}

/* The cgroup of a process is read behind the record that names it. */
static void a_filter_that_matches_later_keeps_the_books(void **state)
{
	struct screen *screen = *state;

	screen->filter.cgroup = "/web";
	lives(screen, 1, 7);
	closes(screen, 2, 7);
	waits(screen, 2);
	feed(screen->world, description_of(7, "owner", "/bin/owner", "/web"));
	pass(screen, SECOND);
	check_books(screen);
	ends(screen, 1, END_SYN);
	check_books(screen);
	enters(screen, 2);
	check_books(screen);
	assert_int_equal(only_row(screen)->sockets, 1);
}

/* A better owner is found while it waits: it stays where it is counted. */
static void a_better_owner_moves_no_time_wait(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.owner_by = OWNER_LISTEN;
	feed(screen->world, record);
	enters(screen, 1);
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	feed(screen->world, holder_of(1, screen->time_ns, 8, "holder"));
	listing_ends(screen);
	assert_int_equal(world_owner(screen->world, 1), 8);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	ends(screen, 1, END_SYN);
	assert_int_equal(row_of(screen, 7)->ended, 1);
	assert_int_equal(row_of(screen, 7)->sockets, 0);
	assert_null(row_of(screen, 8));
}

static void a_row_is_shown_once_more_at_zero(void **state)
{
	struct screen *screen = *state;

	lives(screen, 1, 7);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 1);
	ends(screen, 1, END_SYN);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 1);
	assert_int_equal(time_waits_shown(&screen->waits, 0)->ended, 1);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 0);
	lives(screen, 2, 7);
	refresh(screen, false);
	assert_int_equal(time_waits_shown(&screen->waits, 0)->created, 2);
}

static void the_rate_is_of_those_that_began(void **state)
{
	struct screen *screen = *state;
	double per_s;

	lives(screen, 1, 7);
	refresh(screen, false);
	assert_false(time_waits_rate(&screen->waits, time_waits_shown(&screen->waits, 0), &per_s));
	for (uint64_t cookie = 2; cookie <= 21; cookie++) {
		lives(screen, cookie, 7);
		ends(screen, cookie, END_REUSED);
	}
	pass(screen, 2 * SECOND);
	refresh(screen, false);
	assert_true(time_waits_rate(&screen->waits, time_waits_shown(&screen->waits, 0), &per_s));
	assert_true(per_s == 10);
}

/* Cron jobs: all is over, and not shown, before the next ones come. */
static void the_rate_of_a_row_that_returns_is_since_a_refresh_before(void **state)
{
	struct screen *screen = *state;
	double per_s;

	refresh(screen, false);
	lives(screen, 1, 7);
	ends(screen, 1, END_DESTROYED);
	for (unsigned int s = 0; s < 180; s++) {
		pass(screen, SECOND);
		refresh(screen, false);
	}
	assert_int_equal(screen->waits.rows.shown_count, 0);
	for (uint64_t cookie = 2; cookie <= 31; cookie++)
		lives(screen, cookie, 7);
	pass(screen, SECOND);
	refresh(screen, false);
	assert_true(time_waits_rate(&screen->waits, time_waits_shown(&screen->waits, 0), &per_s));
	assert_true(per_s == 0.5);
}

static void each_figure_sorts(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	for (uint64_t cookie = 50; cookie < 54; cookie++)
		feed(screen->world, minisocket_row(cookie, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	listing_ends(screen);
	lives(screen, 1, 7);
	refresh(screen, false);
	for (uint64_t cookie = 2; cookie <= 4; cookie++) {
		lives(screen, cookie, 8);
		pass(screen, 200 * MS);
		enters(screen, cookie);
		ends(screen, cookie, END_REUSED);
	}
	closes(screen, 5, 8);
	waits(screen, 5);
	fails_to_wait(screen, 6, 8, false);
	settle(screen, 1);
	pass(screen, SECOND);
	refresh(screen, true);
	for (size_t i = 0; i < time_waits_table.count; i++) {
		const char *key = time_waits_table.members[i].key;
		uint32_t process;
		bool old;

		if (!member_sorts(&time_waits_table.members[i]))
			continue;
		old = strcmp(key, "sockets") == 0 || strcmp(key, "predates") == 0;
		table_sort(&time_waits_table, &screen->waits.rows, &screen->waits, key);
		process = time_waits_shown(&screen->waits, 0)->row.process;
		if (strcmp(key, "created_per_s") == 0)
			continue;
		check((process ? rows_process(&screen->waits.rows, process)->id.pid : 0) ==
			      (old ? 0 : 8),
		      "%s", key);
	}
}

static void a_loss_makes_all_rows_incomplete_until_a_listing(void **state)
{
	struct screen *screen = *state;
	struct losses losses = {.ring_full = 3};

	lives(screen, 1, 7);
	assert_false(row_of(screen, 7)->row.incomplete);
	feed(screen->world, loss_of(screen->time_ns, &losses));
	lives(screen, 2, 8);
	assert_true(row_of(screen, 7)->row.incomplete);
	assert_true(screen->waits.incomplete);
	refresh(screen, false);
	assert_true(screen->waits.incomplete);
	listing_begins(screen);
	feed(screen->world, minisocket_row(3, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	listing_ends(screen);
	lives(screen, 4, 9);
	assert_true(row_of(screen, 0)->row.incomplete); /* it began unseen */
	assert_false(row_of(screen, 9)->row.incomplete);
	assert_false(screen->waits.incomplete);
	assert_true(row_of(screen, 7)->row.incomplete);
}

static void the_total_is_of_all_rows(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 5; pid++) {
		lives(screen, pid, pid);
		lives(screen, pid + 10, pid);
		pass(screen, SECOND);
		ends(screen, pid, END_SYN);
	}
	refresh(screen, false);
	assert_int_equal(screen->waits.total.sockets, 5);
	assert_int_equal(screen->waits.total.created, 10);
	assert_int_equal(screen->waits.total.ended, 5);
	for (unsigned int times = 0; times < 2; times++) {
		time_waits_sum_histograms(&screen->waits);
		assert_int_equal(screen->waits.total.lifetime.count, 5);
		assert_int_equal(screen->waits.total.connected.count, 10);
	}
}

static void come_and_go(struct screen *screen, uint32_t rows)
{
	for (uint32_t i = 0; i < rows; i++) {
		struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

		record.tuple.raddr[14] = (uint8_t)(i >> 16);
		record.tuple.raddr[15] = (uint8_t)(i >> 8);
		record.tuple.rport = (uint16_t)(1 + i % 256);
		record.closer = process_of(8, "child");
		establishes(screen, 1);
		feed(screen->world, record);
		enters(screen, 1);
		pass(screen, MS);
		ends(screen, 1, END_SYN);
	}
}

static void the_longest_idle_rows_become_one_without_a_place(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *other;
	const char *json;

	come_and_go(screen, ROWS_MAX + 1);
	refresh(screen, true);
	other = (struct time_wait_row *)rows_find(&screen->waits.rows, ROWS_OTHER);
	assert_true(other->created > 1);
	assert_int_equal(other->created, other->ended);
	assert_int_equal(other->created, other->lifetime.count);
	assert_int_equal(other->created, other->connected.count);
	assert_int_equal(screen->waits.total.created, ROWS_MAX + 1);
	table_sort(&time_waits_table, &screen->waits.rows, &screen->waits, "created");
	json = json_of(screen, 1);
	assert_non_null(strstr(
		json, "\"process\":null,\"key\":\"other\",\"owner_by\":null,\"closer\":null,"
		      "\"direction\":\"unknown\",\"netns\":null,\"family\":null,\"laddr\":null,"
		      "\"lport\":null,\"raddr\":null,\"rport\":null,\"sockets\":0,"));
}

static void a_forgotten_row_releases_its_closer(void **state)
{
	struct screen *screen = *state;
	struct processes *processes = &screen->world->model.connections.processes;
	struct process_id id = process_of(8, "child");
	const struct process *closer;

	come_and_go(screen, ROWS_MAX + 1);
	refresh(screen, false);
	closer = processes_get(processes, processes_number(processes, &id));
	assert_int_equal(closer->references + 1, screen->waits.rows.pool.live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(destinations_have_rows_of_their_own_and_local_ports_have_not),
		screen_test(a_service_is_one_row_whoever_its_clients_are),
		screen_test(an_unknown_direction_is_taken_for_out),
		screen_test(a_group_has_the_sockets_of_all_its_processes),
		screen_test(a_group_keeps_destinations_apart),
		screen_test(an_owner_who_closes_is_no_closer_of_its_group),
		screen_test(a_filter_leaves_out_what_others_own),
		screen_test(a_filter_that_matches_later_keeps_the_books),
		screen_test(a_better_owner_moves_no_time_wait),
		screen_test(a_row_is_shown_once_more_at_zero),
		screen_test(the_rate_is_of_those_that_began),
		screen_test(the_rate_of_a_row_that_returns_is_since_a_refresh_before),
		screen_test(each_figure_sorts),
		screen_test(a_loss_makes_all_rows_incomplete_until_a_listing),
		screen_test(the_total_is_of_all_rows),
		screen_test(the_longest_idle_rows_become_one_without_a_place),
		screen_test(a_forgotten_row_releases_its_closer),
	};

	return cmocka_run_group_tests_name("time_waits_rows", tests, NULL, NULL);
}
