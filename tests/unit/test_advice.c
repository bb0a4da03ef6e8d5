// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What advice is made of: words, figures, one for one cause, in which order. */
#include "advice_screen.h"

#include "view/advice/words.h"

static void leaks(struct leak_row *row, uint32_t sockets)
{
	row->sockets = sockets;
	row->old.outgoing = sockets;
	row->judgement = (struct judgement){VERDICT_LEAK, LEAK_DRAINED, false};
}

static void a_sentence_has_the_figures_that_are_known(void **state)
{
	struct screen *screen = *state;

	leaks(leak_row(screen, 7), 3);
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	assert_string_equal(sentence_of(screen, "close_wait_leak"),
			    "server[7] has read everything from 3 peers that have closed, and has "
			    "not called close()");
}

static void what_is_not_known_is_null(void **state)
{
	struct screen *screen = *state;

	leaks(leak_row(screen, 7), 3);
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	assert_non_null(
		strstr(json_of(screen, "close_wait_leak"),
		       "\"evidence\":{\"cause\":\"drained\",\"sockets\":3,\"oldest_s\":0.000000000,"
		       "\"growth_per_s\":null,\"began\":null,\"fds\":null,"
		       "\"fd_limit\":null,\"fds_exhausted_in_s\":null,\"place\":null,"
		       "\"stack\":null}"));
}

static void processes_of_one_name_are_one_cause(void **state)
{
	struct screen *screen = *state;

	leaks(leak_row(screen, 7), 3);
	leaks(leak_row(screen, 8), 5);
	leaks(leak_row(screen, 9), 4);
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "close_wait_leak", "sockets"), 5);
	assert_int_equal(advice_of(screen, "close_wait_leak")->alike, 2);
}

static void the_gravest_comes_first(void **state)
{
	struct screen *screen = *state;

	leaks(leak_row(screen, 7), 3);
	port_row(screen, 1000, 990);
	judge(screen);
	assert_int_equal(screen->adviser.count, 2);
	assert_string_equal(advice_rule(&screen->adviser.items[0]), "ports_near");
	assert_int_equal(adviser_found(&screen->adviser, SEVERITY_CRITICAL), 1);
	assert_int_equal(adviser_found(&screen->adviser, SEVERITY_INFO), 2);
}

static void what_was_found_before_is_gone(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = leak_row(screen, 7);

	leaks(row, 3);
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	row->sockets = 2;
	is_silent(screen, "close_wait_leak");
}

/* Of a recording that is asked about as well. */
static void what_was_wrong_for_ten_seconds_is_told_still(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = leak_row(screen, 7);

	leaks(row, 3);
	for (int second = 0; second < 10; second++)
		judge(screen);
	row->sockets = 0;
	is_silent(screen, "close_wait_leak"); /* it was for nine */
	leaks(row, 4);
	for (int second = 0; second < 11; second++)
		judge(screen);
	row->sockets = 0;
	fires(screen, "close_wait_leak", SEVERITY_WARNING);
	assert_int_equal(number_told(screen, "close_wait_leak", "sockets"), 4);
	assert_non_null(strstr(sentence_of(screen, "close_wait_leak"), "; so it was until "));
	leaks(row, 5);
	fires(screen, "close_wait_leak", SEVERITY_WARNING); /* it is back, and told once */
	assert_null(strstr(sentence_of(screen, "close_wait_leak"), "until"));
	row->judgement.verdict = VERDICT_STALL; /* the same sockets wait for another reason */
	judge(screen);
	assert_int_equal(count_of(screen, "close_wait_leak"), 0);
	assert_int_equal(count_of(screen, "close_wait_stall"), 1);
}

static void who_runs_for_days_tells_of_now(void **state)
{
	struct screen *screen = *state;
	struct leak_row *row = leak_row(screen, 7);

	leaks(row, 3);
	for (int second = 0; second < 20; second++)
		judge(screen);
	row->sockets = 0;
	is_silent(screen, "close_wait_leak");
}

static bool is_well_formed(const char *template)
{
	int depth = 0, braces = 0;

	for (; *template && depth >= 0 && depth <= 1 && braces >= 0 && braces <= 1; template ++) {
		depth += (*template == '[') - (*template == ']');
		braces += (*template == '{') - (*template == '}');
	}
	return !*template && !depth && !braces;
}

static void check_list(const char *const *templates, const char *text)
{
	for (size_t i = 0; i < WORDS_LIST && templates[i]; i++)
		check(is_well_formed(templates[i]), "%s: %s", text, templates[i]);
}

static void every_saying_is_well_formed(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SAYINGS; i++) {
		check(words[i].text != NULL, "saying %u", i);
		check(is_well_formed(words[i].text), "%s", words[i].text);
		check_list(words[i].helps, words[i].text);
		check_list(words[i].does_not_help, words[i].text);
		check_list(words[i].commands, words[i].text);
	}
}

static bool asks(struct screen *screen, enum question_kind kind)
{
	struct questions questions;
	bool asked;

	questions_init(&questions);
	adviser_ask(&screen->adviser, &questions);
	asked = questions_have(&questions, kind);
	questions_free(&questions);
	return asked;
}

static void is_told_all(struct screen *screen)
{
	struct record_host host = host_of(screen->time_ns);
	struct record_sysctl begins = sysctl_of(screen->time_ns, 0, 0, "");

	model_apply(&screen->world->model, &host.header);
	model_apply(&screen->world->model, &begins.header);
}

/* What grows is asked at each refresh: any may be the last. Files are read once. */
static void counters_are_as_of_the_refresh_that_is_judged(void **state)
{
	struct screen *screen = *state;

	assert_true(asks(screen, QUESTION_SYSCTLS) && asks(screen, QUESTION_SETTINGS));
	judge(screen);
	is_told_all(screen);
	judge(screen);
	assert_false(asks(screen, QUESTION_SYSCTLS) || asks(screen, QUESTION_SETTINGS));
	assert_true(asks(screen, QUESTION_COUNTERS) && asks(screen, QUESTION_NAMESPACE));
	for (int second = 0; second < 5; second++)
		judge(screen);
	assert_true(asks(screen, QUESTION_SETTINGS) && asks(screen, QUESTION_HOST));
	assert_false(asks(screen, QUESTION_SYSCTLS));
}

/* It judges again and again: nothing is lost but seconds. */
static void who_runs_for_days_asks_now_and_then(void **state)
{
	struct screen *screen = *state;

	judge(screen);
	is_told_all(screen);
	judge(screen);
	assert_false(asks(screen, QUESTION_COUNTERS) || asks(screen, QUESTION_NAMESPACE));
	for (int second = 0; second < 5; second++)
		judge(screen);
	assert_true(asks(screen, QUESTION_COUNTERS) && asks(screen, QUESTION_NAMESPACE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_saying_is_well_formed),
		screen_test(a_sentence_has_the_figures_that_are_known),
		screen_test(what_is_not_known_is_null),
		screen_test(processes_of_one_name_are_one_cause),
		screen_test(the_gravest_comes_first),
		screen_test(what_was_found_before_is_gone),
		screen_test(what_was_wrong_for_ten_seconds_is_told_still),
		recent_test(who_runs_for_days_tells_of_now),
		screen_test(counters_are_as_of_the_refresh_that_is_judged),
		recent_test(who_runs_for_days_asks_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
