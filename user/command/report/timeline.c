// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What figures were over time: a plot, a table of its lines, a table of its points. */
#include "command/report/timeline.h"

#include "base/macros.h"
#include "base/memory.h"
#include "command/report/html_table.h"
#include "writer/html.h"
#include "writer/ticks.h"

uint64_t *timeline_clock(const struct report *report, const struct history *history)
{
	uint64_t *times = memory_new(HISTORY_POINTS, sizeof(*times));

	for (size_t i = 0; i < history->points; i++)
		times[i] = report_clock(report, history->times_ns[i]);
	return times;
}

static size_t greatest_at(const struct plot *plot, size_t series)
{
	const double *values = plot->series[series].values;
	size_t greatest = 0;

	for (size_t i = 1; i < plot->points; i++)
		if (values[i] > values[greatest])
			greatest = i;
	return greatest;
}

static double mean_of(const struct plot *plot, size_t series)
{
	double sum = 0;

	for (size_t i = 0; i < plot->points; i++)
		sum += plot->series[series].values[i];
	return sum / (double)plot->points;
}

/* A line for each series: what it was at the ends, and at most. */
static void write_summary(struct output *output, const struct plot *plot, const char *of)
{
	const char *const titles[] = {of, "first", "last", "mean", "greatest", "at (UTC)"};
	struct html_table table = {output, titles, LENGTH(titles), 0};

	table_begin(&table, "cards", plot->title);
	for (size_t i = 0; i < plot->count; i++) {
		size_t greatest = greatest_at(plot, i);

		table_row(&table);
		plot_key(output, i);
		table_name(&table, plot->series[i].name);
		table_number(&table, plot->series[i].values[0], plot->unit);
		table_number(&table, plot->series[i].values[plot->points - 1], plot->unit);
		table_number(&table, mean_of(plot, i), plot->unit);
		table_number(&table, plot->series[i].values[greatest], plot->unit);
		table_time(&table, plot->times[greatest]);
		table_row_end(&table);
	}
	table_end(&table);
}

static void write_point(struct html_table *table, const struct plot *plot, size_t point)
{
	char time[TICK_TEXT];

	tick_time(time, plot->times[point], 0);
	table_row(table);
	table_name(table, time);
	for (size_t i = 0; i < plot->count; i++)
		table_number(table, plot->series[i].values[point], plot->unit);
	table_row_end(table);
}

/* A line for each point. */
static void write_points(struct output *output, const struct plot *plot)
{
	const char *titles[PLOT_SERIES + 1] = {"time (UTC)"};
	struct html_table table = {output, titles, plot->count + 1, 0};

	for (size_t i = 0; i < plot->count; i++)
		titles[i + 1] = plot->series[i].name;
	output_string(output, "<details><summary>");
	html_say(output, "All %zu points of this plot", plot->points);
	output_string(output, "</summary>\n");
	table_begin(&table, "points", plot->title);
	for (size_t point = 0; point < plot->points; point++)
		write_point(&table, plot, point);
	table_end(&table);
	output_string(output, "</details>\n");
}

void timeline_plot(struct output *output, const struct plot *plot, const char *of)
{
	plot_lines(output, plot);
	write_summary(output, plot, of);
	write_points(output, plot);
}

void timeline_write(const struct report *report, struct output *output,
		    const struct timeline *timeline)
{
	struct history_lines lines = history_lines(timeline->history, PLOT_SERIES);
	struct plot_series series[PLOT_SERIES];
	struct plot plot = timeline->plot;

	output_format(output, "<section>\n<h2>%s</h2>\n", timeline->heading);
	for (size_t i = 0; i < lines.count; i++)
		series[i] = (struct plot_series){lines.items[i].name, lines.items[i].values};
	plot.times = timeline_clock(report, timeline->history);
	plot.points = timeline->history->points;
	plot.series = series;
	plot.count = lines.count;
	if (lines.count)
		timeline_plot(output, &plot, timeline->of);
	else
		html_element(output, "<p class=\"none\">", "p", timeline->none);
	output_string(output, "</section>\n");
	free((void *)plot.times);
	history_lines_free(&lines);
}
