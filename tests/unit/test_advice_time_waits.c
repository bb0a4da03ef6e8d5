// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What rules make of TIME_WAITs, of settings, and of who closes: each at its threshold, and below.
 */
#include "advice_screen.h"

#define MS 1000000ULL

/* Settings that are as they come. */
static void know_settings(struct screen *screen)
{
	set_up(screen, SETTING_MAX_TW_BUCKETS, 262144);
	set_up(screen, SETTING_TW_REUSE, 2);
	set_up(screen, SETTING_FIN_TIMEOUT, 60);
	set_up(screen, SETTING_TIMESTAMPS, 1);
}

static void a_thousand_are_harmless(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = wait_row(screen, 7, DIRECTION_OUT);
	struct port_row *port = port_row(screen, 10000, 500);

	row->sockets = 999;
	is_silent(screen, "time_wait_harmless");
	row->sockets = 1669;
	fires(screen, "time_wait_harmless", SEVERITY_INFO);
	assert_string_equal(sentence_of(screen, "time_wait_harmless"),
			    "1,669 TIME_WAITs: harmless (0.4 MB, the most used destination has 5 % "
			    "of its ports in use)");
	port->now.used = 5000;
	fires(screen, "time_wait_harmless", SEVERITY_INFO);
	port->now.used = 5001;
	is_silent(screen, "time_wait_harmless");
}

static void each_namespace_is_judged_alone(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *one = wait_row(screen, 7, DIRECTION_OUT);
	struct time_wait_row *other = wait_row(screen, 8, DIRECTION_OUT);

	one->sockets = other->sockets = 600;
	fires(screen, "time_wait_harmless", SEVERITY_INFO);
	other->tuple.netns = NETNS + 1;
	is_silent(screen, "time_wait_harmless");
}

static void what_was_refused_is_told(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = wait_row(screen, 7, DIRECTION_OUT);

	assert_true(is_unknown(screen, "time_wait_overflow"));
	know_settings(screen);
	row->sockets = 1000;
	counts(screen, COUNTER_TIME_WAIT_OVERFLOW, 5);
	is_silent(screen, "time_wait_overflow"); /* before it watched */
	counts(screen, COUNTER_TIME_WAIT_OVERFLOW, 6);
	fires(screen, "time_wait_overflow", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "time_wait_overflow", "overflow"), 1);
	assert_int_equal(count_of(screen, "time_wait_harmless"), 0);
}

static void and_that_it_will_be(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = wait_row(screen, 7, DIRECTION_OUT);

	know_settings(screen);
	set_up(screen, SETTING_MAX_TW_BUCKETS, 2000);
	row->sockets = 1799;
	is_silent(screen, "time_wait_overflow");
	row->sockets = 1800;
	fires(screen, "time_wait_overflow", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "time_wait_overflow", "max"), 2000);
	assert_int_equal(count_of(screen, "time_wait_harmless"), 0);
}

static void reuse_is_useless_for_what_was_accepted(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *in = wait_row(screen, 7, DIRECTION_IN);
	struct time_wait_row *out = wait_row(screen, 7, DIRECTION_OUT);

	in->sockets = 90;
	out->sockets = 10;
	assert_true(is_unknown(screen, "tw_reuse_useless"));
	know_settings(screen);
	is_silent(screen, "tw_reuse_useless");
	set_up(screen, SETTING_TW_REUSE, 1);
	fires(screen, "tw_reuse_useless", SEVERITY_INFO);
	assert_int_equal(number_told(screen, "tw_reuse_useless", "incoming"), 90);
	out->sockets = 11;
	is_silent(screen, "tw_reuse_useless");
	set_up(screen, SETTING_TIMESTAMPS, 0);
	fires(screen, "tw_reuse_useless", SEVERITY_INFO);
}

static void fin_timeout_is_misread(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = wait_row(screen, 7, DIRECTION_OUT);

	row->sockets = 1000;
	assert_true(is_unknown(screen, "fin_timeout_misread"));
	know_settings(screen);
	is_silent(screen, "fin_timeout_misread");
	set_up(screen, SETTING_FIN_TIMEOUT, 30);
	histogram_add(&row->lifetime, 61 * SECOND);
	fires(screen, "fin_timeout_misread", SEVERITY_INFO);
	assert_string_equal(sentence_of(screen, "fin_timeout_misread"),
			    "tcp_fin_timeout is 30, and 1,000 TIME_WAITs last as long as ever: "
			    "61.0s measured");
	row->sockets = 999;
	is_silent(screen, "fin_timeout_misread");
}

static void recycle_is_gone(void **state)
{
	struct screen *screen = *state;
	struct record_sysctl record = {
		.header = {RECORD_SYSCTL, sizeof(record), 0, screen->time_ns},
		.setting = SETTING_TW_RECYCLE,
	};

	assert_true(is_unknown(screen, "tw_recycle_gone"));
	feed(screen->world, record);
	is_silent(screen, "tw_recycle_gone");
	assert_false(is_unknown(screen, "tw_recycle_gone"));
	record.line = 12;
	strcpy(record.file, "/etc/sysctl.conf");
	strcpy(record.value, "1");
	feed(screen->world, record);
	fires(screen, "tw_recycle_gone", SEVERITY_INFO);
	assert_non_null(strstr(json_of(screen, "tw_recycle_gone"),
			       "\"evidence\":{\"file\":\"/etc/sysctl.conf\",\"line\":12}"));
}

static void a_file_that_cannot_be_read_may_set_it(void **state)
{
	struct screen *screen = *state;
	struct record_sysctl record = {
		.header = {RECORD_SYSCTL, sizeof(record), 0, screen->time_ns},
		.unread = 1,
	};

	feed(screen->world, record);
	assert_true(is_unknown(screen, "tw_recycle_gone"));
}

static void tracking_is_full_at_90_percent(void **state)
{
	struct screen *screen = *state;

	assert_true(is_unknown(screen, "conntrack_full"));
	tracks(screen, (struct conntrack){.count = 899, .max = 1000, .drop = 7});
	is_silent(screen, "conntrack_full");
	tracks(screen, (struct conntrack){.count = 900, .max = 1000, .drop = 7});
	fires(screen, "conntrack_full", SEVERITY_CRITICAL);
	tracks(screen, (struct conntrack){.count = 100, .max = 1000, .drop = 8});
	fires(screen, "conntrack_full", SEVERITY_CRITICAL);
	assert_int_equal(number_told(screen, "conntrack_full", "drop"), 1);
	tracks(screen,
	       (struct conntrack){.count = 100, .max = 1000, .drop = 7, .insert_failed = 2});
	fires(screen, "conntrack_full", SEVERITY_CRITICAL);
	assert_non_null(strstr(sentence_of(screen, "conntrack_full"), "ports of NAT collide"));
	tracks(screen, (struct conntrack){.count = 100, .max = 1000, .drop = 7, .early_drop = 9});
	is_silent(screen, "conntrack_full");
}

static void tracking_has_its_own_time_wait(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = wait_row(screen, 7, DIRECTION_OUT);

	row->sockets = 1001;
	set_up(screen, SETTING_CONNTRACK_TIME_WAIT, 120);
	tracks(screen, (struct conntrack){.count = 0, .max = 1000});
	is_silent(screen, "conntrack_time_wait"); /* it tracks nothing */
	tracks(screen, (struct conntrack){.count = 5, .max = 1000});
	fires(screen, "conntrack_time_wait", SEVERITY_INFO);
	row->sockets = 1000;
	is_silent(screen, "conntrack_time_wait");
	row->sockets = 1001;
	set_up(screen, SETTING_CONNTRACK_TIME_WAIT, 60);
	is_silent(screen, "conntrack_time_wait");
}

/* ---- who closes ---- */

/* In ten seconds. */
static struct time_wait_row *close_many(struct screen *screen, uint64_t closed, uint64_t took_ns)
{
	struct time_wait_row *row = wait_row(screen, 7, DIRECTION_OUT);

	judge(screen); /* it has closed none yet */
	screen->time_ns += 9 * SECOND;
	row->closed = row->closed_first = closed;
	for (int i = 0; i < 10; i++) {
		histogram_add(&row->connected, took_ns);
		histogram_add(&row->idle, 500 * MS);
	}
	return row;
}

static void short_is_five_a_second_of_a_second(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = close_many(screen, 49, SECOND - MS);

	is_silent(screen, "short_connections");
	row->closed = row->closed_first = 55;
	row->sent_bytes = 123;
	fires(screen, "short_connections", SEVERITY_INFO);
	assert_int_equal(number_told(screen, "short_connections", "sent_bytes"), 123);
	assert_string_equal(
		sentence_of(screen, "short_connections"),
		"server[7] opens a connection to 10.0.0.2:80 for each use, and closes "
		"it first: 5.0/s, half of them within 999ms, closed 500ms after the last "
		"data; 0 are in TIME_WAIT");
}

static void or_what_is_closed_at_once(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = close_many(screen, 600, 2 * SECOND);

	is_silent(screen, "short_connections");
	for (int i = 0; i < 20; i++)
		histogram_add(&row->idle, 9 * MS);
	fires(screen, "short_connections", SEVERITY_INFO);
	lacks(screen, WANT(TRANSITIONS));
	assert_true(is_unknown(screen, "short_connections"));
	assert_true(is_unknown(screen, "process_per_connection"));
	assert_true(is_unknown(screen, "reset_instead_of_close"));
	assert_true(is_unknown(screen, "keepalive_race"));
	assert_true(is_unknown(screen, "refused"));
}

/* 6,000 ports for 60 s each sustain 100 a second. */
static void a_tenth_of_what_lasts_is_a_warning(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = close_many(screen, 90, 100 * MS);

	row->tuple.lport = 0;
	port_row(screen, 6000, 100);
	fires(screen, "short_connections", SEVERITY_INFO);
	row->closed = row->closed_first = 120;
	fires(screen, "short_connections", SEVERITY_WARNING);
}

/* The connections of a client (pid 7) and a server (pid 8), of which each closes some first. */
static void both_ends_are_told_once(void **state)
{
	static const struct {
		uint64_t by_client, by_server;
		bool other_client;
		size_t told;
		unsigned int direction;
	} cases[] = {
		{600, 100, false, 1, DIRECTION_OUT},
		{700, 1300, false, 1, DIRECTION_IN},
		{1400, 1400, false, 1, DIRECTION_OUT},
		{2000, 1500, true, 2, DIRECTION_OUT}, /* who comes to it most is another */
	};
	struct screen *screen = *state;
	struct time_wait_row *server = wait_row(screen, 8, DIRECTION_IN);
	struct time_wait_row *client = close_many(screen, 0, MS);
	struct opening_row *opens = opening_row(screen, 7), *too = opening_row(screen, 9);

	client->tuple = opens->tuple = too->tuple = tuple_of("10.0.0.1", 0, "10.0.0.1", 80);
	server->tuple = tuple_of("10.0.0.1", 80, "0.0.0.0", 0);
	histogram_add(&server->connected, MS);
	opens->established = 700;
	for (size_t i = 0; i < COUNT(cases); i++) {
		client->closed = client->closed_first = cases[i].by_client;
		server->closed = server->closed_first = cases[i].by_server;
		too->established = cases[i].other_client ? 800 : 0;
		judge(screen);
		check(count_of(screen, "short_connections") == cases[i].told &&
			      screen->adviser.items[0].direction == cases[i].direction,
		      "case %zu", i);
	}
}

static void the_remedy_is_that_of_the_program(void **state)
{
	struct screen *screen = *state;
	struct record_process described = {
		.header = {RECORD_PROCESS, sizeof(described), 0, screen->time_ns},
		.process = process_of(7, "server"),
		.exe = "/usr/sbin/nginx",
	};

	close_many(screen, 600, 100 * MS);
	feed(screen->world, described);
	fires(screen, "short_connections", SEVERITY_INFO);
	assert_non_null(strstr(json_of(screen, "short_connections"),
			       "\"helps\":[\"nginx: `keepalive 32;` in the upstream"));
}

static void half_of_twenty_reset(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *one = wait_row(screen, 7, DIRECTION_OUT);
	struct time_wait_row *other = wait_row(screen, 7, DIRECTION_IN);

	one->closed = 10;
	one->closed_by_reset = 10;
	other->closed = 9;
	is_silent(screen, "reset_instead_of_close");
	other->closed = 10; /* wherever to */
	fires(screen, "reset_instead_of_close", SEVERITY_INFO);
	assert_int_equal(number_told(screen, "reset_instead_of_close", "closed"), 20);
	one->closed_by_reset = 9;
	is_silent(screen, "reset_instead_of_close");
}

static void a_race_takes_a_constant_time_and_data(void **state)
{
	struct screen *screen = *state;
	struct time_wait_row *row = wait_row(screen, 7, DIRECTION_IN);

	row->closed = row->closed_first = 20;
	for (int i = 0; i < 20; i++)
		histogram_add(&row->idle, 5 * SECOND);
	is_silent(screen, "keepalive_race");
	row->reset_by_data = 1;
	fires(screen, "keepalive_race", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "keepalive_race", "reset_by_data"), 1);
	row->closed_first = 19;
	is_silent(screen, "keepalive_race");
	row->closed_first = 20;
	for (int i = 0; i < 4; i++)
		histogram_add(&row->idle, 7 * SECOND);
	is_silent(screen, "keepalive_race");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_thousand_are_harmless),
		screen_test(each_namespace_is_judged_alone),
		screen_test(what_was_refused_is_told),
		screen_test(and_that_it_will_be),
		screen_test(reuse_is_useless_for_what_was_accepted),
		screen_test(fin_timeout_is_misread),
		screen_test(recycle_is_gone),
		screen_test(a_file_that_cannot_be_read_may_set_it),
		screen_test(tracking_is_full_at_90_percent),
		screen_test(tracking_has_its_own_time_wait),
		screen_test(short_is_five_a_second_of_a_second),
		screen_test(both_ends_are_told_once),
		screen_test(or_what_is_closed_at_once),
		screen_test(a_tenth_of_what_lasts_is_a_warning),
		screen_test(the_remedy_is_that_of_the_program),
		screen_test(half_of_twenty_reset),
		screen_test(a_race_takes_a_constant_time_and_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
