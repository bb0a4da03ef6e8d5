// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What rules make of connects and listeners: each at its threshold, and below; and of what a stream
 * does not tell. */
#include "advice_screen.h"

#include "view/place.h"

static void a_queue_that_is_full_is_critical(void **state)
{
	struct screen *screen = *state;
	struct listener_row *row = listener_row(screen, 7, 80);

	row->queue = row->queue_limit = 128;
	row->verdict = LISTENER_FILLING;
	is_silent(screen, "accept_queue_full");
	row->queue = 129;
	row->verdict = LISTENER_FULL;
	fires(screen, "accept_queue_full", SEVERITY_CRITICAL);
	assert_string_equal(sentence_of(screen, "accept_queue_full"),
			    "server[7] does not accept fast enough at 10.0.0.1:80: 129 of 128 "
			    "wait");
	assert_non_null(strstr(json_of(screen, "accept_queue_full"),
			       "\"evidence\":{\"listener\":{\"direction\":\"in\","));
	row->there = false;
	is_silent(screen, "accept_queue_full");
}

static void three_that_wait_for_long_get_no_answer(void **state)
{
	struct screen *screen = *state;
	struct opening_row *row = opening_row(screen, 7);

	row->pending = 9;
	row->retransmits = 2;
	row->unanswered = 2;
	is_silent(screen, "no_answer");
	row->unanswered = 3;
	fires(screen, "no_answer", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "no_answer", "pending"), 9);
}

/* Its SYNs are dropped: that is no second cause. */
static void a_full_queue_explains_no_answer(void **state)
{
	struct screen *screen = *state;
	struct opening_row *row = opening_row(screen, 8);
	struct listener_row *listener = listener_row(screen, 7, 80);

	row->tuple = tuple_of("10.0.0.1", 0, "10.0.0.1", 80);
	row->unanswered = row->pending = 5;
	listener->verdict = LISTENER_FULL;
	judge(screen);
	assert_int_equal(count_of(screen, "accept_queue_full"), 1);
	assert_int_equal(count_of(screen, "no_answer"), 0);
	listener->tuple.lport = 81;
	judge(screen);
	assert_int_equal(count_of(screen, "no_answer"), 1);
}

static void three_refusals_are_told(void **state)
{
	struct screen *screen = *state;
	struct opening_row *row = opening_row(screen, 7);

	row->failed[FAILED_ECONNREFUSED] = 2;
	is_silent(screen, "refused");
	row->failed[FAILED_ECONNREFUSED] = 3;
	fires(screen, "refused", SEVERITY_WARNING);
	assert_string_equal(sentence_of(screen, "refused"),
			    "server[7] was refused 3 times at 10.0.0.2:80: nothing listens there");
}

static void those_of_one_name_are_refused_together(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 3; pid++)
		opening_row(screen, pid)->failed[FAILED_ECONNREFUSED] = 1;
	fires(screen, "refused", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "refused", "count"), 3);
}

/* A process that has made one connection, and closed it. */
static void connect_once(struct screen *screen, uint32_t pid, uint64_t attempts)
{
	struct opening_row *opening = opening_row(screen, pid);
	struct rows *waits = &screen->waits.rows;
	struct time_wait_row *wait = (struct time_wait_row *)rows_add(
		waits, opening->row.key, number_of(screen, pid, "server"));

	opening->attempts = attempts;
	wait->closed = attempts;
}

static void ten_processes_of_one_connection_are_told(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 9; pid++)
		connect_once(screen, pid, 1);
	connect_once(screen, 20, 3); /* too many for one of these */
	is_silent(screen, "process_per_connection");
	connect_once(screen, 10, 2);
	fires(screen, "process_per_connection", SEVERITY_INFO);
	assert_int_equal(number_told(screen, "process_per_connection", "processes"), 10);
	assert_non_null(strstr(json_of(screen, "process_per_connection"),
			       "\"evidence\":{\"comm\":\"server\",\"processes\":10,"));
}

/* Workers that keep theirs. */
static void what_is_kept_is_no_process_per_connection(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 10; pid++)
		opening_row(screen, pid)->attempts = 1;
	is_silent(screen, "process_per_connection");
}

static void what_is_not_seen_is_told_but_is_no_fault(void **state)
{
	struct screen *screen = *state;

	is_silent(screen, "kernel_hides");
	screen->world->model.needs.wants |= WANT(DEAD);
	lacks(screen, WANT(DEAD));
	fires(screen, "kernel_hides", SEVERITY_INFO);
	assert_string_equal(sentence_of(screen, "kernel_hides"),
			    "not seen here: descriptors of dead connections (it takes BPF)");
	assert_int_equal(adviser_found(&screen->adviser, SEVERITY_INFO), 0);
}

static const char *text_in(struct screen *screen, const struct language *language)
{
	static char text[65536];
	struct text_style style = {.language = language};

	screen->output.length = 0;
	adviser_show_text(&screen->adviser, &screen->output, &style);
	memcpy(text, screen->output.text, screen->output.length);
	text[screen->output.length] = 0;
	return text;
}

static const char *text_of(struct screen *screen)
{
	return text_in(screen, NULL);
}

static void where_nothing_is_wrong_that_comes_first(void **state)
{
	struct screen *screen = *state;

	judge(screen);
	assert_string_equal(strtok((char *)text_of(screen), "\n"),
			    "nothing is wrong: 0 connections, 0 TIME_WAITs");
	opening_row(screen, 7)->failed[FAILED_ECONNREFUSED] = 3;
	judge(screen);
	assert_null(strstr(text_of(screen), "nothing is wrong"));
}

static void what_was_not_judged_comes_last(void **state)
{
	struct screen *screen = *state;

	lacks(screen, WANT(BIND_FAILURES));
	judge(screen);
	assert_non_null(strstr(text_of(screen), "not judged: port_tuple_in_use, address_missing "
						"(not seen here: binds that fail (it takes "
						"fentry))\n"));
}

/* Labels take the columns that English ones take, not the bytes. */
static void it_speaks_chinese(void **state)
{
	struct screen *screen = *state;
	const struct language *chinese;
	const char *text;

	assert_true(language_find("zh", &chinese));
	judge(screen);
	assert_string_equal(strtok((char *)text_in(screen, chinese), "\n"),
			    "没有问题：0 个连接，0 个 TIME_WAIT");
	lacks(screen, WANT(CONNECT_FAILURES) | WANT(BIND_FAILURES));
	opening_row(screen, 7)->failed[FAILED_ECONNREFUSED] = 3;
	judge(screen);
	text = text_in(screen, chinese);
	assert_non_null(strstr(text, "\n        无用：          任何 sysctl\n"));
	assert_non_null(strstr(text, "\n        查看：          tcplinger opening -v\n"));
	assert_non_null(strstr(text, "未作判断：address_missing（此处看不到：立即失败的 connect"
				     "（需要 fentry））\n"));
}

static void ten_are_shown_and_the_rest_counted(void **state)
{
	struct screen *screen = *state;

	for (uint16_t port = 1; port <= 12; port++)
		listener_row(screen, 7, port)->verdict = LISTENER_FULL;
	judge(screen);
	assert_int_equal(screen->adviser.count, 12);
	assert_non_null(strstr(text_of(screen), "and 2 more"));
}

static void a_diagnosis_counts(void **state)
{
	struct screen *screen = *state;
	char expected[128];

	lacks(screen, WANT(DEAD));
	listener_row(screen, 7, 80)->verdict = LISTENER_FULL;
	judge(screen);
	judge(screen);
	screen->output.length = 0;
	adviser_show_json(&screen->adviser, &screen->output);
	output_bytes(&screen->output, "", 1);
	snprintf(expected, sizeof(expected),
		 "\"rules\":%zu,\"found\":{\"info\":0,\"warning\":0,\"critical\":1},\"unknown\":[",
		 adviser_rules());
	assert_non_null(strstr(screen->output.text, expected));
	assert_non_null(strstr(screen->output.text, "{\"rule\":\"dead_descriptors\",\"why\":\""));
	assert_non_null(strstr(screen->output.text, "\"watched_s\":1.000000000}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_queue_that_is_full_is_critical),
		screen_test(three_that_wait_for_long_get_no_answer),
		screen_test(a_full_queue_explains_no_answer),
		screen_test(three_refusals_are_told),
		screen_test(those_of_one_name_are_refused_together),
		screen_test(ten_processes_of_one_connection_are_told),
		screen_test(what_is_kept_is_no_process_per_connection),
		screen_test(what_is_not_seen_is_told_but_is_no_fault),
		screen_test(where_nothing_is_wrong_that_comes_first),
		screen_test(what_was_not_judged_comes_last),
		screen_test(it_speaks_chinese),
		screen_test(ten_are_shown_and_the_rest_counted),
		screen_test(a_diagnosis_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
