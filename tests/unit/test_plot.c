// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Plots, their ticks, and text that stays text. */
#include <stdlib.h>

#include "unit.h"
#include "writer/html.h"
#include "writer/plot.h"
#include "writer/ticks.h"

#define S 1000000000ULL

static void test_steps_are_round(void **state)
{
	static const struct {
		double most;
		unsigned int count;
		int whole;
		double step;
	} cases[] = {
		{10, 5, 1, 2},	 {11, 5, 1, 5},	       {1, 5, 1, 1},	       {1, 5, 0, 0.2},
		{100, 5, 1, 20}, {28232, 5, 1, 10000}, {0.0007, 5, 0, 0.0002}, {3, 5, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		double step = ticks_step(cases[i].most, cases[i].count, cases[i].whole);

		check(step > cases[i].step * 0.999 && step < cases[i].step * 1.001,
		      "up to %g: %g, not %g", cases[i].most, step, cases[i].step);
	}
}

static void test_steps_of_time_are_a_clocks(void **state)
{
	static const struct {
		uint64_t span_s, step_s;
	} cases[] = {
		{0, 1},
		{8, 1},
		{9, 2},
		{60, 10},
		{600, 120},
		{3600, 600},
		{86400, 10800},
		{7 * 86400, 86400},
		{30 * 86400, 4 * 86400},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(ticks_time_step_ns(cases[i].span_s * S, 8) == cases[i].step_s * S,
		      "%llu s: %llu s", (unsigned long long)cases[i].span_s,
		      (unsigned long long)(ticks_time_step_ns(cases[i].span_s * S, 8) / S));
}

static void test_numbers(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{0, "0"},	  {7, "7"},	     {0.25, "0.25"},
		{99.94, "99.9"},  {1234, "1,234"},   {999999, "999,999"},
		{2.5e6, "2.5 M"}, {1234.5, "1,234"},
	};
	char text[TICK_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		tick_number(text, cases[i].number);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_times(void **state)
{
	char text[TICK_TEXT];

	(void)state;
	tick_time(text, 1700000000 * S, S);
	assert_string_equal(text, "22:13:20");
	tick_time(text, 1700000000 * S, 60 * S);
	assert_string_equal(text, "22:13");
	tick_time(text, 1700000000 * S, 86400 * S);
	assert_string_equal(text, "Nov 14 22:13");
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct output));
	output_init(*state, -1, NULL);
	return 0;
}

static int teardown(void **state)
{
	output_free(*state);
	free(*state);
	return 0;
}

#define page_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const char *text_of(struct output *output)
{
	*output_reserve(output, 1) = 0;
	return output->text;
}

static void test_text_is_nothing_but_text(void **state)
{
	struct output *output = *state;

	html_text(output, "<script>alert('&\"')</script>\033[31m\xff\n");
	assert_string_equal(text_of(output), "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script"
					     "&gt;\\x1b[31m\\xff\\x0a");
}

static void test_what_is_said_is_text(void **state)
{
	struct output *output = *state;

	html_say(output, "%s & %d", "<b>", 7);
	html_element(output, "<td title=\"", "td", "\"><i>");
	assert_string_equal(text_of(output),
			    "&lt;b&gt; &amp; 7<td title=\"&quot;&gt;&lt;i&gt;</td>");
}

static const uint64_t times[] = {1700000000 * S, 1700000010 * S, 1700000020 * S};
static const double few[] = {0, 5, 10}, none[] = {0, 0, 0};

static struct plot plot_of(const struct plot_series *series, size_t count)
{
	return (struct plot){.id = "id",
			     .title = "Title",
			     .caption = "A caption.",
			     .x_title = "time (UTC)",
			     .y_title = "sockets (number)",
			     .unit = "",
			     .whole = true,
			     .times = times,
			     .points = COUNT(times),
			     .series = series,
			     .count = count};
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

static void test_lines_have_words(void **state)
{
	static const struct plot_series series[] = {{"nginx[1]", few}, {"<b>\"x\"", none}};
	struct plot plot = plot_of(series, COUNT(series));
	struct output *output = *state;
	const char *text;

	plot_lines(output, &plot);
	text = text_of(output);
	assert_non_null(strstr(text, "<figcaption><b>Title</b>"));
	assert_non_null(strstr(text, ">time (UTC)</text>"));
	assert_non_null(strstr(text, ">sockets (number)</text>"));
	assert_non_null(strstr(text, "nginx[1]</li>"));
	assert_non_null(strstr(text, "&lt;b&gt;&quot;x&quot;</li>"));
	assert_null(strstr(text, "<b>\"x"));
	/* from the lower left to the upper right */
	assert_non_null(strstr(text, "M0.0 1000.0L500.0 500.0L1000.0 0.0"));
	assert_int_equal(count_of(text, "<rect x="), COUNT(times));
	assert_int_equal(count_of(text, "class=\"label"), 2);
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
}

static void test_one_point_is_a_plot(void **state)
{
	static const struct plot_series series[] = {{"a", few + 1}};
	struct plot plot = plot_of(series, 1);
	struct output *output = *state;

	plot.points = 1;
	plot_lines(output, &plot);
	assert_non_null(strstr(text_of(output), "M500.0 0.0h0"));
	assert_null(strstr(text_of(output), "nan"));
}

static double label_y(const char *text, size_t i)
{
	for (; i-- + 1; text++)
		text = strstr(text, "class=\"label");
	return atof(strstr(text, " y=\"") + 4);
}

static void test_names_of_lines_are_apart(void **state)
{
	static const struct plot_series series[] = {
		{"a", none}, {"b", none}, {"c", none}, {"d", few}, {"e", few},
	};
	struct plot plot = plot_of(series, COUNT(series));
	struct output *output = *state;

	plot_lines(output, &plot);
	for (size_t i = 1; i < COUNT(series); i++)
		check(label_y(text_of(output), i) >= label_y(text_of(output), i - 1) + 6.9,
		      "label %zu", i);
	check(label_y(text_of(output), COUNT(series) - 1) <= 100, "within");
	check(label_y(text_of(output), 0) >= 0, "within");
}

static void test_bars(void **state)
{
	static const char *const labels[] = {"a", "b<", "c"};
	static const struct plot_series series[] = {{"n", few}};
	struct plot plot = plot_of(series, 1);
	struct output *output = *state;

	plot.times = NULL;
	plot.labels = labels;
	plot_bars(output, &plot);
	assert_int_equal(count_of(text_of(output), "class=\"bar s0\" x=\""), 3);
	assert_non_null(strstr(text_of(output), "y=\"0.00%\" height=\"100.00%\""));
	assert_non_null(strstr(text_of(output), "b&lt;: 5"));
}

static void test_levels(void **state)
{
	static const struct plot_series series[] = {{"used", NULL}, {"supply", NULL}};
	static const struct plot_level levels[] = {{"10.0.0.1:80", 250, 1000}, {"<x>", 9, 5}};
	struct plot plot = plot_of(series, 2);
	struct output *output = *state;

	plot.points = 0;
	plot_levels(output, &plot, levels, COUNT(levels));
	assert_non_null(strstr(text_of(output), "250 of 1,000, 25 %"));
	assert_non_null(strstr(text_of(output), "width=\"25.00%\""));
	assert_non_null(strstr(text_of(output), "9 of 5, 180 %"));
	assert_non_null(strstr(text_of(output), "&lt;x&gt;"));
	assert_null(strstr(text_of(output), "width=\"180"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_are_round),
		cmocka_unit_test(test_steps_of_time_are_a_clocks),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times),
		page_test(test_text_is_nothing_but_text),
		page_test(test_what_is_said_is_text),
		page_test(test_lines_have_words),
		page_test(test_one_point_is_a_plot),
		page_test(test_names_of_lines_are_apart),
		page_test(test_bars),
		page_test(test_levels),
	};

	return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
