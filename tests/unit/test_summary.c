// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/summary/summary.h"
#include "world.h"

static const struct tuple_filter any;
static const struct process_filter everyone;
static uint64_t next_cookie;

static void add(struct world *world, unsigned int state, uint32_t netns, uint32_t pid)
{
	struct record_socket record = socket_row(++next_cookie, SECOND, state);

	if (state == TCP_TIME_WAIT)
		record.flags = SOCKET_MINISOCKET;
	record.tuple.netns = netns;
	record.owner = process_of(pid, "owner");
	record.owner_by = pid ? OWNER_CONNECT : OWNER_NONE;
	feed(world, record);
}

/* Terminated; the caller frees `output`. */
static const char *shown(struct world *world, struct output *output, bool json,
			 const struct process_filter *filter)
{
	struct summary summary = {0};

	output_init(output, -1, NULL);
	summary_count(&summary, &world->model, &any, filter, 3 * SECOND);
	if (json)
		summary_json(&summary, output, NULL, 0);
	else {
		summary_text(&summary, output, 0);
		summary_text_next(&summary, output);
	}
	summary_free(&summary);
	*output_reserve(output, 1) = 0;
	return output->text;
}

#define ZEROS                                                                                      \
	"{\"ESTABLISHED\":0,\"SYN_SENT\":0,\"SYN_RECV\":0,\"FIN_WAIT1\":0,\"FIN_WAIT2\":0,"        \
	"\"TIME_WAIT\":0,\"CLOSE\":0,\"CLOSE_WAIT\":0,\"LAST_ACK\":0,\"LISTEN\":0,\"CLOSING\":0}"

static void without_sockets_every_state_is_zero(void **state)
{
	struct output output;

	assert_string_equal(shown(*state, &output, true, &everyone),
			    "{\"type\":\"summary\",\"time\":\"2024-03-01T00:00:03.000000Z\","
			    "\"states\":" ZEROS ",\"namespaces\":[],\"worst\":{}}\n");
	output_free(&output);
}

static void sockets_are_counted_by_state_and_namespace_the_fullest_first(void **state)
{
	struct world *world = *state;
	struct output output;

	add(world, TCP_LISTEN, 1, 0);
	add(world, TCP_CLOSE_WAIT, 2, 0);
	add(world, TCP_CLOSE_WAIT, 2, 0);
	assert_string_equal(
		shown(world, &output, true, &everyone),
		"{\"type\":\"summary\",\"time\":\"2024-03-01T00:00:03.000000Z\",\"states\":"
		"{\"ESTABLISHED\":0,\"SYN_SENT\":0,\"SYN_RECV\":0,\"FIN_WAIT1\":0,"
		"\"FIN_WAIT2\":0,\"TIME_WAIT\":0,\"CLOSE\":0,\"CLOSE_WAIT\":2,\"LAST_ACK\":0,"
		"\"LISTEN\":1,\"CLOSING\":0},\"namespaces\":[{\"netns\":2,\"states\":"
		"{\"ESTABLISHED\":0,\"SYN_SENT\":0,\"SYN_RECV\":0,\"FIN_WAIT1\":0,"
		"\"FIN_WAIT2\":0,\"TIME_WAIT\":0,\"CLOSE\":0,\"CLOSE_WAIT\":2,\"LAST_ACK\":0,"
		"\"LISTEN\":0,\"CLOSING\":0}},{\"netns\":1,\"states\":"
		"{\"ESTABLISHED\":0,\"SYN_SENT\":0,\"SYN_RECV\":0,\"FIN_WAIT1\":0,"
		"\"FIN_WAIT2\":0,\"TIME_WAIT\":0,\"CLOSE\":0,\"CLOSE_WAIT\":0,\"LAST_ACK\":0,"
		"\"LISTEN\":1,\"CLOSING\":0}}],\"worst\":{}}\n");
	output_free(&output);
}

static void every_state_is_counted(void **state)
{
	struct world *world = *state;
	struct summary summary = {0};

	for (unsigned int i = TCP_ESTABLISHED; i < TCP_STATES; i++)
		add(world, i, NETNS, 0);
	summary_count(&summary, &world->model, &any, &everyone, 3 * SECOND);
	for (unsigned int i = TCP_ESTABLISHED; i < TCP_STATES; i++)
		assert_int_equal(summary.all.states[i], 1);
	assert_int_equal(summary.all.sockets, TCP_STATES - 1);
	assert_int_equal(summary.namespace_count, 1);
	summary_free(&summary);
}

static void only_what_the_filter_asks_for_is_counted(void **state)
{
	struct process_filter filter = {.pid = 7};
	struct world *world = *state;
	struct summary summary = {0};

	add(world, TCP_ESTABLISHED, NETNS, 7);
	add(world, TCP_ESTABLISHED, NETNS, 8);
	add(world, TCP_ESTABLISHED, NETNS, 0);
	summary_count(&summary, &world->model, &any, &filter, 3 * SECOND);
	assert_int_equal(summary.all.sockets, 1);
	summary_free(&summary);
}

/* Beside a view that takes a census the stream has more than the filter asks for. */
static void only_tuples_that_the_filter_asks_for_are_counted(void **state)
{
	struct tuple_filter filter = {.netns = NETNS + 1};
	struct world *world = *state;
	struct summary summary = {0};

	add(world, TCP_ESTABLISHED, NETNS, 0);
	add(world, TCP_ESTABLISHED, NETNS + 1, 0);
	add(world, TCP_LISTEN, NETNS, 0);
	summary_count(&summary, &world->model, &filter, &everyone, 3 * SECOND);
	assert_int_equal(summary.all.sockets, 1);
	assert_int_equal(summary.namespace_count, 1);
	summary_free(&summary);
}

static void the_text_shows_states_that_are_and_their_sum(void **state)
{
	struct world *world = *state;
	struct output output;
	const char *text;

	add(world, TCP_ESTABLISHED, NETNS, 0);
	add(world, TCP_LISTEN, NETNS, 0);
	text = shown(world, &output, false, &everyone);
	assert_non_null(strstr(text, "STATE           SOCKETS\n"
				     "ESTABLISHED           1\n"
				     "LISTEN                1\n"
				     "all                   2\n"));
	assert_null(strstr(text, "CLOSE_WAIT"));
	assert_null(strstr(text, "@"));
	assert_non_null(strstr(text, "tcplinger trace"));
	output_free(&output);
}

static void the_text_says_what_to_do_about_what_lingers(void **state)
{
	struct world *world = *state;
	struct output output;
	const char *text;

	add(world, TCP_CLOSE_WAIT, NETNS, 0);
	add(world, TCP_CLOSE_WAIT, NETNS, 0);
	feed(world, minisocket_row(++next_cookie, SECOND, TCP_TIME_WAIT, SECOND));
	text = shown(world, &output, false, &everyone);
	assert_non_null(strstr(text, "tcplinger leaks\n"));
	assert_non_null(strstr(text, "tcplinger timewait\n"));
	output_free(&output);
}

static void the_text_fits_the_screen_with_many_namespaces(void **state)
{
	struct world *world = *state;
	struct output output;
	const char *text;

	for (uint32_t netns = 1; netns <= 20; netns++)
		add(world, TCP_ESTABLISHED, UINT32_MAX - netns, 0);
	text = shown(world, &output, false, &everyone);
	assert_non_null(strstr(text, "14 more namespaces are in --json\n"));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_in_range(strcspn(line, "\n"), 0, 100);
	output_free(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(without_sockets_every_state_is_zero),
		world_test(sockets_are_counted_by_state_and_namespace_the_fullest_first),
		world_test(every_state_is_counted),
		world_test(only_what_the_filter_asks_for_is_counted),
		world_test(only_tuples_that_the_filter_asks_for_are_counted),
		world_test(the_text_shows_states_that_are_and_their_sum),
		world_test(the_text_says_what_to_do_about_what_lingers),
		world_test(the_text_fits_the_screen_with_many_namespaces),
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
