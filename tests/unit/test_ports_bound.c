// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ports that bind() took: towards destinations, of the range, in the way of others. */
#include "ports_screen.h"

static struct port_row *row_at(struct screen *screen, size_t i)
{
	assert_true(i < screen->ports.rows.shown_count);
	return ports_shown(&screen->ports, i);
}

static void what_bind_chose_is_bound_and_not_used(void **state)
{
	struct screen *screen = *state;
	struct port_row *row;

	connects_bound(screen, 1, LOW, 7);
	connects_bound(screen, 2, 50000, 7);
	connects(screen, 3, LOW + 1, 7);
	list_bound(screen, LOW, LOW, 7);
	row = only_row(screen);
	assert_int_equal(row->now.bound, 2);
	assert_int_equal(row->now.bound_in_range, 1);
	assert_int_equal(row->now.used, 1);
	assert_int_equal(row->now.supply.blocked, 1);
}

static void a_destination_of_bound_ports_alone_is_shown(void **state)
{
	struct screen *screen = *state;

	connects_bound(screen, 1, LOW, 7);
	list_bound(screen, LOW, LOW, 7);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 1);
	assert_true(says(screen, "1 port that bind() chose: 1 by binder[7]"));
	assert_non_null(strstr(json_of(screen, 0), "\"sustainable_per_s\":null"));
}

static void half_of_a_range_has_a_row_until_none_is_bound(void **state)
{
	struct screen *screen = *state;

	list_bound(screen, LOW, LOW + 3, 7);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
	list_bound(screen, LOW, LOW + 4, 7);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 1);
	assert_true(row_at(screen, 0)->range);
	assert_non_null(strstr(json_of(screen, 0), "\"family\":null,\"laddr\":null,\"raddr\":null,"
						   "\"rport\":null,"));
	assert_true(says(screen, "bind() has taken 5 of ports 40000-40009: 5 by binder[7]"));
	list_bound(screen, LOW, LOW, 7);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 1);
	list_nothing(screen);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 1); /* once more, without any */
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
}

static void without_bpf_no_range_is_said_to_be_taken(void **state)
{
	struct screen *screen = *state;

	screen->world->model.lacks = WANT(BOUND_PORTS);
	list_bound(screen, LOW, HIGH, 7);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
}

static void blockers_are_named_the_greatest_first(void **state)
{
	struct screen *screen = *state;
	struct port_blocker blockers[2];
	const struct port_spaces *ports = &screen->world->model.ports;
	const struct port_space *space;

	listing_begins(screen);
	for (uint16_t i = 0; i < 6; i++)
		list_bound_port(screen, LOW + i, i < 1 ? 7 : i < 3 ? 8 : 9);
	listing_ends(screen);
	space = port_spaces_find(ports, NETNS);
	assert_int_equal(port_spaces_blockers(ports, NETNS, &space->whole, blockers, 2), 2);
	assert_int_equal(blockers[0].ports, 3);
	assert_int_equal(blockers[1].ports, 2);
}

static void the_socket_that_has_the_tuple_is_in_the_way(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	connects_bound(screen, 1, 50000, 9);
	fails_with(screen, 7, FAILURE_IN_USE, 0, 0);
	failure = only_failure(screen);
	assert_true(failure->in_the_way.found);
	assert_int_equal(failure->in_the_way.state, TCP_ESTABLISHED);
	assert_non_null(strstr(json_of(screen, 0), "\"in_the_way\":{\"state\":\"ESTABLISHED\","
						   "\"owner\":{\"pid\":9,"));
	assert_non_null(strstr(json_of(screen, 0), "\"remaining_s\":null}"));
}

static void a_time_wait_in_the_way_says_how_long_still(void **state)
{
	struct screen *screen = *state;

	connects_bound(screen, 1, 50000, 9);
	waits(screen, 1, 50000, false);
	pass(screen, 10 * SECOND);
	fails_with(screen, 7, FAILURE_IN_USE, 0, 0);
	only_failure(screen);
	assert_non_null(strstr(json_of(screen, 0), "\"in_the_way\":{\"state\":\"TIME_WAIT\","));
	assert_non_null(strstr(json_of(screen, 0), "\"remaining_s\":50."));
}

static void groups_hold_what_their_processes_do(void **state)
{
	struct screen *screen = *state;
	struct port_owners owners;

	screen->ports.config.by = BY_COMM;
	connects(screen, 1, LOW, 7);
	connects(screen, 2, LOW + 1, 8);
	owners = ports_owners(&screen->ports, &only_row(screen)->now);
	assert_int_equal(owners.count, 1);
	assert_int_equal(owners.items[0].ports, 2);
	assert_non_null(strstr(json_of(screen, 0),
			       "\"by_owner\":[{\"process\":null,\"key\":\"client\",\"ports\":2}]"));
}

static void of_many_owners_ten_are_told(void **state)
{
	struct screen *screen = *state;
	struct port_owners owners;

	widen(screen);
	for (uint32_t i = 0; i < 13; i++)
		connects(screen, 1 + i, (uint16_t)(WIDE_LOW + i), 7 + i);
	owners = ports_owners(&screen->ports, &only_row(screen)->now);
	assert_int_equal(owners.count, PORTS_LISTED);
	assert_int_equal(owners.omitted, 3);
	assert_int_equal(owners.others, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(what_bind_chose_is_bound_and_not_used),
		screen_test(a_destination_of_bound_ports_alone_is_shown),
		screen_test(half_of_a_range_has_a_row_until_none_is_bound),
		screen_test(without_bpf_no_range_is_said_to_be_taken),
		screen_test(blockers_are_named_the_greatest_first),
		screen_test(the_socket_that_has_the_tuple_is_in_the_way),
		screen_test(a_time_wait_in_the_way_says_how_long_still),
		screen_test(groups_hold_what_their_processes_do),
		screen_test(of_many_owners_ten_are_told),
	};

	return cmocka_run_group_tests_name("ports-bound", tests, NULL, NULL);
}
