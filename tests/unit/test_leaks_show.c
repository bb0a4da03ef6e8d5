// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The leaks view on paper: JSON, and the table. */
#include "leaks_screen.h"

static const char *shown(struct screen *screen, bool json)
{
	struct text_style text = {.columns = 120, .details = true};

	screen->output.length = 0;
	if (json)
		leaks_show_json(&screen->leaks, &screen->output, 0);
	else
		leaks_show_text(&screen->leaks, &screen->output, &text, false);
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

/* One that began 20 s ago, at the time of the first listing. */
#define BEGAN                                                                                      \
	"{\"from\":\"2024-03-01T00:16:20.000000Z\",\"to\":\"2024-03-01T00:16:21.666666Z\","        \
	"\"count\":1},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:21.666666Z\",\"to\":\"2024-03-01T00:16:23.333333Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:23.333333Z\",\"to\":\"2024-03-01T00:16:25.000000Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:25.000000Z\",\"to\":\"2024-03-01T00:16:26.666666Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:26.666666Z\",\"to\":\"2024-03-01T00:16:28.333333Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:28.333333Z\",\"to\":\"2024-03-01T00:16:30.000000Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:30.000000Z\",\"to\":\"2024-03-01T00:16:31.666666Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:31.666666Z\",\"to\":\"2024-03-01T00:16:33.333333Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:33.333333Z\",\"to\":\"2024-03-01T00:16:35.000000Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:35.000000Z\",\"to\":\"2024-03-01T00:16:36.666666Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:36.666666Z\",\"to\":\"2024-03-01T00:16:38.333333Z\","        \
	"\"count\":0},"                                                                            \
	"{\"from\":\"2024-03-01T00:16:38.333333Z\",\"to\":\"2024-03-01T00:16:40.000000Z\","        \
	"\"count\":0}"

static void the_object_is_that_of_the_contract(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 0xabc, 20 * SECOND, 7);
	hold(screen, 0xabc, 8, 5);
	ends(screen, false);
	assert_string_equal(
		shown(screen, true),
		"{\"type\":\"close_wait\",\"time\":\"2024-03-01T00:16:40.000000Z\",\"seq\":1,"
		"\"process\":{\"pid\":8,\"start_time\":\"1970-01-01T00:00:08.000000Z\","
		"\"comm\":\"holder\",\"exe\":null,\"cgroup\":null,\"container\":null},"
		"\"key\":null,\"owner_by\":\"holder\",\"sockets\":1,\"kinds\":{\"unread_data\":0,"
		"\"fin_only\":0,\"drained\":1,\"sending\":0,\"unaccepted\":0,\"unknown\":0},"
		"\"dead\":null,"
		"\"unread_bytes\":0,\"oldest_s\":20.000000000,\"began\":[" BEGAN "],"
		"\"growth_per_s\":null,\"fds\":null,\"fd_limit\":null,"
		"\"fds_exhausted_in_s\":null,"
		"\"verdict\":\"leak\",\"evidence\":{\"cause\":\"drained\",\"threads\":null,"
		"\"looked_at\":null,\"waiting\":null,\"state\":null,\"wchan\":null,\"syscall\":"
		"null,"
		"\"names\":null,\"idle_loop\":null,\"stopped\":null,\"tracer\":null,"
		"\"frozen\":null,\"cpu_share\":null,\"starved\":null,\"unwatched\":null,"
		"\"listener\":null,\"peer\":null},"
		"\"places\":[{\"direction\":\"unknown\",\"netns\":4026531840,\"family\":\"ipv4\","
		"\"laddr\":\"10.0.0.1\",\"lport\":null,\"raddr\":\"10.0.0.2\",\"rport\":80,"
		"\"sockets\":1}],\"maker\":{\"pid\":7,"
		"\"start_time\":\"1970-01-01T00:00:07.000000Z\",\"comm\":\"owner\",\"exe\":null,"
		"\"cgroup\":null,\"container\":null},\"connections\":[{\"cookie\":\"abc\","
		"\"netns\":4026531840,\"family\":\"ipv4\",\"laddr\":\"10.0.0.1\",\"lport\":40000,"
		"\"raddr\":\"10.0.0.2\",\"rport\":80,\"direction\":\"unknown\",\"fd\":5,"
		"\"age_s\":20.000000000,\"age_is_lower_bound\":false,\"recvq_bytes\":0,"
		"\"kind\":\"drained\",\"watched\":null,\"holders\":[{\"pid\":8,\"comm\":\"holder\","
		"\"fd\":5}],\"holders_total\":1}],"
		"\"omitted\":0,\"stacks\":null,\"incomplete\":false}\n"
		"{\"type\":\"refresh\",\"time\":\"2024-03-01T00:16:40.000000Z\","
		"\"view\":\"leaks\",\"seq\":1,\"rows\":1,\"incomplete\":false}\n");
}

static void evidence_says_what_was_found_out(void **state)
{
	struct screen *screen = *state;
	struct record_socket record =
		close_wait_row(1, screen->time_ns, 9, 0, screen->time_ns - 20 * SECOND);
	struct process_facts facts = {
		.fds = FACTS_UNKNOWN,
		.fd_limit = FACTS_UNKNOWN,
		.looked = true,
		.threads = 300,
		.looked_at = 256,
		.waiting = 5,
		.state = 't',
		.stopped = 256,
		.traced = 1,
		.tracer = process_of(15, "gdb"),
		.looked_for_ns = 100,
		.ran_ns = 150,
		.starved_ns = 25,
		.names_total = 1,
		.names[0] = {"pool-*", 256, "futex"},
	};

	record.inode = 1001;
	begins(screen);
	feed(screen->world, record);
	hold(screen, 1, 8, 5);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	tell_facts(screen, 8, facts);
	feed(screen->world, watched_of(screen->time_ns, 8, 0, WATCHED_HAS_SETS | WATCHED_READABLE));
	leaks_refresh(&screen->leaks, 0, false);
	assert_non_null(strstr(
		shown(screen, true),
		"\"verdict\":\"stopped\",\"evidence\":{\"cause\":null,\"threads\":300,"
		"\"looked_at\":256,\"waiting\":5,\"state\":\"t\",\"wchan\":null,\"syscall\":null,"
		"\"names\":[{\"name\":\"pool-*\",\"threads\":256,\"waiting_in\":\"futex\"}],"
		"\"idle_loop\":false,\"stopped\":true,"
		"\"tracer\":{\"pid\":15,\"start_time\":\"1970-01-01T00:00:15.000000Z\","
		"\"comm\":\"gdb\",\"exe\":null,\"cgroup\":null,\"container\":null},"
		"\"frozen\":false,\"cpu_share\":1.500000,\"starved\":0.250000,\"unwatched\":1,"
		"\"listener\":null,\"peer\":null}"));
	assert_non_null(strstr(shown(screen, true), "\"watched\":\"no\",\"holders\""));
}

static void the_table_has_each_socket_and_no_terminal_codes(void **state)
{
	struct screen *screen = *state;
	struct record_holder hostile;
	const char *text;

	begins(screen);
	for (uint64_t cookie = 1; cookie <= 12; cookie++) {
		add(screen, cookie, 20 * SECOND, 7);
		hostile = holder_of(cookie, screen->time_ns, 8, "\033[31m\nx");
		feed(screen->world, hostile);
	}
	ends(screen, false);
	text = shown(screen, false);
	assert_non_null(strstr(text, "12 sockets in CLOSE_WAIT"));
	assert_non_null(strstr(text, "never called close()"));
	assert_non_null(strstr(text, "and 2 younger ones"));
	assert_null(strchr(text, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(the_object_is_that_of_the_contract),
		screen_test(evidence_says_what_was_found_out),
		screen_test(the_table_has_each_socket_and_no_terminal_codes),
	};

	return cmocka_run_group_tests_name("leaks_show", tests, NULL, NULL);
}
