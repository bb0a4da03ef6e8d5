// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <uniwidth.h>

#include "records.h"
#include "view/objects.h"
#include "view/trace/trace.h"
#include "unit.h"

#define COLUMNS 120

/* A view on one transition, with everything that can be known of it. */
struct scene {
	struct output output;
	struct model model;
	struct tuple_filter tuples;
	struct process_filter process_filter;
	struct view_config config;
	struct trace trace;
	struct connection connection;
	struct process owner, closer;
	struct transition transition;
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	static const struct needs needs;
	struct model_config config = {.needs = &needs};

	setenv("TZ", "UTC", 1);
	model_init(&scene->model, &config);
	output_init(&scene->output, -1, NULL);
	scene->config = (struct view_config){
		.tuples = &scene->tuples,
		.processes = &scene->process_filter,
		.style = {.columns = COLUMNS},
		.output = &scene->output,
	};
	scene->connection = (struct connection){
		.cookie = 0xabc,
		.tuple = tuple_plain(),
		.state = TCP_CLOSE,
		.owner_by = OWNER_CONNECT,
		.direction = DIRECTION_OUT,
	};
	scene->owner = (struct process){
		.id = process_of(7, "client"),
		.exe = (char *)"/usr/bin/client",
		.cgroup = (char *)"/a",
		.container = "0123456789ab",
	};
	scene->closer = (struct process){.id = process_of(8, "closer")};
	scene->transition = (struct transition){
		.connection = &scene->connection,
		.owner = &scene->owner,
		.closer = &scene->closer,
		.time_ns = 3 * SECOND,
		.in_old_ns = 61500 * SECOND / 1000,
		.old_state = TCP_TIME_WAIT,
		.new_state = TCP_CLOSE,
		.end_reason = END_EXPIRED,
	};
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	trace_free(&scene->trace);
	model_free(&scene->model);
	output_free(&scene->output);
	free(scene);
	return 0;
}

static void start(struct scene *scene)
{
	trace_free(&scene->trace);
	trace_init(&scene->trace, &scene->config, &scene->model);
	scene->model.clocks.monotonic_ns = 1709251200 * SECOND; /* 2024-03-01 */
	scene->model.clocks.boottime_ns = 1709251200 * SECOND;
}

/* What the transition is shown as, terminated. */
static const char *show(struct scene *scene)
{
	scene->output.length = 0;
	trace_transition(&scene->trace, &scene->transition);
	*output_reserve(&scene->output, 1) = 0;
	return scene->output.text;
}

static const char *json(struct scene *scene)
{
	scene->config.json = true;
	start(scene);
	return show(scene);
}

/* Without the header. */
static const char *text(struct scene *scene)
{
	const char *line;

	start(scene);
	line = strchr(show(scene), '\n');
	assert_non_null(line);
	return line + 1;
}

static size_t width(const char *line)
{
	size_t bytes = strcspn(line, "\n");

	return (size_t)u8_width((const uint8_t *)line, bytes, "UTF-8");
}

/* The column at which the transition itself begins: where all lines are aligned. */
static size_t column_of(const char *line, const char *what)
{
	const char *at = strstr(line, what);

	assert_non_null(at);
	return (size_t)u8_width((const uint8_t *)line, (size_t)(at - line), "UTF-8");
}

static void a_line_tells_who_what_where_and_how_long(void **state)
{
	assert_string_equal(text(*state),
			    "00:00:03.000       7 client          out 10.0.0.1:40000        "
			    "10.0.0.2:80            61500.0 TIME_WAIT->CLOSE expired\n");
}

static void the_header_is_aligned_with_the_line(void **state)
{
	struct scene *scene = *state;
	const char *header, *line;

	start(scene);
	header = show(scene);
	line = strchr(header, '\n') + 1;
	assert_int_equal(column_of(header, "COMM"), column_of(line, "client"));
	assert_int_equal(column_of(header, "DIR"), column_of(line, "out"));
	assert_int_equal(column_of(header, "LOCAL"), column_of(line, "10.0.0.1"));
	assert_int_equal(column_of(header, "REMOTE"), column_of(line, "10.0.0.2"));
	assert_int_equal(column_of(header, "TRANSITION"), column_of(line, "TIME_WAIT"));
	assert_int_equal(column_of(header, "PID") + 3, column_of(line, "7 client") + 1);
	assert_int_equal(column_of(header, "MS") + 2, column_of(line, "61500.0") + 7);
}

static void the_header_comes_once_where_there_is_no_terminal(void **state)
{
	struct scene *scene = *state;

	start(scene);
	assert_non_null(strstr(show(scene), "LOCAL"));
	for (int i = 0; i < 200; i++)
		assert_null(strstr(show(scene), "LOCAL"));
}

static void the_header_is_always_on_the_screen(void **state)
{
	enum { LINES = 24 };
	struct scene *scene = *state;
	int since = LINES;

	scene->config.style.lines = LINES;
	start(scene);
	for (int i = 0; i < 200; i++) {
		if (strstr(show(scene), "LOCAL"))
			since = 0;
		assert_in_range(++since, 1, LINES - 1);
	}
}

static void unknown_is_a_dash(void **state)
{
	struct scene *scene = *state;

	scene->transition.owner = NULL;
	scene->transition.in_old_ns = UNKNOWN_NS;
	scene->transition.end_reason = END_NONE;
	scene->connection.direction = DIRECTION_UNKNOWN;
	assert_string_equal(text(scene),
			    "00:00:03.000       - -               -   10.0.0.1:40000        "
			    "10.0.0.2:80                  - TIME_WAIT->CLOSE\n");
}

static void a_listener_has_no_remote(void **state)
{
	struct scene *scene = *state;
	const char *line;

	scene->connection.tuple = tuple_of("::", 80, "::", 0);
	scene->transition.old_state = TCP_CLOSE;
	scene->transition.new_state = TCP_LISTEN;
	scene->transition.end_reason = END_NONE;
	line = text(scene);
	assert_non_null(strstr(line, " [::]:80 "));
	assert_non_null(strstr(line, " * "));
	assert_int_equal(column_of(line, "CLOSE->LISTEN"), 94);
}

/* The longest of everything. */
static void make_longest(struct scene *scene)
{
	scene->owner.id = process_of(4194303, "123456789012345");
	scene->connection.tuple = tuple_of("255.255.255.255", 65535, "255.255.255.255", 65535);
	scene->transition.in_old_ns = 99999999 * SECOND / 1000;
	scene->transition.end_reason = END_DESTROYED;
}

static void the_longest_values_fit_120_columns(void **state)
{
	struct scene *scene = *state;

	make_longest(scene);
	for (unsigned int old = TCP_ESTABLISHED; old < TCP_STATES; old++) {
		for (unsigned int new = TCP_ESTABLISHED; new < TCP_STATES; new ++) {
			const char *line;

			scene->transition.old_state = (uint8_t)old;
			scene->transition.new_state = (uint8_t) new;
			/* only a minisocket's end has a reason, and it is one of these */
			scene->transition.end_reason =
				(old == TCP_TIME_WAIT || old == TCP_FIN_WAIT2) && new == TCP_CLOSE
					? END_DESTROYED
					: END_NONE;
			line = text(scene);
			check(width(line) <= COLUMNS, "%zu columns: %s", width(line), line);
			assert_int_equal(strchr(line, '>') > line, 1);
		}
	}
}

static void a_time_of_any_length_keeps_the_columns_aligned(void **state)
{
	static const uint64_t days[] = {0, 1, 2, 30, 400, 36500};
	struct scene *scene = *state;

	for (size_t i = 0; i < COUNT(days); i++) {
		const char *line;

		scene->transition.in_old_ns = days[i] * 86400 * SECOND;
		line = text(scene);
		check(column_of(line, "TIME_WAIT") == 94, "after %llu days: %s",
		      (unsigned long long)days[i], line);
	}
}

static void milliseconds_just_below_a_turn_keep_the_columns_aligned(void **state)
{
	static const uint64_t turns[] = {999949999,   999950000,    99999949999,    99999950000,
					 99999999999, 100000000000, 99999999499999, 99999999500000};
	struct scene *scene = *state;

	for (size_t i = 0; i < COUNT(turns); i++) {
		const char *line;

		scene->transition.in_old_ns = turns[i];
		line = text(scene);
		check(column_of(line, "TIME_WAIT") == 94, "%s", line);
	}
}

static void ipv6_is_shortened_and_stays_aligned(void **state)
{
	struct scene *scene = *state;
	const char *line;

	make_longest(scene);
	scene->connection.tuple = tuple_of("2001:db8:1111:2222:3333:4444:5555:6666", 65535,
					   "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 443);
	line = text(scene);
	assert_int_equal(width(line), COLUMNS);
	assert_int_equal(column_of(line, "TIME_WAIT"), 94);
	assert_non_null(strstr(line, "666]:65535 "));
	assert_non_null(strstr(line, ":ffff]:443 "));
	assert_int_equal(column_of(line, "[2001"), 41);
}

static void a_wide_terminal_shows_whole_addresses(void **state)
{
	struct scene *scene = *state;
	const char *line;

	scene->connection.tuple = tuple_of("2001:db8:1111:2222:3333:4444:5555:6666", 65535,
					   "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 443);
	scene->config.style.columns = 200;
	line = text(scene);
	assert_non_null(strstr(line, " [2001:db8:1111:2222:3333:4444:5555:6666]:65535 "));
	assert_in_range(width(line), 1, 200);
	for (unsigned int columns = 60; columns < 300; columns++) {
		scene->config.style.columns = columns;
		start(scene);
		for (line = show(scene); *line; line += strcspn(line, "\n") + 1)
			assert_in_range(width(line), 1, columns);
	}
}

/* In a file or a pipe nothing is cut, and a connection is one line. */
static void without_a_terminal_nothing_is_cut(void **state)
{
	struct scene *scene = *state;

	scene->connection.tuple = tuple_of("2001:db8:1111:2222:3333:4444:5555:6666", 65535,
					   "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 443);
	scene->owner.id = process_of(7, "\001\002\003\004\005\006");
	scene->config.style.columns = 0;
	assert_string_equal(text(scene), "00:00:03.000       7 \\x01\\x02\\x03\\x04\\x05\\x06 out "
					 "[2001:db8:1111:2222:3333:4444:5555:6666]:65535 "
					 "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:443 "
					 " 61500.0 TIME_WAIT->CLOSE expired\n");
}

static void on_a_narrow_terminal_a_line_is_wrapped(void **state)
{
	struct scene *scene = *state;

	scene->config.style.columns = 80;
	start(scene);
	assert_string_equal(
		show(scene),
		"TIME             PID COMM            DIR LOCAL                 REMOTE\n"
		"        MS TRANSITION\n"
		"00:00:03.000       7 client          out 10.0.0.1:40000        10.0.0.2:80\n"
		"        61500.0 TIME_WAIT->CLOSE expired\n");
}

static void whole_addresses_may_be_asked_for(void **state)
{
	struct scene *scene = *state;

	scene->connection.tuple = tuple_of("2001:db8:1111:2222:3333:4444:5555:6666", 65535,
					   "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 443);
	scene->config.style.details = true;
	assert_non_null(strstr(text(scene), " [2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:443 "));
}

static void hostile_comms_are_harmless_and_stay_aligned(void **state)
{
	static const char *const comms[] = {
		"",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", /* wide */
		"caf\xc3\xa9",
		"a\nb\033[31m",
		"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"ab\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\001",
		"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		"1234567890123456", /* not terminated */
		"12345678901\xe6\x97\xa5\001",
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < COUNT(comms); i++) {
		const char *line;

		scene->owner.id = process_of(7, comms[i]);
		line = text(scene);
		check(column_of(line, "out 10.0.0.1") == 37, "comm %zu: %s", i, line);
		check(strchr(line, '\n') == line + strlen(line) - 1, "comm %zu: %s", i, line);
		assert_null(strchr(line, '\033'));
	}
}

static void colour_changes_no_text(void **state)
{
	struct scene *scene = *state;
	const char *line;

	scene->transition.old_state = TCP_FIN_WAIT2;
	scene->transition.new_state = TCP_TIME_WAIT;
	assert_null(strchr(text(scene), '\033'));
	scene->config.style.color = true;
	line = text(scene);
	assert_non_null(strstr(line, "\033[33mFIN_WAIT2->TIME_WAIT\033[0m"));
}

static void a_json_line_has_every_key_of_the_contract(void **state)
{
	assert_string_equal(
		json(*state),
		"{\"type\":\"transition\",\"time\":\"2024-03-01T00:00:03.000000Z\","
		"\"cookie\":\"abc\",\"netns\":4026531840,\"family\":\"ipv4\","
		"\"laddr\":\"10.0.0.1\",\"lport\":40000,\"raddr\":\"10.0.0.2\",\"rport\":80,"
		"\"direction\":\"out\",\"old\":\"TIME_WAIT\",\"new\":\"CLOSE\","
		"\"in_old_s\":61.500000000,"
		"\"owner\":{\"pid\":7,\"start_time\":\"2024-03-01T00:00:07.000000Z\","
		"\"comm\":\"client\",\"exe\":\"/usr/bin/client\",\"cgroup\":\"/a\","
		"\"container\":\"0123456789ab\"},\"owner_by\":\"connect\","
		"\"closer\":{\"pid\":8,\"start_time\":\"2024-03-01T00:00:08.000000Z\","
		"\"comm\":\"closer\",\"exe\":null,\"cgroup\":null,\"container\":null},"
		"\"end_reason\":\"expired\",\"error\":null,\"stack\":null}\n");
}

static void an_empty_comm_is_known(void **state)
{
	struct scene *scene = *state;

	scene->owner.id = process_of(7, "");
	assert_non_null(strstr(json(scene), "\"comm\":\"\",\"exe\":\"/usr/bin/client\""));
}

static void in_json_unknown_is_null_and_never_absent(void **state)
{
	struct scene *scene = *state;

	scene->connection = (struct connection){.tuple = tuple_of("::1", 0, "::2", 80)};
	scene->transition.owner = scene->transition.closer = NULL;
	scene->transition.in_old_ns = UNKNOWN_NS;
	scene->transition.old_state = TCP_CLOSE;
	scene->transition.new_state = TCP_SYN_SENT;
	scene->transition.end_reason = END_NONE;
	assert_string_equal(
		json(scene),
		"{\"type\":\"transition\",\"time\":\"2024-03-01T00:00:03.000000Z\","
		"\"cookie\":null,\"netns\":4026531840,\"family\":\"ipv6\",\"laddr\":\"::1\","
		"\"lport\":null,\"raddr\":\"::2\",\"rport\":80,\"direction\":\"unknown\","
		"\"old\":\"CLOSE\",\"new\":\"SYN_SENT\",\"in_old_s\":null,\"owner\":null,"
		"\"owner_by\":null,\"closer\":null,\"end_reason\":null,\"error\":null,\"stack\":"
		"null}\n");
}

static void in_json_a_listener_has_a_null_remote(void **state)
{
	struct scene *scene = *state;

	scene->connection.tuple = tuple_of("0.0.0.0", 80, "0.0.0.0", 0);
	scene->transition.old_state = TCP_CLOSE;
	scene->transition.new_state = TCP_LISTEN;
	assert_non_null(strstr(json(scene), "\"laddr\":\"0.0.0.0\",\"lport\":80,\"raddr\":null,"
					    "\"rport\":null,"));
}

static void in_json_v4_mapped_addresses_are_ipv4_and_the_family_is_the_sockets(void **state)
{
	struct scene *scene = *state;

	scene->connection.tuple.family = AF_INET6;
	assert_non_null(strstr(json(scene), "\"family\":\"ipv6\",\"laddr\":\"10.0.0.1\""));
}

static void in_json_a_hostile_comm_is_valid(void **state)
{
	struct scene *scene = *state;

	scene->owner.id = process_of(7, "a\"b\n\xff");
	assert_non_null(strstr(json(scene), "\"comm\":\"a\\\"b\\u000a\xef\xbf\xbd\""));
}

static void the_states_filter_matches_either_end(void **state)
{
	struct scene *scene = *state;

	scene->config.states = 1U << TCP_TIME_WAIT;
	assert_true(json(scene)[0]);
	scene->config.states = 1U << TCP_CLOSE | 1U << TCP_LISTEN;
	assert_true(json(scene)[0]);
	scene->config.states = 1U << TCP_LISTEN;
	assert_false(json(scene)[0]);
	assert_int_equal(scene->trace.shown, 0);
}

static void the_tuple_filter_decides(void **state)
{
	struct scene *scene = *state;

	scene->tuples.raddr.port = 80;
	assert_true(json(scene)[0]);
	assert_int_equal(scene->trace.shown, 1);
	scene->tuples.raddr.port = 81;
	assert_false(json(scene)[0]);
}

static void a_process_that_was_not_asked_for_is_not_shown(void **state)
{
	struct scene *scene = *state;

	scene->process_filter.pid = 7;
	assert_false(json(scene)[0]); /* the model knows no owner of this connection */
	scene->connection.flags = CONNECTION_HELD;
	assert_true(json(scene)[0]);
}

static void a_loss_is_a_json_line(void **state)
{
	struct scene *scene = *state;
	struct losses losses = {1, 2, 3, 4, 5, 6, 7};

	scene->config.json = true;
	start(scene);
	object_loss(&scene->output, 3 * SECOND, &losses, &scene->model.clocks);
	*output_reserve(&scene->output, 1) = 0;
	assert_string_equal(scene->output.text,
			    "{\"type\":\"loss\",\"time\":\"2024-03-01T00:00:03.000000Z\","
			    "\"ring_full\":1,\"skipped\":2,\"map_full\":3,\"no_memory\":4,"
			    "\"refused\":5,\"stacks_dropped\":7,\"relists\":6}\n");
}

#define scene_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(a_line_tells_who_what_where_and_how_long),
		scene_test(the_header_is_aligned_with_the_line),
		scene_test(the_header_comes_once_where_there_is_no_terminal),
		scene_test(the_header_is_always_on_the_screen),
		scene_test(unknown_is_a_dash),
		scene_test(a_listener_has_no_remote),
		scene_test(the_longest_values_fit_120_columns),
		scene_test(a_time_of_any_length_keeps_the_columns_aligned),
		scene_test(milliseconds_just_below_a_turn_keep_the_columns_aligned),
		scene_test(ipv6_is_shortened_and_stays_aligned),
		scene_test(a_wide_terminal_shows_whole_addresses),
		scene_test(without_a_terminal_nothing_is_cut),
		scene_test(on_a_narrow_terminal_a_line_is_wrapped),
		scene_test(whole_addresses_may_be_asked_for),
		scene_test(hostile_comms_are_harmless_and_stay_aligned),
		scene_test(colour_changes_no_text),
		scene_test(a_json_line_has_every_key_of_the_contract),
		scene_test(an_empty_comm_is_known),
		scene_test(in_json_unknown_is_null_and_never_absent),
		scene_test(in_json_a_listener_has_a_null_remote),
		scene_test(in_json_v4_mapped_addresses_are_ipv4_and_the_family_is_the_sockets),
		scene_test(in_json_a_hostile_comm_is_valid),
		scene_test(the_states_filter_matches_either_end),
		scene_test(the_tuple_filter_decides),
		scene_test(a_process_that_was_not_asked_for_is_not_shown),
		scene_test(a_loss_is_a_json_line),
	};

	return cmocka_run_group_tests_name("trace_view", tests, NULL, NULL);
}
