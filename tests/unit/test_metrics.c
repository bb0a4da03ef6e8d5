// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the rows of a view add up to as metrics. */
#include "time_waits_screen.h"
#include "view/metrics/metrics.h"

struct books {
	struct screen screen;
	struct metrics metrics;
	struct output output;
};

static void books_init(struct books *books, size_t max_series, bool by_container)
{
	struct metric_config config = {
		.max_series = max_series, .by_container = by_container, .version = "1.2"};

	screen_init(&books->screen, BY_PID);
	metrics_init(&books->metrics, &config);
	metrics_watch(&books->metrics, &timewait_view, &books->screen.waits);
	output_init(&books->output, -1, NULL);
}

static int begin(void **state)
{
	struct books *books = calloc(1, sizeof(*books));

	assert_non_null(books);
	books_init(books, 1000, false);
	*state = books;
	return 0;
}

static void books_free(struct books *books)
{
	metrics_free(&books->metrics);
	output_free(&books->output);
	time_waits_free(&books->screen.waits);
	output_free(&books->screen.output);
	world_free(books->screen.world);
}

static int end(void **state)
{
	books_free(*state);
	free(*state);
	return 0;
}

static const char *written(struct books *books, enum exposition_format format)
{
	books->output.length = 0;
	metrics_write(&books->metrics, &books->output, format);
	output_bytes(&books->output, "", 1);
	return books->output.text;
}

static const char *collected(struct books *books)
{
	refresh(&books->screen, false);
	metrics_collect(&books->metrics);
	return written(books, EXPOSITION_TEXT);
}

/* A line that begins so; its value. -1: there is none. */
static double value_of(const char *text, const char *series)
{
	size_t length = strlen(series);

	for (const char *at = strstr(text, series); at; at = strstr(at + 1, series))
		if ((at == text || at[-1] == '\n') && at[length] == ' ')
			return strtod(at + length, NULL);
	return -1;
}

#define CREATED "tcplinger_time_waits_total{comm=\"owner\",direction=\"out\"}"

static void check_value(const char *text, const char *series, double wanted)
{
	check(value_of(text, series) == wanted, "%s: %g, not %g", series, value_of(text, series),
	      wanted);
}

static void processes_of_a_name_are_one_series(void **state)
{
	struct books *books = *state;
	const char *text;

	lives(&books->screen, 1, 7);
	lives(&books->screen, 2, 8);
	ends(&books->screen, 2, END_REUSED);
	text = collected(books);
	check_value(text, CREATED, 2);
	check_value(text, "tcplinger_time_wait_sockets{comm=\"owner\",direction=\"out\"}", 1);
	check_value(text, "tcplinger_time_wait_ends_total{comm=\"owner\",reason=\"reused\"}", 1);
	check_value(text, "tcplinger_time_wait_ends_total{comm=\"owner\",reason=\"expired\"}", -1);
	check_value(text,
		    "tcplinger_connections_closed_total{comm=\"owner\",closed_first=\"true\"}", 2);
}

static void a_gauge_goes_with_its_sockets(void **state)
{
	struct books *books = *state;

	lives(&books->screen, 1, 7);
	collected(books);
	ends(&books->screen, 1, END_EXPIRED);
	check_value(collected(books),
		    "tcplinger_time_wait_sockets{comm=\"owner\",direction=\"out\"}", -1);
	check_value(collected(books), CREATED, 1);
}

/* exec and prctl: what was counted before stays where it was. */
static void a_process_that_is_renamed_takes_no_counter_with_it(void **state)
{
	struct books *books = *state;
	struct process_id renamed = process_of(7, "renamed");

	lives(&books->screen, 1, 7);
	collected(books);
	processes_meet(&books->screen.world->model.connections.processes, &renamed);
	check_value(collected(books), CREATED, 1);
	check_value(collected(books),
		    "tcplinger_time_wait_sockets{comm=\"renamed\",direction=\"out\"}", 1);
	lives(&books->screen, 2, 8);
	check_value(collected(books), CREATED, 2);
}

static void what_is_forgotten_has_been_counted(void **state)
{
	struct books *books = *state;
	uint64_t cookie = 0;

	for (uint32_t pid = 1; pid <= 3; pid++) {
		lives(&books->screen, ++cookie, pid);
		ends(&books->screen, cookie, END_EXPIRED);
	}
	check_value(collected(books), CREATED, 3);
	/* many more processes than there may be rows */
	for (uint32_t pid = 4; pid <= ROWS_MAX + 1000; pid++) {
		lives(&books->screen, ++cookie, pid);
		ends(&books->screen, cookie, END_EXPIRED);
	}
	time_waits_refresh(&books->screen.waits, books->screen.time_ns, false);
	time_waits_refresh(&books->screen.waits, books->screen.time_ns, false);
	assert_true(books->screen.waits.rows.pool.live <= ROWS_MAX);
	metrics_collect(&books->metrics);
	check_value(written(books, EXPOSITION_TEXT), CREATED, (double)cookie);
	check_value(written(books, EXPOSITION_TEXT),
		    "tcplinger_connected_seconds_count{comm=\"owner\"}", (double)cookie);
	/* the row of those that were is no process */
	assert_null(strstr(written(books, EXPOSITION_TEXT), "comm=\"other\""));
	assert_true(metrics_count(&books->metrics) < 10);
}

/* Connections of a process of this name that live, and are over. */
static void live_of(struct books *books, uint64_t cookie, uint32_t pid, const char *comm,
		    unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		struct process_id id = process_of(pid, comm);

		lives(&books->screen, cookie + i, pid);
		processes_meet(&books->screen.world->model.connections.processes, &id);
	}
}

static void beyond_so_many_series_the_smallest_are_left_out(void **state)
{
	struct books *books = *state;
	const char *text;

	end(state);
	begin(state);
	books = *state;
	books->metrics.config.max_series = 2;
	live_of(books, 100, 1, "one", 1);
	live_of(books, 200, 2, "two", 2);
	live_of(books, 300, 3, "three", 3);
	text = collected(books);
	check_value(text, "tcplinger_time_waits_total{comm=\"one\",direction=\"out\"}", -1);
	check_value(text, "tcplinger_time_waits_total{comm=\"two\",direction=\"out\"}", 2);
	check_value(text, "tcplinger_time_waits_total{comm=\"three\",direction=\"out\"}", 3);
	check_value(text, "tcplinger_series_omitted{family=\"tcplinger_time_waits_total\"}", 1);
}

static void hostile_names_are_one_series_each(void **state)
{
	struct books *books = *state;
	const char *text;

	live_of(books, 100, 1, "a\"b\\c\nd", 1);
	live_of(books, 200, 2, "\xff\xfe", 1);
	live_of(books, 300, 3, "\xff\xfe", 1);
	text = collected(books);
	check_value(text,
		    "tcplinger_time_waits_total{comm=\"a\\\"b\\\\c\\\\x0ad\",direction=\"out\"}",
		    1);
	check_value(text, "tcplinger_time_waits_total{comm=\"\\\\xff\\\\xfe\",direction=\"out\"}",
		    2);
}

static void who_is_not_known_is_the_empty_label(void **state)
{
	struct books *books = *state;

	lives(&books->screen, 1, 0);
	check_value(collected(books), "tcplinger_time_waits_total{comm=\"\",direction=\"out\"}", 1);
}

static void a_histogram_is_cumulative_and_has_its_sum(void **state)
{
	struct books *books = *state;
	const char *text;

	lives(&books->screen, 1, 7);
	pass(&books->screen, 61 * SECOND);
	ends(&books->screen, 1, END_EXPIRED);
	text = collected(books);
	check_value(text, "tcplinger_time_wait_duration_seconds_bucket{le=\"60.0\"}", 0);
	check_value(text, "tcplinger_time_wait_duration_seconds_bucket{le=\"62.0\"}", 1);
	check_value(text, "tcplinger_time_wait_duration_seconds_bucket{le=\"65.536\"}", 1);
	check_value(text, "tcplinger_time_wait_duration_seconds_bucket{le=\"+Inf\"}", 1);
	check_value(text, "tcplinger_time_wait_duration_seconds_sum", 61);
	check_value(text, "tcplinger_time_wait_duration_seconds_count", 1);
	check_value(text, "tcplinger_connected_seconds_bucket{comm=\"owner\",le=\"0.004\"}", 0);
	check_value(text, "tcplinger_connected_seconds_bucket{comm=\"owner\",le=\"0.008\"}", 1);
}

static void the_stream_tells_of_itself(void **state)
{
	struct metric_finding findings[] = {{"close_wait_leak", "warning", 2}};
	struct books *books = *state;
	const char *text;

	books->metrics.losses = (struct losses){.ring_full = 3, .relists = 1};
	books->metrics.incomplete = true;
	books->metrics.hooks[books->metrics.hook_count++] =
		(struct metric_hook){"transitions", "tracepoint"};
	books->metrics.findings = findings;
	books->metrics.finding_count = COUNT(findings);
	text = collected(books);
	check_value(text, "tcplinger_records_lost_total{cause=\"ring_full\"}", 3);
	check_value(text, "tcplinger_records_lost_total{cause=\"skipped\"}", 0);
	check_value(text, "tcplinger_relists_total", 1);
	check_value(text, "tcplinger_incomplete", 1);
	check_value(text, "tcplinger_build_info{version=\"1.2\"}", 1);
	check_value(text, "tcplinger_hook_info{hook=\"transitions\",form=\"tracepoint\"}", 1);
	check_value(text, "tcplinger_findings{rule=\"close_wait_leak\",severity=\"warning\"}", 2);
}

static void a_container_is_a_label_where_that_is_asked_for(void **state)
{
	struct books *books = *state;

	books_free(books);
	books_init(books, 1000, true);
	lives(&books->screen, 1, 7);
	check_value(collected(books),
		    "tcplinger_time_waits_total{comm=\"owner\",container=\"\",direction=\"out\"}",
		    1);
}

static void openmetrics_ends_and_names_counters_otherwise(void **state)
{
	struct books *books = *state;
	const char *text;

	lives(&books->screen, 1, 7);
	collected(books);
	text = written(books, EXPOSITION_OPENMETRICS);
	assert_non_null(strstr(text, "# TYPE tcplinger_time_waits counter\n" CREATED " 1\n"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

/* The table and docs/metrics.md are what people write alerts by. */
static void each_family_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < metric_count; i++) {
		const struct metric *metric = &metric_table[i];
		const char *total = strstr(metric->name, "_total");

		check(metric->help && strlen(metric->help) > 10, "%s: no help", metric->name);
		check((metric->type == METRIC_COUNTER) == (total && !total[6]), "%s: its name",
		      metric->name);
		check((metric->type == METRIC_HISTOGRAM) == (metric->scale != NULL), "%s: scale",
		      metric->name);
		check(!metric->figure ||
			      table_find(metric_sets[metric->rows].table, metric->figure),
		      "%s: there is no figure %s", metric->name, metric->figure);
	}
}

#define metrics_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		metrics_test(processes_of_a_name_are_one_series),
		metrics_test(a_gauge_goes_with_its_sockets),
		metrics_test(a_process_that_is_renamed_takes_no_counter_with_it),
		metrics_test(what_is_forgotten_has_been_counted),
		metrics_test(beyond_so_many_series_the_smallest_are_left_out),
		metrics_test(hostile_names_are_one_series_each),
		metrics_test(who_is_not_known_is_the_empty_label),
		metrics_test(a_histogram_is_cumulative_and_has_its_sum),
		metrics_test(the_stream_tells_of_itself),
		metrics_test(a_container_is_a_label_where_that_is_asked_for),
		metrics_test(openmetrics_ends_and_names_counters_otherwise),
		cmocka_unit_test(each_family_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
