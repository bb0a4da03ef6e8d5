// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What rules make of ports: each at its threshold, and below. */
#include "advice_screen.h"

#define LOW  40000
#define HIGH 40999

/* The namespace, as a listing tells of it. */
static void list_ports(struct screen *screen, uint32_t tw_reuse)
{
	struct record_ports settings = port_settings_of(screen->time_ns, LOW, HIGH);

	settings.tw_reuse = tw_reuse;
	feed(screen->world, listing_of(screen->time_ns, LISTING_BEGINS, 0));
	feed(screen->world, settings);
	feed(screen->world, listing_of(screen->time_ns, LISTING_ENDS, 0));
}

static void near_is_80_percent_and_more(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = port_row(screen, 1000, 799);

	is_silent(screen, "ports_near");
	row->now.used = 800;
	fires(screen, "ports_near", SEVERITY_WARNING);
	row->now.used = 950;
	fires(screen, "ports_near", SEVERITY_WARNING);
	row->now.used = 951;
	fires(screen, "ports_near", SEVERITY_CRITICAL);
	row->now.reusable = 152; /* as good as free */
	is_silent(screen, "ports_near");
}

static void near_says_who_and_how_many(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = port_row(screen, 1000, 900);

	row->now.by_state[TCP_TIME_WAIT] = 900;
	fires(screen, "ports_near", SEVERITY_WARNING);
	assert_string_equal(sentence_of(screen, "ports_near"),
			    "900 of 1,000 ports towards 10.0.0.2:80 are in use");
}

static void what_bind_took_must_be_seen(void **state)
{
	struct screen *screen = *state;

	port_row(screen, 1000, 990);
	lacks(screen, WANT(BOUND_PORTS));
	is_silent(screen, "ports_near");
	assert_true(is_unknown(screen, "ports_near"));
	assert_true(is_unknown(screen, "ports_taken_by_bind"));
	assert_true(is_unknown(screen, "tw_reuse_would_help"));
}

static void a_failure_is_enough(void **state)
{
	struct screen *screen = *state;
	struct port_failure *failure = failure_row(screen, 7, CAUSE_UNKNOWN);

	is_silent(screen, "ports_exhausted");
	failure->cause = CAUSE_RANGE_EXHAUSTED;
	fires(screen, "ports_exhausted", SEVERITY_CRITICAL);
	assert_int_equal(number_told(screen, "ports_exhausted", "count"), 1);
	assert_non_null(strstr(json_of(screen, "ports_exhausted"), "\"owner\":null"));
	failure->failure = FAILURE_BIND_NO_PORT;
	is_silent(screen, "ports_exhausted");
	lacks(screen, WANT(TRANSITIONS));
	assert_true(is_unknown(screen, "ports_exhausted"));
}

static void exhaustion_explains_near(void **state)
{
	struct screen *screen = *state;

	port_row(screen, 1000, 1000);
	failure_row(screen, 7, CAUSE_RANGE_EXHAUSTED);
	judge(screen);
	assert_int_equal(count_of(screen, "ports_exhausted"), 1);
	assert_int_equal(count_of(screen, "ports_near"), 0);
}

static struct port_row *range(struct screen *screen, uint32_t blocked, uint32_t left)
{
	struct port_row *row = port_row(screen, left, 0);

	row->range = true;
	row->tuple = (struct tuple){.netns = NETNS};
	row->now.supply.low = LOW;
	row->now.supply.high = HIGH;
	row->now.supply.blocked = blocked;
	return row;
}

static void bind_that_takes_half_is_told(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = range(screen, 499, 501);

	is_silent(screen, "ports_taken_by_bind");
	row->now.supply.blocked = row->now.supply.supply = 500;
	fires(screen, "ports_taken_by_bind", SEVERITY_WARNING);
	assert_non_null(strstr(json_of(screen, "ports_taken_by_bind"), "\"range\":[40000,40999]"));
	failure_row(screen, 7, CAUSE_BLOCKED_BY_BIND);
	fires(screen, "ports_taken_by_bind", SEVERITY_CRITICAL);
}

static void bind_explains_exhaustion_and_that_near(void **state)
{
	struct screen *screen = *state;

	range(screen, 600, 400);
	port_row(screen, 400, 400);
	failure_row(screen, 7, CAUSE_RANGE_EXHAUSTED);
	judge(screen);
	assert_int_equal(count_of(screen, "ports_taken_by_bind"), 1);
	assert_int_equal(count_of(screen, "ports_exhausted"), 0);
	assert_int_equal(count_of(screen, "ports_near"), 0);
}

/* Few are left for a destination where bind() has taken most. */
static void bind_explains_near(void **state)
{
	struct screen *screen = *state;

	port_row(screen, 400, 400);
	fires(screen, "ports_near", SEVERITY_CRITICAL);
	range(screen, 600, 400);
	judge(screen);
	assert_int_equal(count_of(screen, "ports_taken_by_bind"), 1);
	assert_int_equal(count_of(screen, "ports_near"), 0);
}

static void what_is_in_the_way_is_told(void **state)
{
	struct screen *screen = *state;
	struct port_failure *failure = failure_row(screen, 7, CAUSE_TUPLE_IN_USE);

	failure->failure = FAILURE_IN_USE;
	failure->in_the_way = (struct in_the_way){true, TCP_TIME_WAIT, 0, 30 * SECOND};
	fires(screen, "port_tuple_in_use", SEVERITY_WARNING);
	assert_string_equal(
		sentence_of(screen, "port_tuple_in_use"),
		"server[7] could not connect to 10.0.0.2:80 from its port, 1 time: that "
		"pair is in use, in TIME_WAIT for 30.0s more");
	failure->cause = CAUSE_PORT_IN_USE;
	failure->failure = FAILURE_BIND_IN_USE;
	fires(screen, "port_tuple_in_use", SEVERITY_WARNING);
	assert_non_null(strstr(sentence_of(screen, "port_tuple_in_use"),
			       "could not bind to 10.0.0.1:40000"));
}

/* What connect() tells is told without it; where nothing was found it is not known. */
static void binds_that_fail_may_not_be_seen(void **state)
{
	struct screen *screen = *state;

	lacks(screen, WANT(BIND_FAILURES));
	assert_true(is_unknown(screen, "port_tuple_in_use"));
	assert_true(is_unknown(screen, "address_missing"));
	failure_row(screen, 7, CAUSE_TUPLE_IN_USE)->failure = FAILURE_IN_USE;
	fires(screen, "port_tuple_in_use", SEVERITY_WARNING);
	assert_false(is_unknown(screen, "port_tuple_in_use"));
}

static void an_address_that_is_missing_is_critical(void **state)
{
	struct screen *screen = *state;
	struct port_failure *failure = failure_row(screen, 7, CAUSE_ADDRESS_NOT_LOCAL);

	failure->failure = FAILURE_BIND_NOT_LOCAL;
	fires(screen, "address_missing", SEVERITY_CRITICAL);
	assert_non_null(strstr(json_of(screen, "address_missing"), "\"address\":\"10.0.0.1\""));
	failure->cause = CAUSE_NO_SOURCE_ADDRESS;
	failure->failure = FAILURE_NO_SOURCE;
	fires(screen, "address_missing", SEVERITY_CRITICAL);
	assert_non_null(strstr(json_of(screen, "address_missing"), "\"address\":\"10.0.0.2\""));
	failure->cause = CAUSE_UNKNOWN;
	is_silent(screen, "address_missing");
}

static void listen_at(struct screen *screen, uint64_t cookie, uint16_t port)
{
	struct record_transition record =
		transition_of(cookie, screen->time_ns, TCP_CLOSE, TCP_LISTEN);

	record.tuple = tuple_of("10.0.0.1", port, "0.0.0.0", 0);
	record.owner = process_of(7, "server");
	record.owner_by = OWNER_LISTEN;
	feed(screen->world, record);
}

static void a_listener_in_the_range_is_told(void **state)
{
	struct screen *screen = *state;

	list_ports(screen, 2);
	listen_at(screen, 1, LOW - 1);
	is_silent(screen, "listener_in_range");
	listen_at(screen, 2, LOW);
	listen_at(screen, 3, HIGH);
	fires(screen, "listener_in_range", SEVERITY_INFO);
	assert_non_null(strstr(json_of(screen, "listener_in_range"),
			       "\"evidence\":{\"ports\":[40000,40999],\"processes\":[{\"process\":"
			       "{\"pid\":7"));
	screen->filter.pid = 8;
	is_silent(screen, "listener_in_range");
}

static void reuse_helps_where_a_quarter_is_in_time_wait(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = port_row(screen, 1000, 900);

	list_ports(screen, 2);
	row->now.by_state[TCP_TIME_WAIT] = 225;
	assert_true(is_unknown(screen, "tw_reuse_would_help"));
	set_up(screen, SETTING_TIMESTAMPS, 1);
	fires(screen, "tw_reuse_would_help", SEVERITY_INFO);
	assert_int_equal(number_told(screen, "tw_reuse_would_help", "frees"), 225);
	row->now.by_state[TCP_TIME_WAIT] = 224;
	is_silent(screen, "tw_reuse_would_help");
	row->now.by_state[TCP_TIME_WAIT] = 225;
	row->now.used = 799;
	is_silent(screen, "tw_reuse_would_help"); /* it is not near */
	failure_row(screen, 7, CAUSE_RANGE_EXHAUSTED);
	row->failed = 1;
	fires(screen, "tw_reuse_would_help", SEVERITY_INFO);
}

static void reuse_does_not_help_without_timestamps_nor_twice(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = port_row(screen, 1000, 900);

	row->now.by_state[TCP_TIME_WAIT] = 900;
	set_up(screen, SETTING_TIMESTAMPS, 0);
	list_ports(screen, 0);
	is_silent(screen, "tw_reuse_would_help");
	set_up(screen, SETTING_TIMESTAMPS, 1);
	fires(screen, "tw_reuse_would_help", SEVERITY_INFO);
	list_ports(screen, 1);
	is_silent(screen, "tw_reuse_would_help");
}

/* 2 is for loopback alone. */
static void loopback_is_reused_by_default(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = port_row(screen, 1000, 900);

	row->now.by_state[TCP_TIME_WAIT] = 900;
	row->tuple = tuple_of("127.0.0.1", 0, "127.0.0.1", 80);
	set_up(screen, SETTING_TIMESTAMPS, 1);
	list_ports(screen, 2);
	is_silent(screen, "tw_reuse_would_help");
	list_ports(screen, 0);
	fires(screen, "tw_reuse_would_help", SEVERITY_INFO);
}

static void a_slow_search_is_over_a_millisecond(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = port_row(screen, 1000, 100);

	assert_true(is_unknown(screen, "port_search_slow"));
	histogram_add(&row->searches, 900000);
	is_silent(screen, "port_search_slow");
	assert_false(is_unknown(screen, "port_search_slow"));
	histogram_add(&row->searches, 1200000);
	histogram_add(&row->searches, 1300000);
	fires(screen, "port_search_slow", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "port_search_slow", "searches"), 3);
}

/* Where bind() has all, no destination uses any. */
static void a_search_in_vain_is_told_where_no_port_is_used(void **state)
{
	struct screen *screen = *state;
	struct port_row *row = port_row(screen, 0, 0);

	row->wanted = false;
	histogram_add(&row->searches, 1300000);
	is_silent(screen, "port_search_slow"); /* of others, whom no filter asks for */
	row->asked = 1;
	fires(screen, "port_search_slow", SEVERITY_WARNING);
}

/* For who runs for days. */
static void a_failure_is_forgotten_after_a_minute(void **state)
{
	struct screen *screen = *state;

	judge(screen);
	failure_row(screen, 7, CAUSE_RANGE_EXHAUSTED);
	fires(screen, "ports_exhausted", SEVERITY_CRITICAL);
	for (int second = 0; second < 58; second++)
		judge(screen);
	fires(screen, "ports_exhausted", SEVERITY_CRITICAL);
	for (int second = 0; second < 3; second++)
		judge(screen);
	is_silent(screen, "ports_exhausted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(near_is_80_percent_and_more),
		screen_test(near_says_who_and_how_many),
		screen_test(what_bind_took_must_be_seen),
		screen_test(a_failure_is_enough),
		screen_test(exhaustion_explains_near),
		screen_test(bind_that_takes_half_is_told),
		screen_test(bind_explains_exhaustion_and_that_near),
		screen_test(bind_explains_near),
		screen_test(what_is_in_the_way_is_told),
		screen_test(binds_that_fail_may_not_be_seen),
		screen_test(an_address_that_is_missing_is_critical),
		screen_test(a_listener_in_the_range_is_told),
		screen_test(reuse_helps_where_a_quarter_is_in_time_wait),
		screen_test(reuse_does_not_help_without_timestamps_nor_twice),
		screen_test(loopback_is_reused_by_default),
		screen_test(a_slow_search_is_over_a_millisecond),
		screen_test(a_search_in_vain_is_told_where_no_port_is_used),
		recent_test(a_failure_is_forgotten_after_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
