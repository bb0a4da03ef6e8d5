// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The ports view: what a supply sustains, and when it ends. */
#include "ports_screen.h"

static double sustainable_of(const struct screen *screen, const struct port_row *row)
{
	double per_s = -1;

	ports_sustainable(&screen->ports, row, &per_s);
	return per_s;
}

static double exhausted_in(const struct port_row *row)
{
	double seconds = -1;

	ports_exhausted_in(row, &seconds);
	return seconds;
}

static void until_measured_a_port_is_held_as_long_as_a_time_wait(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	assert_true(sustainable_of(screen, only_row(screen)) == 10.0 / 60);
}

static void what_was_held_for_2_s_sustains_half_the_supply(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, LOW + 3, 7);
	refresh(screen, false);
	pass(screen, 2 * SECOND);
	for (uint16_t port = LOW; port < LOW + 4; port++)
		is_over(screen, port, port);
	assert_true(sustainable_of(screen, only_row(screen)) == 5);
}

static void what_is_held_still_counts_with_what_is_over(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	pass(screen, 2 * SECOND);
	connects(screen, 2, LOW + 1, 7);
	is_over(screen, 1, LOW);
	pass(screen, 6 * SECOND);
	/* one for 2 s, one for 6 s and counting */
	assert_true(sustainable_of(screen, only_row(screen)) == 10.0 / 4);
}

/* Its whole length is known to come. */
static void a_time_wait_counts_for_its_whole_length(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	connects(screen, 2, LOW + 1, 7);
	waits(screen, 1, LOW, false);
	is_over(screen, 2, LOW + 1);
	pass(screen, SECOND);
	assert_true(sustainable_of(screen, only_row(screen)) == 10.0 / 30);
}

static void a_time_wait_to_be_reused_counts_until_the_delay(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	connects(screen, 2, LOW + 1, 7);
	waits(screen, 1, LOW, true);
	is_over(screen, 2, LOW + 1);
	pass(screen, MS);
	assert_true(sustainable_of(screen, only_row(screen)) == 10.0 / 0.5);
	pass(screen, 4 * SECOND - MS);
	assert_true(sustainable_of(screen, only_row(screen)) == 10.0 / 2);
}

static void what_takes_no_time_sustains_nothing_that_is_known(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	is_over(screen, 1, LOW);
	connects(screen, 2, LOW, 7);
	assert_true(sustainable_of(screen, only_row(screen)) == -1);
}

/* connect() has no part in it: another takes the same port at once. */
static void what_bind_chose_sustains_nothing(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	for (unsigned int times = 0; times < 5; times++) {
		connects_bound(screen, 1, LOW, 7);
		pass(screen, MS);
		is_over(screen, 1, LOW);
	}
	row = only_row(screen);
	assert_int_equal(row->consumed, 0);
	assert_true(sustainable_of(screen, row) == -1);
	connects_bound(screen, 1, LOW, 7);
	assert_int_equal(only_row(screen)->now.used, 0);
	assert_true(sustainable_of(screen, row) == -1);
	connects(screen, 2, LOW + 1, 7);
	assert_true(sustainable_of(screen, only_row(screen)) == 10.0 / 60);
}

/* At each refresh as many more. */
static void grow(struct screen *screen, const unsigned int *counts, size_t refreshes)
{
	uint16_t port = WIDE_LOW;

	for (size_t i = 0; i < refreshes; i++) {
		for (unsigned int times = 0; times < counts[i]; times++, port++)
			connects(screen, port, port, 7);
		refresh(screen, false);
		pass(screen, SECOND);
	}
	screen->time_ns -= SECOND;
}

static void the_end_is_known_after_five_steady_refreshes(void **state)
{
	static const unsigned int counts[] = {10, 10, 10, 10, 10, 10};
	struct screen *screen = *state;

	widen(screen);
	grow(screen, counts, COUNT(counts));
	assert_true(exhausted_in(ports_shown(&screen->ports, 0)) == 94);
}

static void the_end_is_not_known_after_four(void **state)
{
	static const unsigned int counts[] = {10, 10, 10, 10, 10};
	struct screen *screen = *state;

	widen(screen);
	grow(screen, counts, COUNT(counts));
	assert_true(exhausted_in(ports_shown(&screen->ports, 0)) == -1);
}

static void about_as_much_is_steady(void **state)
{
	static const unsigned int counts[] = {10, 8, 12, 10, 9, 11};
	struct screen *screen = *state;

	widen(screen);
	grow(screen, counts, COUNT(counts));
	assert_true(exhausted_in(ports_shown(&screen->ports, 0)) == 94);
}

static void an_unsteady_growth_has_no_end(void **state)
{
	static const unsigned int counts[] = {10, 10, 16, 10, 10, 10};
	struct screen *screen = *state;

	widen(screen);
	grow(screen, counts, COUNT(counts));
	assert_true(exhausted_in(ports_shown(&screen->ports, 0)) == -1);
}

static void a_growth_that_stops_has_no_end(void **state)
{
	static const unsigned int counts[] = {10, 10, 10, 10, 10, 10, 0};
	struct screen *screen = *state;

	widen(screen);
	grow(screen, counts, COUNT(counts));
	assert_true(exhausted_in(ports_shown(&screen->ports, 0)) == -1);
}

static void what_shrinks_has_no_end(void **state)
{
	static const unsigned int counts[] = {10, 10, 10, 10, 10, 10};
	struct screen *screen = *state;

	widen(screen);
	grow(screen, counts, COUNT(counts));
	for (uint16_t port = WIDE_LOW; port < WIDE_LOW + 30; port++)
		is_over(screen, port, port);
	pass(screen, SECOND);
	assert_true(exhausted_in(only_row(screen)) == -1);
}

/* As the last refresh and the one before it may be. */
static void refreshes_at_once_are_no_growth(void **state)
{
	static const unsigned int counts[] = {10, 10, 10, 10, 10, 10};
	struct screen *screen = *state;

	widen(screen);
	grow(screen, counts, COUNT(counts));
	assert_true(exhausted_in(only_row(screen)) == -1);
	connects(screen, 1, WIDE_HIGH, 7);
	assert_true(exhausted_in(only_row(screen)) == -1);
}

static void where_none_is_free_the_end_is_now(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	assert_true(exhausted_in(only_row(screen)) == 0);
	pass(screen, SECOND);
	assert_true(exhausted_in(only_row(screen)) == 0);
}

static void without_settings_no_end_is_known(void **state)
{
	static const unsigned int counts[] = {10, 10, 10, 10, 10, 10};
	struct screen *screen = *state;
	const struct port_row *row;

	grow(screen, counts, COUNT(counts));
	row = ports_shown(&screen->ports, 0);
	assert_true(exhausted_in(row) == -1);
	assert_true(sustainable_of(screen, row) == -1);
	assert_true(consumed_of(screen, row) == 10);
}

/* Others than those listed may have bound ports: what is known of them does not count. */
static void without_bpf_the_supply_is_the_whole_range(void **state)
{
	struct screen *screen = *state;
	uint32_t supply;

	screen->world->model.lacks = WANT(BOUND_PORTS);
	connects(screen, 1, LOW, 7);
	list_bound(screen, HIGH, HIGH, 0);
	assert_true(ports_supply(&only_row(screen)->now, &supply));
	assert_int_equal(supply, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(until_measured_a_port_is_held_as_long_as_a_time_wait),
		screen_test(what_was_held_for_2_s_sustains_half_the_supply),
		screen_test(what_is_held_still_counts_with_what_is_over),
		screen_test(a_time_wait_counts_for_its_whole_length),
		screen_test(a_time_wait_to_be_reused_counts_until_the_delay),
		screen_test(what_takes_no_time_sustains_nothing_that_is_known),
		screen_test(what_bind_chose_sustains_nothing),
		screen_test(the_end_is_known_after_five_steady_refreshes),
		screen_test(the_end_is_not_known_after_four),
		screen_test(about_as_much_is_steady),
		screen_test(an_unsteady_growth_has_no_end),
		screen_test(a_growth_that_stops_has_no_end),
		screen_test(what_shrinks_has_no_end),
		screen_test(refreshes_at_once_are_no_growth),
		screen_test(where_none_is_free_the_end_is_now),
		unlisted_test(without_settings_no_end_is_known),
		screen_test(without_bpf_the_supply_is_the_whole_range),
	};

	return cmocka_run_group_tests_name("ports_rates", tests, NULL, NULL);
}
