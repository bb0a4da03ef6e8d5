// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What leaks knows from one refresh to the next: the dead, what grows, and how far it will. */
#include <math.h>

#include "leaks_screen.h"

static int setup_telling(void **state)
{
	int failed = setup(state);

	((struct screen *)*state)->world->model.needs.wants |= WANT(DEAD);
	return failed;
}

#define history_test(test) cmocka_unit_test_setup_teardown(test, setup_telling, teardown)

static void again(struct screen *screen, struct view_config config)
{
	again_with(screen, config);
	screen->world->model.needs.wants |= WANT(DEAD);
}

/* Outgoing, as is what connect() made, the end of file not read; held by process 8. */
static void add_out(struct screen *screen, uint64_t cookie, uint64_t since_ns)
{
	struct record_socket record = close_wait_row(cookie, screen->time_ns, 1, 0, since_ns);

	record.direction = DIRECTION_OUT;
	feed(screen->world, record);
	hold(screen, cookie, 8, (uint32_t)cookie);
}

static void add_dead(struct screen *screen, uint64_t cookie)
{
	feed(screen->world, socket_row(cookie, screen->time_ns, TCP_CLOSE));
	hold(screen, cookie, 8, (uint32_t)cookie);
}

static const char *reason(const struct screen *screen)
{
	static struct sentence sentence;

	sentence = (struct sentence){0};
	leaks_say_reason(&sentence, &screen->leaks, row_of(screen, 8));
	return sentence.text;
}

/* As looked at: before that nobody is called a leak. */
static void looked_at(struct screen *screen)
{
	tell_facts(
		screen, 8,
		(struct process_facts){
			.fds = 40, .fd_limit = 1024, .looked = true, .threads = 1, .looked_at = 1});
	leaks_refresh(&screen->leaks, 0, false);
}

static void verdict_is(struct screen *screen, enum verdict verdict, enum leak_cause cause,
		       bool inferred)
{
	const struct leak_row *row = row_of(screen, 8);

	assert_non_null(row);
	check(row->judgement.verdict == verdict && row->judgement.cause == cause &&
		      row->judgement.inferred == inferred,
	      "%s: %s", verdict_name(leaks_verdict(row)), reason(screen));
}

static void only_what_stays_dead_counts(void **state)
{
	struct screen *screen = *state;

	for (unsigned int second = 0; second <= 10; second++) {
		begins(screen);
		add_dead(screen, 1);
		if (second % 2)
			add_dead(screen, 2); /* closed, and another in its place */
		ends(screen, false);
		if (second < 10)
			assert_null(row_of(screen, 8));
		screen->time_ns += SECOND;
	}
	assert_int_equal(row_of(screen, 8)->dead, 1);
	assert_int_equal(screen->leaks.dead, 1);
	assert_int_equal(row_of(screen, 8)->sockets, 0);
	verdict_is(screen, VERDICT_DEAD, LEAK_NOT, false);
	assert_string_equal(reason(screen),
			    "1 connection is gone, reset or timed out, and the descriptor is not "
			    "closed");
	begins(screen);
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->dead, 0); /* shown once more */
	assert_string_equal(reason(screen), "none left");
	begins(screen);
	ends(screen, false);
	assert_null(row_of(screen, 8));
}

/* A busy client has some for a moment. */
static void once_three_dead_are_a_verdict(void **state)
{
	struct screen *screen = *state;

	again(screen, (struct view_config){.once = true, .age_ns = 10 * SECOND});
	begins(screen);
	add_dead(screen, 1);
	add_dead(screen, 2);
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->dead, 2);
	verdict_is(screen, VERDICT_TRANSIENT, LEAK_NOT, false);
	again(screen, (struct view_config){.once = true, .age_ns = 10 * SECOND});
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		add_dead(screen, cookie);
	ends(screen, false);
	verdict_is(screen, VERDICT_DEAD, LEAK_NOT, false);
}

static void without_anybody_to_tell_it_is_unknown(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add_out(screen, 1, BEGIN - 20 * SECOND);
	ends(screen, false);
	assert_int_equal(leaks_dead(&screen->leaks, row_of(screen, 8)), 0);
	feed(screen->world, source_of(BEGIN, WANT(DEAD)));
	assert_true(leaks_dead(&screen->leaks, row_of(screen, 8)) == COUNT_UNKNOWN);
}

/* What it was connected to cannot be asked for any more; where it is, and whose, can. */
static void filters_on_endpoints_do_not_match_the_dead(void **state)
{
	static struct tuple_filter none, netns = {.netns = NETNS}, other = {.netns = 1},
					 port = {.raddr.port = 80}, lport = {.lport.active = 1};
	static struct {
		const struct tuple_filter *filter;
		uint32_t pid;
		bool shown;
	} cases[] = {
		{&none, 0, true},   {&netns, 0, true}, {&netns, 8, true},  {&netns, 7, false},
		{&other, 0, false}, {&port, 0, false}, {&lport, 0, false},
	};
	struct screen *screen = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		again(screen, (struct view_config){.once = true, .tuples = cases[i].filter});
		screen->filter.pid = cases[i].pid;
		begins(screen);
		add_dead(screen, 1);
		ends(screen, false);
		check((row_of(screen, 8) != NULL) == cases[i].shown, "case %u", (unsigned int)i);
		screen->filter.pid = 0;
	}
}

static void two_descriptors_of_a_dead_socket_are_one(void **state)
{
	struct screen *screen = *state;

	again(screen, (struct view_config){.once = true});
	begins(screen);
	add_dead(screen, 1);
	hold(screen, 1, 8, 70);
	hold(screen, 1, 9, 70);
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->dead, 1);
	assert_int_equal(row_of(screen, 9)->dead, 1);
	assert_int_equal(screen->leaks.dead, 1);
}

/* One more each second; those of more than 40 s have died. 3 were dead already. */
static void the_dead_and_the_living_grow_together(void **state)
{
	struct screen *screen = *state;
	double per_s;

	for (unsigned int second = 0; second <= 70; second++) {
		begins(screen);
		for (unsigned int n = 0; n <= second; n++) {
			if (second - n > 40)
				add_dead(screen, 1 + n);
			else
				add_out(screen, 1 + n, BEGIN + n * SECOND);
		}
		for (uint64_t cookie = 1001; cookie <= 1003; cookie++)
			add_dead(screen, cookie);
		ends(screen, false);
		assert_int_equal(leaks_count(row_of(screen, 8)), second + 1);
		screen->time_ns += SECOND;
	}
	assert_int_equal(row_of(screen, 8)->sockets, 41);
	assert_int_equal(row_of(screen, 8)->dead, 23); /* those of 10 s, and the 3 */
	assert_true(leaks_growth(&screen->leaks, row_of(screen, 8), &per_s));
	assert_true(fabs(per_s - 1) < 1e-9);
	looked_at(screen);
	verdict_is(screen, VERDICT_LEAK, LEAK_GROWING, false);
	assert_non_null(
		strstr(reason(screen), "; 23 more are gone, reset or timed out, and not closed"));
}

/* By the second: one more each, as seen for `watched` s; those that `close` says are closed. */
static void watch(struct screen *screen, unsigned int watched, unsigned int first,
		  bool (*closed)(unsigned int second, unsigned int n))
{
	uint64_t begin_ns = screen->time_ns;

	for (unsigned int second = 0; second <= watched; second++) {
		begins(screen);
		for (unsigned int n = 0; n <= second + first; n++)
			if (!closed || !closed(second, n))
				add_out(screen, 1 + n, begin_ns - first * SECOND + n * SECOND);
		ends(screen, false);
		screen->time_ns += SECOND;
	}
	screen->time_ns -= SECOND;
	looked_at(screen);
}

static void what_grows_for_a_minute_is_no_pool(void **state)
{
	struct screen *screen = *state;

	watch(screen, 59, 0, NULL);
	verdict_is(screen, VERDICT_LEAK, LEAK_GROWING, true);
	again(screen, (struct view_config){.age_ns = 10 * SECOND});
	watch(screen, 61, 0, NULL);
	verdict_is(screen, VERDICT_LEAK, LEAK_GROWING, false);
}

/* On arrival the ages of what is there tell. */
static void who_comes_late_infers_it(void **state)
{
	struct screen *screen = *state;
	double per_s;

	watch(screen, 0, 100, NULL);
	verdict_is(screen, VERDICT_LEAK, LEAK_GROWING, true);
	assert_true(leaks_growth(&screen->leaks, row_of(screen, 8), &per_s));
	assert_true(fabs(per_s - 61 / 60.0) < 1e-9);
	assert_string_equal(
		reason(screen),
		"91 connections of its own that the server has closed, ever more, and "
		"none goes: no idle pool, they are forgotten (inferred from their ages); "
		"since 00:15:00, 1.0/s; 40 of 1024 descriptors, the last goes at 00:32");
}

/* A pool uses once more what it has kept, and throws away what is dead. */
static bool one_was_closed(unsigned int second, unsigned int n)
{
	return second >= 40 && n == 3;
}

static bool young_ones_are_closed(unsigned int second, unsigned int n)
{
	return n % 2 && second >= n + 2;
}

static void of_a_pool_old_ones_go(void **state)
{
	struct screen *screen = *state;

	watch(screen, 70, 0, one_was_closed);
	assert_int_equal(row_of(screen, 8)->left, 1);
	verdict_is(screen, VERDICT_IDLE_POOL, LEAK_NOT, false);
	again(screen, (struct view_config){.age_ns = 10 * SECOND});
	watch(screen, 70, 0, young_ones_are_closed);
	assert_int_equal(row_of(screen, 8)->left, 0);
	verdict_is(screen, VERDICT_LEAK, LEAK_GROWING, false);
}

static void fifteen_are_a_pool_that_warms_up(void **state)
{
	struct screen *screen = *state;

	/* the judged are those of 10 s */
	watch(screen, 0, 24, NULL);
	verdict_is(screen, VERDICT_IDLE_POOL, LEAK_NOT, false);
	again(screen, (struct view_config){.age_ns = 10 * SECOND});
	watch(screen, 0, 25, NULL);
	verdict_is(screen, VERDICT_LEAK, LEAK_GROWING, true);
}

/* With keepalive on, all of them look young, whenever they began. */
static void lower_bounds_are_left_out_of_the_history(void **state)
{
	struct screen *screen = *state;
	double per_s;

	begins(screen);
	for (unsigned int n = 0; n < 24; n++) {
		struct record_socket record = close_wait_row(1 + n, screen->time_ns, 1, 0,
							     screen->time_ns - n * SECOND / 2);

		record.direction = DIRECTION_OUT;
		record.times.keepalive_ns = 15 * SECOND;
		record.times.received_ns = screen->time_ns - 40 * SECOND;
		feed(screen->world, record);
		hold(screen, 1 + n, 8, 1 + n);
	}
	ends(screen, false);
	assert_int_equal(row_of(screen, 8)->sockets, 24);
	assert_int_equal(row_of(screen, 8)->began.count, 0);
	assert_false(leaks_growth(&screen->leaks, row_of(screen, 8), &per_s));
	screen->time_ns += SECOND;
	looked_at(screen);
	assert_int_equal(leaks_growing(&screen->leaks, row_of(screen, 8)), FINDING_NO);
}

static void until_it_is_watched_for_10_s_only_ages_tell_growth(void **state)
{
	struct screen *screen = *state;
	double per_s = -1;

	for (unsigned int second = 0; second <= 10; second++) {
		begins(screen);
		for (uint64_t cookie = 1; cookie <= 3; cookie++)
			add_out(screen, cookie, BEGIN - 50 * SECOND);
		ends(screen, false);
		assert_true(leaks_growth(&screen->leaks, row_of(screen, 8), &per_s) ==
			    (second == 10));
		screen->time_ns += SECOND;
	}
	assert_true(per_s == 0);
}

static void a_forecast_far_off_is_no_time_of_day(void **state)
{
	struct screen *screen = *state;

	watch(screen, 0, 100, NULL);
	tell_facts(screen, 8,
		   (struct process_facts){.fds = 40, .fd_limit = 100040, .looked = true});
	leaks_refresh(&screen->leaks, 0, false);
	assert_non_null(strstr(reason(screen), ", the last goes in 1d03h at this growth"));
	tell_facts(screen, 8, (struct process_facts){.fds = 40, .fd_limit = 40, .looked = true});
	leaks_refresh(&screen->leaks, 0, false);
	assert_non_null(
		strstr(reason(screen),
		       "; 40 of 40 descriptors: none is left, opening more fails (EMFILE)"));
	assert_null(strstr(reason(screen), "the last goes"));
}

static void of_a_relay_the_dead_side_counts_as_well(void **state)
{
	struct screen *screen = *state;

	screen->world->model.needs.refreshed |= CLOSE_WAIT_STATES;
	for (unsigned int second = 0; second <= 10; second++) {
		begins(screen);
		for (uint64_t cookie = 1; cookie <= 5; cookie++) {
			struct record_socket leg = close_wait_row(100 + cookie, screen->time_ns, 0,
								  0, BEGIN - 100 * SECOND);

			leg.state = TCP_FIN_WAIT2;
			feed(screen->world, leg);
			hold(screen, 100 + cookie, 8, 100);
			add_dead(screen, cookie);
		}
		ends(screen, false);
		screen->time_ns += SECOND;
	}
	looked_at(screen);
	assert_int_equal(row_of(screen, 8)->dead, 5);
	verdict_is(screen, VERDICT_RELAY, LEAK_NOT, false);
	assert_int_equal(row_of(screen, 8)->peer->legs->sockets, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		history_test(only_what_stays_dead_counts),
		history_test(once_three_dead_are_a_verdict),
		history_test(without_anybody_to_tell_it_is_unknown),
		history_test(filters_on_endpoints_do_not_match_the_dead),
		history_test(two_descriptors_of_a_dead_socket_are_one),
		history_test(the_dead_and_the_living_grow_together),
		history_test(what_grows_for_a_minute_is_no_pool),
		history_test(who_comes_late_infers_it),
		history_test(of_a_pool_old_ones_go),
		history_test(fifteen_are_a_pool_that_warms_up),
		history_test(lower_bounds_are_left_out_of_the_history),
		history_test(until_it_is_watched_for_10_s_only_ages_tell_growth),
		history_test(a_forecast_far_off_is_no_time_of_day),
		history_test(of_a_relay_the_dead_side_counts_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
