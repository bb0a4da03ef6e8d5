// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long connections and TIME_WAITs lived. */
#include <stdio.h>

#include "base/macros.h"
#include "command/report/html_table.h"
#include "command/report/sections.h"
#include "writer/html.h"
#include "writer/plot.h"

/* The labels of a histogram's bars: the longest time that each has. */
struct bars {
	char texts[HISTOGRAM_EDGES + 1][TEXT_AGE + 4];
	const char *labels[HISTOGRAM_EDGES + 1];
	double counts[HISTOGRAM_EDGES + 1];
	size_t count;
};

static void fill_bars(struct bars *bars, const struct histogram *histogram,
		      const struct histogram_scale *scale)
{
	uint64_t counts[HISTOGRAM_EDGES + 1];
	char text[TEXT_AGE];

	histogram_buckets(histogram, scale, counts);
	bars->count = scale->edges + 1;
	for (uint32_t i = 0; i <= scale->edges; i++) {
		text_duration(text, scale->edges_ns[i < scale->edges ? i : i - 1]);
		snprintf(bars->texts[i], sizeof(bars->texts[i]), "%s %s",
			 i < scale->edges ? "\u2264" : ">", text);
		bars->labels[i] = bars->texts[i];
		bars->counts[i] = (double)counts[i];
	}
}

static void write_percentiles(struct output *output, const char *caption, const char *name,
			      const struct histogram *histogram)
{
	static const struct {
		const char *title;
		double part;
	} columns[] = {{"shortest", 0},
		       {"half within", 0.5},
		       {"90 % within", 0.9},
		       {"99 % within", 0.99},
		       {"longest", 1}};
	const char *titles[LENGTH(columns) + 2] = {"of", "count"};
	struct html_table table = {output, titles, LENGTH(titles), 0};
	char text[TEXT_AGE];

	for (size_t i = 0; i < LENGTH(columns); i++)
		titles[i + 2] = columns[i].title;
	table_begin(&table, "cards", caption);
	table_row(&table);
	table_name(&table, name);
	table_number(&table, (double)histogram->count, "");
	for (size_t i = 0; i < LENGTH(columns); i++) {
		text_duration(text, histogram_percentile(histogram, columns[i].part));
		table_text(&table, text);
	}
	table_row_end(&table);
	table_end(&table);
}

static void write_buckets(struct output *output, const char *caption, const struct bars *bars)
{
	static const char *const titles[] = {"lasted", "number"};
	struct html_table table = {output, titles, LENGTH(titles), 0};

	output_string(output, "<details><summary>All bars of this plot</summary>\n");
	table_begin(&table, "points", caption);
	for (size_t i = 0; i < bars->count; i++) {
		table_row(&table);
		table_name(&table, bars->labels[i]);
		table_number(&table, bars->counts[i], "");
		table_row_end(&table);
	}
	table_end(&table);
	output_string(output, "</details>\n");
}

static void write_histogram(struct output *output, struct plot plot, const char *name,
			    const struct histogram *histogram, const struct histogram_scale *scale)
{
	struct plot_series series = {.name = name};
	struct bars bars;

	output_string(output, "<div>\n");
	fill_bars(&bars, histogram, scale);
	series.values = bars.counts;
	plot.labels = bars.labels;
	plot.points = bars.count;
	plot.series = &series;
	plot.count = 1;
	plot_bars(output, &plot);
	write_percentiles(output, plot.title, name, histogram);
	write_buckets(output, plot.title, &bars);
	output_string(output, "</div>\n");
}

static void write_unseen(struct output *output)
{
	output_string(output, "<section>\n<h2>Lifetimes</h2>\n<p class=\"none\">Not seen here: "
			      "without BPF only what exists at each refresh is told.</p>\n"
			      "</section>\n");
}

void lifetimes_write(const struct report *report, struct output *output)
{
	const struct time_waits *waits = report->adviser.config.time_waits;
	const struct histogram *connected = &waits->total.connected;
	const struct histogram *lifetime = &waits->total.lifetime;
	struct histogram_scale scale;

	if (!report_streams(report)) {
		write_unseen(output);
		return;
	}
	output_string(output, "<section>\n<h2>Lifetimes</h2>\n<div class=\"pair\">\n");
	if (connected->count) {
		histogram_scale_log2(&scale, connected, 0, 16);
		write_histogram(output,
				(struct plot){
					.id = "connected",
					.title = "How long connections were connected",
					.caption = "From ESTABLISHED to the first FIN, of those "
						   "that were closed while this was watched.",
					.x_title = "time connected, at most (logarithmic)",
					.y_title = "connections (number)",
					.unit = "",
					.whole = true,
				},
				"connections", connected, &scale);
	} else {
		output_string(output, "<p class=\"none\">No connection was closed.</p>\n");
	}
	if (lifetime->count) {
		histogram_scale_life(&scale, waits->model->timewait_ns);
		write_histogram(output,
				(struct plot){
					.id = "lifetime",
					.title = "How long TIME_WAIT lasted",
					.caption = "From its begin to its end, whatever ended it.",
					.x_title = "time in TIME_WAIT, at most",
					.y_title = "TIME_WAITs (number)",
					.unit = "",
					.whole = true,
				},
				"TIME_WAITs", lifetime, &scale);
	} else {
		output_string(output, "<p class=\"none\">No TIME_WAIT ended.</p>\n");
	}
	output_string(output, "</div>\n</section>\n");
}
