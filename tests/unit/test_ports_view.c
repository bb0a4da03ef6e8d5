// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Destinations: what is shown of them and in which order, how fast they fill. */
#include "ports_screen.h"

static void a_row_is_shown_once_more_at_zero(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	assert_int_equal(only_row(screen)->now.used, 1);
	is_over(screen, 1, LOW);
	assert_int_equal(only_row(screen)->now.used, 0);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
	connects(screen, 1, LOW, 7);
	assert_int_equal(only_row(screen)->consumed, 2);
}

static void the_last_refresh_shows_all_that_ever_were(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 3; i++) {
		screen->to.rport = 80 + i;
		connects(screen, 1, LOW, 7);
		refresh(screen, false);
		is_over(screen, 1, LOW);
		refresh(screen, false);
		refresh(screen, false);
	}
	assert_int_equal(screen->ports.rows.shown_count, 0);
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.shown_count, 3);
}

/* As of a client that asks a server which closes first. */
static void what_never_lived_to_see_a_refresh_is_in_the_next_and_in_the_last(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	is_over(screen, 1, LOW);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 1);
	assert_int_equal(ports_shown(&screen->ports, 0)->consumed, 1);
	assert_int_equal(ports_shown(&screen->ports, 0)->now.used, 0);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.shown_count, 1);
}

static void what_a_filter_does_not_ask_for_brings_no_row_back(void **state)
{
	struct screen *screen = *state;

	screen->filter.pid = 7;
	connects(screen, 1, LOW, 7);
	connects(screen, 2, LOW + 1, 8);
	is_over(screen, 1, LOW);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 1);
	is_over(screen, 2, LOW + 1);
	connects(screen, 3, LOW, 8);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
}

static void the_nearest_to_its_end_comes_first(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 4; i++) {
		screen->to.rport = 80 + i;
		for (uint16_t port = 0; port <= i; port++)
			connects(screen, 100 * i + port + 1, LOW + port, 7);
	}
	refresh(screen, false);
	for (uint16_t i = 0; i < 4; i++)
		assert_int_equal(ports_shown(&screen->ports, i)->tuple.rport, 83 - i);
}

static void what_connect_chose_is_consumed(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	connects(screen, 1, LOW, 7);
	row = only_row(screen);
	assert_int_equal(row->consumed, 1);
	assert_int_equal(row->released, 0);
	pass(screen, 10 * SECOND);
	is_over(screen, 1, LOW);
	assert_int_equal(row->released, 1);
	assert_true(row->held_ns == 10 * SECOND);
}

/* It had a port while it asked. */
static void a_refused_connect_has_consumed_and_released(void **state)
{
	struct screen *screen = *state;
	struct record_transition record;
	const struct port_row *row;

	asks(screen, 1, 7);
	pass(screen, MS);
	record = step_of(screen, 1, LOW, TCP_SYN_SENT, TCP_CLOSE, 7);
	feed(screen->world, record);
	refresh(screen, true);
	row = ports_destination(&screen->ports, &screen->to);
	assert_int_equal(row->consumed, 1);
	assert_int_equal(row->released, 1);
	assert_true(row->held_ns == MS);
	assert_int_equal(row->failed, 0);
	assert_int_equal(screen->ports.failures.pool.live, 0);
}

static void a_connect_that_fails_has_consumed_nothing(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	fails(screen, 7);
	refresh(screen, true);
	row = ports_destination(&screen->ports, &screen->to);
	assert_int_equal(row->consumed, 0);
	assert_int_equal(row->released, 0);
	assert_int_equal(row->failed, 1);
}

/* The TIME_WAIT of an accepted connection, whose end nobody tells. */
static void what_was_listed_of_a_namespace_that_is_gone_is_no_destination(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	feed(screen->world, minisocket_row(99, screen->time_ns, TCP_TIME_WAIT, 50 * SECOND));
	listing_ends(screen);
	pass(screen, SECOND);
	feed(screen->world, listing_of(screen->time_ns, LISTING_BEGINS, 0));
	feed(screen->world, listing_of(screen->time_ns, LISTING_NAMESPACE, NETNS + 1));
	feed(screen->world, listing_of(screen->time_ns, LISTING_ENDS, 0));
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
}

static void what_is_older_than_the_tool_consumes_and_releases_nothing(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = socket_row(1, screen->time_ns, TCP_ESTABLISHED);
	const struct port_row *row;

	record.tuple.lport = LOW;
	record.direction = DIRECTION_OUT;
	listing_begins(screen);
	feed(screen->world, record);
	listing_ends(screen);
	row = only_row(screen);
	assert_int_equal(row->now.used, 1);
	assert_int_equal(row->now.held, 0);
	is_over(screen, 1, LOW);
	refresh(screen, false);
	assert_int_equal(row->consumed, 0);
	assert_int_equal(row->released, 0);
}

static void a_rate_needs_two_refreshes(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	connects(screen, 1, LOW, 7);
	row = only_row(screen);
	assert_true(consumed_of(screen, row) == -1);
	connects(screen, 2, LOW + 1, 7);
	pass(screen, 2 * SECOND);
	assert_true(consumed_of(screen, only_row(screen)) == 0.5);
}

static void a_new_row_had_none_at_the_refresh_before(void **state)
{
	struct screen *screen = *state;

	refresh(screen, false);
	pass(screen, SECOND);
	connect_range(screen, LOW, LOW + 3, 7);
	pass(screen, SECOND);
	assert_true(consumed_of(screen, only_row(screen)) == 2);
}

static void failures_have_a_rate_of_their_own(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;
	double per_s = -1;

	connects(screen, 1, LOW, 7);
	row = only_row(screen);
	pass(screen, SECOND);
	for (unsigned int times = 0; times < 5; times++)
		fails(screen, 7);
	refresh(screen, false);
	assert_true(ports_failed(&screen->ports, row, &per_s));
	assert_true(per_s == 5);
	assert_true(consumed_of(screen, row) == 0);
}

static void a_loss_makes_refreshes_incomplete_until_a_listing(void **state)
{
	struct screen *screen = *state;
	struct losses losses = {.ring_full = 1};

	refresh(screen, false);
	assert_false(screen->ports.incomplete);
	feed(screen->world, loss_of(screen->time_ns, &losses));
	refresh(screen, false);
	assert_true(screen->ports.incomplete);
	refresh(screen, false);
	assert_true(screen->ports.incomplete);
	list_bound(screen, HIGH, HIGH, 0);
	refresh(screen, false);
	assert_false(screen->ports.incomplete);
}

/* Of two owners and two destinations, each on ports of its own. */
static void fill_for_filters(struct screen *screen)
{
	connect_range(screen, LOW, LOW + 2, 7);
	connect_range(screen, LOW + 3, LOW + 4, 8);
	screen->to = tuple_of("10.0.0.1", 0, "10.0.0.9", 443);
	connect_range(screen, LOW + 5, LOW + 5, 8);
}

static void a_filter_on_pid_chooses_rows_and_leaves_their_census(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	screen->filter.pid = 7;
	fill_for_filters(screen);
	row = only_row(screen);
	assert_int_equal(row->tuple.rport, 80);
	assert_int_equal(row->now.used, 5);
	assert_int_equal(ports_of(screen, &row->now, 8), 2);
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.shown_count, 1);
}

static void a_filter_on_lport_chooses_rows_and_leaves_their_census(void **state)
{
	struct screen *screen = *state;

	screen->tuples.lport.active = 1;
	screen->tuples.lport.bitmap[LOW / 8] = 1 << LOW % 8;
	fill_for_filters(screen);
	assert_int_equal(only_row(screen)->tuple.rport, 80);
	assert_int_equal(only_row(screen)->now.used, 5);
}

static void a_filter_on_raddr_chooses_its_row(void **state)
{
	struct screen *screen = *state;

	address_of(screen->tuples.raddr.address, "10.0.0.9");
	screen->tuples.raddr.prefix = 128;
	screen->tuples.raddr.port = 443;
	fill_for_filters(screen);
	assert_int_equal(only_row(screen)->tuple.rport, 443);
	assert_int_equal(only_row(screen)->now.used, 1);
}

static void a_filter_that_matches_nothing_shows_nothing(void **state)
{
	struct screen *screen = *state;

	screen->filter.pid = 99;
	fill_for_filters(screen);
	fails(screen, 7);
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.shown_count, 0);
	assert_int_equal(screen->ports.failures.shown_count, 0);
}

static void a_row_goes_when_the_filter_has_none_of_it_any_more(void **state)
{
	struct screen *screen = *state;

	screen->filter.pid = 7;
	fill_for_filters(screen);
	refresh(screen, false);
	screen->to = tuple_of("10.0.0.1", 0, "10.0.0.2", 80);
	for (uint16_t port = LOW; port <= LOW + 2; port++)
		is_over(screen, port, port);
	assert_int_equal(only_row(screen)->now.used, 2);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 0);
}

/* In three destinations; all figures of one exceed those of the next. */
static void fill_for_sorting(struct screen *screen)
{
	widen(screen);
	for (unsigned int refreshes = 0; refreshes < 6; refreshes++) {
		for (uint16_t i = 0; i < 3; i++) {
			screen->to.rport = 80 + i;
			for (uint16_t times = 0; times <= i; times++) {
				uint16_t port = (uint16_t)(WIDE_LOW + refreshes * 4 + times);

				connects(screen, 1000U * (i + 1U) + port, port, 7);
				waits(screen, 1000U * (i + 1U) + port, port, true);
			}
		}
		pass(screen, SECOND);
		refresh(screen, false);
	}
}

static void each_figure_sorts(void **state)
{
	static const struct {
		const char *key;
		uint16_t first;
	} cases[] = {{"used", 82},     {"free", 80},	       {"exhausted_in_s", 80},
		     {"reusable", 82}, {"consumed_per_s", 82}, {"supply", 0},
		     {"reserved", 0},  {"blocked_by_bind", 0}, {"sustainable_per_s", 0},
		     {"bound", 0},     {"bound_in_range", 0}};
	struct screen *screen = *state;
	size_t keys = 0;

	fill_for_sorting(screen);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint16_t first;

		table_sort(&ports_table, &screen->ports.rows, &screen->ports, cases[i].key);
		first = ports_shown(&screen->ports, 0)->tuple.rport;
		check(!cases[i].first || first == cases[i].first, "%s: %u", cases[i].key, first);
	}
	for (size_t i = 0; i < ports_table.count; i++)
		keys += member_sorts(&ports_table.members[i]);
	assert_int_equal(keys, COUNT(cases));
}

static void a_hundred_thousand_rows_are_kept_at_most(void **state)
{
	struct screen *screen = *state;

	for (uint32_t i = 0; i <= ROWS_MAX; i++) {
		screen->to.raddr[13] = (uint8_t)(i >> 16);
		screen->to.raddr[14] = (uint8_t)(i >> 8);
		screen->to.raddr[15] = (uint8_t)i;
		connects(screen, 1, LOW, 7);
		is_over(screen, 1, LOW);
	}
	refresh(screen, false);
	assert_true(screen->ports.rows.pool.live <= ROWS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_row_is_shown_once_more_at_zero),
		screen_test(the_last_refresh_shows_all_that_ever_were),
		screen_test(what_never_lived_to_see_a_refresh_is_in_the_next_and_in_the_last),
		screen_test(what_a_filter_does_not_ask_for_brings_no_row_back),
		screen_test(the_nearest_to_its_end_comes_first),
		screen_test(what_connect_chose_is_consumed),
		screen_test(a_refused_connect_has_consumed_and_released),
		screen_test(a_connect_that_fails_has_consumed_nothing),
		screen_test(what_was_listed_of_a_namespace_that_is_gone_is_no_destination),
		screen_test(what_is_older_than_the_tool_consumes_and_releases_nothing),
		screen_test(a_rate_needs_two_refreshes),
		screen_test(a_new_row_had_none_at_the_refresh_before),
		screen_test(failures_have_a_rate_of_their_own),
		screen_test(a_loss_makes_refreshes_incomplete_until_a_listing),
		screen_test(a_filter_on_pid_chooses_rows_and_leaves_their_census),
		screen_test(a_filter_on_lport_chooses_rows_and_leaves_their_census),
		screen_test(a_filter_on_raddr_chooses_its_row),
		screen_test(a_filter_that_matches_nothing_shows_nothing),
		screen_test(a_row_goes_when_the_filter_has_none_of_it_any_more),
		screen_test(each_figure_sorts),
		screen_test(a_hundred_thousand_rows_are_kept_at_most),
	};

	return cmocka_run_group_tests_name("ports_view", tests, NULL, NULL);
}
