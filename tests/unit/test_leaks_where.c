// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whom and where: places, relays' other sides, holders in their order, groups, filters, pace. */
#include "leaks_screen.h"

#define AGE (20 * SECOND)

static const char *shown(struct screen *screen, bool json)
{
	struct text_style text = {.details = true};

	screen->output.length = 0;
	if (json)
		leaks_show_json(&screen->leaks, &screen->output, 0);
	else
		leaks_show_text(&screen->leaks, &screen->output, &text, false);
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

#define shows(screen, json, text) assert_non_null(strstr(shown(screen, json), text))

static const char *where(const struct screen *screen, uint32_t pid)
{
	static struct sentence sentence;

	sentence = (struct sentence){0};
	leaks_say_where(&sentence, &screen->leaks, row_of(screen, pid));
	return sentence.text;
}

/* A socket of this tuple, held by a process. */
static void add_tuple(struct screen *screen, uint64_t cookie, struct tuple tuple,
		      unsigned int direction, uint32_t pid)
{
	struct record_socket record =
		close_wait_row(cookie, screen->time_ns, 0, 0, screen->time_ns - AGE);

	record.tuple = tuple;
	record.direction = (uint8_t)direction;
	feed(screen->world, record);
	hold(screen, cookie, pid, (uint32_t)cookie);
}

static void places_are_counted_over_all_sockets(void **state)
{
	struct screen *screen = *state;
	uint64_t cookie = 0;

	begins(screen);
	for (uint16_t i = 0; i < 36; i++)
		add_tuple(screen, ++cookie, tuple_of("10.0.0.1", 40000 + i, "10.0.0.2", 8080),
			  DIRECTION_OUT, 7);
	for (uint16_t i = 0; i < 4; i++)
		add_tuple(screen, ++cookie, tuple_of("10.0.0.1", 80, "10.0.0.3", 5000 + i),
			  DIRECTION_IN, 7);
	for (uint16_t i = 0; i < 12; i++)
		add_tuple(screen, ++cookie, tuple_of("10.0.0.1", 40000, "10.0.0.4", 1000 + i),
			  DIRECTION_OUT, 7);
	ends(screen, false);
	shows(screen, true,
	      "\"places\":[{\"direction\":\"out\",\"netns\":4026531840,\"family\":\"ipv4\","
	      "\"laddr\":\"10.0.0.1\",\"lport\":null,\"raddr\":\"10.0.0.2\",\"rport\":8080,"
	      "\"sockets\":36},{\"direction\":\"in\",\"netns\":4026531840,\"family\":\"ipv4\","
	      "\"laddr\":\"10.0.0.1\",\"lport\":80,\"raddr\":null,\"rport\":null,\"sockets\":4},");
	assert_non_null(row_of(screen, 7)->places.counts[TALLY_GREATEST - 1]);
	assert_int_equal(row_of(screen, 7)->places.counts[2]->sockets, 1);
	assert_memory_equal(where(screen, 7), "; 36 to 10.0.0.2:8080, 4 at 10.0.0.1:80, 1 to 10.0.",
			    50);
	assert_non_null(strstr(where(screen, 7), ", 11 elsewhere"));
}

static void a_place_of_both_families_has_none(void **state)
{
	struct screen *screen = *state;
	struct tuple mapped = tuple_of("10.0.0.1", 40001, "10.0.0.2", 8080);

	begins(screen);
	add_tuple(screen, 1, tuple_of("10.0.0.1", 40000, "10.0.0.2", 8080), DIRECTION_OUT, 7);
	mapped.family = AF_INET6;
	add_tuple(screen, 2, mapped, DIRECTION_UNKNOWN, 7);
	ends(screen, false);
	shows(screen, true, "\"family\":null,\"laddr\":\"10.0.0.1\",\"lport\":null,");
	assert_string_equal(where(screen, 7), "; 2 to 10.0.0.2:8080");
}

static void places_are_counted_anew_with_each_listing(void **state)
{
	struct screen *screen = *state;

	for (int i = 0; i < 3; i++) {
		begins(screen);
		add_tuple(screen, 1, tuple_of("10.0.0.1", 40000, "10.0.0.2", 8080), DIRECTION_OUT,
			  7);
		ends(screen, false);
		assert_string_equal(where(screen, 7), "; 1 to 10.0.0.2:8080");
		screen->time_ns += SECOND;
	}
	begins(screen);
	ends(screen, false);
	shows(screen, true, "\"places\":[]");
	assert_string_equal(where(screen, 7), "");
}

static struct tuple leg(uint16_t port, uint16_t to)
{
	return tuple_of("10.0.0.1", port, "10.0.0.2", to);
}

static struct tuple far_end(uint16_t port, uint16_t to)
{
	struct tuple tuple = tuple_of("10.0.0.2", to, "10.0.0.1", port);

	tuple.netns = NETNS + 1; /* a container's */
	return tuple;
}

/* A leg of process 8's that waits for its peer. */
static void add_leg(struct screen *screen, uint64_t cookie, struct tuple tuple)
{
	struct record_socket record =
		close_wait_row(cookie, screen->time_ns, 0, 0, screen->time_ns - AGE);

	record.tuple = tuple;
	record.state = TCP_FIN_WAIT2;
	record.direction = DIRECTION_OUT;
	feed(screen->world, record);
	hold(screen, cookie, 8, (uint32_t)cookie);
}

/* Process 8 has three sockets in CLOSE_WAIT, and passed the ends on: two to port 90, one to 91. */
static void relay(struct screen *screen)
{
	screen->world->model.needs.refreshed |= CLOSE_WAIT_STATES;
	screen->time_ns += SECOND;
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		add_tuple(screen, cookie, tuple_of("10.0.0.1", 80, "10.9.0.9", (uint16_t)cookie),
			  DIRECTION_IN, 8);
	add_leg(screen, 4, leg(4000, 90));
	hold(screen, 4, 8, 40); /* a second descriptor of it */
	add_leg(screen, 5, leg(4001, 90));
	add_leg(screen, 6, leg(4002, 91));
}

static void look_at(struct screen *screen, uint32_t pid)
{
	struct process_facts facts = {.looked = true, .threads = 1, .looked_at = 1};

	facts.fds = facts.fd_limit = FACTS_UNKNOWN;
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	tell_facts(screen, pid, facts);
	leaks_refresh(&screen->leaks, 0, false);
}

static const char *reason(const struct screen *screen, uint32_t pid)
{
	static struct sentence sentence;

	sentence = (struct sentence){0};
	leaks_say_reason(&sentence, &screen->leaks, row_of(screen, pid));
	return sentence.text;
}

static void a_relay_says_where_its_other_side_is(void **state)
{
	struct screen *screen = *state;

	relay(screen);
	look_at(screen, 8);
	assert_int_equal(leaks_verdict(row_of(screen, 8)), VERDICT_RELAY);
	shows(screen, true,
	      "\"peer\":{\"direction\":\"out\",\"netns\":4026531840,\"family\":\"ipv4\","
	      "\"laddr\":\"10.0.0.1\",\"lport\":null,\"raddr\":\"10.0.0.2\",\"rport\":90,"
	      "\"sockets\":2,\"holders\":[],\"holders_total\":0}");
	assert_string_equal(reason(screen, 8),
			    "has passed the end of file on, and 3 connections to its other side "
			    "are not closed there yet: it waits (2 to 10.0.0.2:90)");
}

/* In another namespace; one of the far ends waits in a process of the other place. */
static void who_has_not_closed_there_is_named(void **state)
{
	struct screen *screen = *state;

	relay(screen);
	add_tuple(screen, 20, far_end(4000, 90), DIRECTION_IN, 12);
	hold(screen, 20, 11, 7);
	add_tuple(screen, 21, far_end(4001, 90), DIRECTION_IN, 12);
	add_tuple(screen, 22, far_end(4002, 91), DIRECTION_IN, 13);
	look_at(screen, 8);
	shows(screen, true,
	      "\"sockets\":2,\"holders\":[{\"pid\":11,\"comm\":\"holder\",\"fd\":7},"
	      "{\"pid\":12,\"comm\":\"holder\",\"fd\":20}],\"holders_total\":2}");
	assert_non_null(strstr(reason(screen, 8), ": it waits (2 to 10.0.0.2:90); there "
						  "holder[11], holder[12] have not closed"));
	screen->time_ns += SECOND;
	begins(screen);
	ends(screen, false);
	shows(screen, true, "\"peer\":null");
}

static void a_filter_leaves_partners_and_far_ends_in(void **state)
{
	struct screen *screen = *state;
	struct tuple_filter *filter = calloc(1, sizeof(*filter));

	filter->lport.active = 1;
	filter->lport.bitmap[80 / 8] = 1 << 80 % 8;
	again_with(screen, (struct view_config){.age_ns = 10 * SECOND, .tuples = filter});
	relay(screen);
	add_tuple(screen, 20, far_end(4000, 90), DIRECTION_IN, 12);
	look_at(screen, 8);
	assert_int_equal(leaks_verdict(row_of(screen, 8)), VERDICT_RELAY);
	assert_null(row_of(screen, 12));
	assert_int_equal(screen->leaks.sockets, 3);
	assert_int_equal(screen->leaks.all, 3);
	assert_non_null(strstr(reason(screen, 8), "; there holder[12] has not closed"));
	screen->filter.pid = 99;
	relay(screen);
	ends(screen, false);
	shows(screen, false, "0 of 3 sockets in CLOSE_WAIT");
	free(filter);
}

/* Probes hide its age: its last data tells, if it is there still. */
static void a_leg_counts_by_its_last_data(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = close_wait_row(4, screen->time_ns, 0, 0, 0);
	uint64_t received_ns = screen->time_ns - 15 * SECOND;

	screen->world->model.needs.refreshed |= CLOSE_WAIT_STATES;
	record.state = TCP_FIN_WAIT2;
	record.times.received_ns = received_ns;
	for (int i = 0; i < 2; i++) {
		begins(screen);
		add_tuple(screen, 1, tuple_of("10.0.0.1", 80, "10.9.0.9", 1), DIRECTION_IN, 8);
		feed(screen->world, record);
		hold(screen, 4, 8, 4);
		ends(screen, false);
		assert_int_equal(row_of(screen, 8)->partners, i);
		assert_int_equal(asks(screen, QUESTION_STILL), !i);
		screen->time_ns += STILL_NS;
	}
}

static void ages_by_the_last_data_are_at_most(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = close_wait_row(1, screen->time_ns, 0, 0, 0);

	record.times.received_ns = screen->time_ns - 40 * SECOND;
	for (int i = 0; i < 2; i++) {
		begins(screen);
		for (record.cookie = 1; record.cookie <= 2; record.cookie++) {
			feed(screen->world, record);
			hold(screen, record.cookie, 8, 3);
		}
		add(screen, 3, AGE, 8);
		hold(screen, 3, 8, 4);
		ends(screen, false);
		screen->time_ns += STILL_NS;
	}
	assert_string_equal(where(screen, 8), "; by their last data 2 are at most 40.2s old; 3 to "
					      "10.0.0.2:80");
	screen->time_ns += 10 * SECOND;
	begins(screen);
	add(screen, 1, AGE, 8);
	hold(screen, 1, 8, 3);
	ends(screen, false);
	assert_string_equal(where(screen, 8), "; 1 to 10.0.0.2:80");
}

static void holders_are_the_rows_own_then_by_pid(void **state)
{
	struct screen *screen = *state;
	struct record_holder late = holder_of(1, screen->time_ns, 3, "late");

	late.process.start_ns = 900 * SECOND; /* its pid was free again */
	begins(screen);
	add(screen, 1, AGE, 0);
	for (uint32_t pid = 20; pid > 8; pid--)
		hold(screen, 1, pid, 4);
	hold(screen, 1, 15, 3);
	feed(screen->world, late);
	ends(screen, false);
	shows(screen, true,
	      "\"holders\":[{\"pid\":15,\"comm\":\"holder\",\"fd\":3},"
	      "{\"pid\":15,\"comm\":\"holder\",\"fd\":4},{\"pid\":3,\"comm\":\"late\",\"fd\":3},"
	      "{\"pid\":9,\"comm\":\"holder\",\"fd\":4},{\"pid\":10,\"comm\":\"holder\",\"fd\":4},"
	      "{\"pid\":11,\"comm\":\"holder\",\"fd\":4},{\"pid\":12,\"comm\":\"holder\",\"fd\":4},"
	      "{\"pid\":13,\"comm\":\"holder\",\"fd\":4},{\"pid\":14,\"comm\":\"holder\",\"fd\":4},"
	      "{\"pid\":16,\"comm\":\"holder\",\"fd\":4}],\"holders_total\":14");
}

static void the_table_shows_a_second_descriptor(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, AGE, 0);
	hold(screen, 1, 8, 5);
	hold(screen, 1, 8, 6);
	ends(screen, false);
	shows(screen, false, "unread  fd 5\n          also held by pid 8 fd 6\n");
	begins(screen);
	add(screen, 1, AGE, 0);
	for (uint32_t fd = 1; fd <= 12; fd++)
		hold(screen, 1, 8, fd);
	ends(screen, false);
	shows(screen, false, "pid 8 fd 9, pid 8 fd 10 and 2 more\n");
}

/* Of a group, evidence is of who has most, descriptors of who is nearest the limit. */
static void a_group_is_looked_at_where_it_is_worst(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.looked = true, .threads = 3, .looked_at = 3};
	const struct leak_row *row;

	again_with(screen, (struct view_config){.by = BY_COMM, .age_ns = 10 * SECOND});
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		add_tuple(screen, cookie, tuple_plain(), DIRECTION_IN, cookie == 1 ? 8 : 9);
	for (uint32_t fd = 20; fd < 30; fd++)
		hold(screen, 1, 8, fd); /* one socket all the same */
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	assert_true(asks(screen, QUESTION_THREADS));
	assert_true(asks(screen, QUESTION_DESCRIPTORS));
	facts.fds = 10;
	facts.fd_limit = 100;
	facts.stopped = 3;
	tell_facts(screen, 9, facts);
	tell_facts(
		screen, 8,
		(struct process_facts){.fds = 90, .fd_limit = 100, .looked = true, .threads = 1});
	leaks_refresh(&screen->leaks, 0, false);
	row = leaks_shown(&screen->leaks, 0);
	assert_int_equal(leaks_process(&screen->leaks, leaks_about(row))->id.pid, 9);
	assert_int_equal(leaks_facts(&screen->leaks, row).threads, 3);
	assert_int_equal(leaks_facts(&screen->leaks, row).fds, 90);
	shows(screen, true, "\"process\":null,\"key\":\"holder\"");
	shows(screen, true, "\"stopped\":true");
	shows(screen, true, "\"fds\":90,\"fd_limit\":100");
	/* two of three are not most of them: the third could be closed */
	assert_int_equal(leaks_verdict(row), VERDICT_LEAK);
}

static void who_is_stopped_stops_a_group_if_it_has_most(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.looked = true, .threads = 1, .looked_at = 1, .stopped = 1};

	again_with(screen, (struct view_config){.by = BY_COMM, .age_ns = 10 * SECOND});
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 5; cookie++)
		add_tuple(screen, cookie, tuple_plain(), DIRECTION_IN, cookie == 1 ? 8 : 9);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	tell_facts(screen, 9, facts);
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(leaks_verdict(leaks_shown(&screen->leaks, 0)), VERDICT_STOPPED);
}

static void a_pace_slower_than_asked_is_said(void **state)
{
	struct screen *screen = *state;

	again_with(screen, (struct view_config){.age_ns = SECOND, .interval_ns = SECOND});
	look(screen, 1, false);
	assert_null(strstr(shown(screen, false), "listed every"));
	screen->time_ns += SECOND;
	look(screen, 1, false);
	assert_null(strstr(shown(screen, false), "listed every"));
	screen->time_ns += 3 * SECOND;
	look(screen, 1, false);
	shows(screen, false, "1 socket in CLOSE_WAIT, listed every 4 s: it takes long\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(places_are_counted_over_all_sockets),
		screen_test(a_place_of_both_families_has_none),
		screen_test(places_are_counted_anew_with_each_listing),
		screen_test(a_relay_says_where_its_other_side_is),
		screen_test(who_has_not_closed_there_is_named),
		screen_test(a_filter_leaves_partners_and_far_ends_in),
		screen_test(a_leg_counts_by_its_last_data),
		screen_test(ages_by_the_last_data_are_at_most),
		screen_test(holders_are_the_rows_own_then_by_pid),
		screen_test(the_table_shows_a_second_descriptor),
		screen_test(a_group_is_looked_at_where_it_is_worst),
		screen_test(who_is_stopped_stops_a_group_if_it_has_most),
		screen_test(a_pace_slower_than_asked_is_said),
	};

	return cmocka_run_group_tests_name("leaks_where", tests, NULL, NULL);
}
