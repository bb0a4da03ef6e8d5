// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines over time. */
#include <stdio.h>

#include "base/memory.h"
#include "base/time.h"
#include "writer/html.h"
#include "writer/plot_frame.h"
#include "writer/ticks.h"

#define X_TICKS	      8
#define MARKS	      12   /* on a line, about */
#define LABEL_COLUMNS 24   /* of a name at the end of a line */
#define LABEL_APART   0.07 /* of the height: a line of letters */

static double x_of(const struct plot *plot, size_t point)
{
	uint64_t begin = plot->times[0], span = plot->times[plot->points - 1] - begin;

	return span ? (double)(plot->times[point] - begin) / (double)span : 0.5;
}

static void show_line(struct output *output, const struct plot *plot, size_t series, double top)
{
	const double *values = plot->series[series].values;

	output_format(output, "<path class=\"line s%zu\" d=\"", series);
	for (size_t i = 0; i < plot->points; i++)
		output_format(output, "%c%.1f %.1f", i ? 'L' : 'M', PLOT_SIDE * x_of(plot, i),
			      PLOT_SIDE * (1 - values[i] / top));
	output_string(output, "\"/>\n");
}

/* Each line's somewhere else, so that they do not hide each other. */
static void show_marks(struct output *output, const struct plot *plot, size_t series, double top)
{
	const double *values = plot->series[series].values;
	size_t step = plot->points / MARKS + 1;

	output_format(output, "<path class=\"mark s%zu\" d=\"", series);
	for (size_t i = series * step / PLOT_SERIES; i < plot->points; i += step)
		output_format(output, "M%.1f %.1fh0", PLOT_SIDE * x_of(plot, i),
			      PLOT_SIDE * (1 - values[i] / top));
	output_string(output, "\"/>\n");
}

static void show_ticks(struct output *output, const struct plot *plot)
{
	uint64_t begin = plot->times[0], span = plot->times[plot->points - 1] - begin;
	uint64_t step = ticks_time_step_ns(span, X_TICKS), at = (begin + step - 1) / step * step;
	char text[TICK_TEXT];

	for (; at <= begin + span; at += step) {
		tick_time(text, at, step);
		plot_x_tick(output, span ? (double)(at - begin) / (double)span : 0.5, text,
			    at / step % 2);
	}
}

/* Where a line ends, and where its name is written. */
struct label {
	size_t series;
	double y; /* 0: top, 1: bottom */
};

static int compare(const void *left, const void *right)
{
	const struct label *one = left, *other = right;

	return one->y < other->y ? -1 : one->y > other->y;
}

/* From above, then from below, so that no two are on each other and none is outside. */
static void spread(struct label *labels, size_t count)
{
	double floor = 1;

	qsort(labels, count, sizeof(*labels), compare);
	for (size_t i = 1; i < count; i++)
		if (labels[i].y < labels[i - 1].y + LABEL_APART)
			labels[i].y = labels[i - 1].y + LABEL_APART;
	for (size_t i = count; i--; floor -= LABEL_APART)
		if (labels[i].y > floor)
			labels[i].y = floor;
}

static void show_labels(struct output *output, const struct plot *plot, double top)
{
	struct label labels[PLOT_SERIES];
	char text[4 * LABEL_COLUMNS + 1];

	for (size_t i = 0; i < plot->count; i++)
		labels[i] = (struct label){i, 1 - plot->series[i].values[plot->points - 1] / top};
	spread(labels, plot->count);
	for (size_t i = 0; i < plot->count; i++) {
		format_harmless(text, plot->series[labels[i].series].name, SIZE_MAX, LABEL_COLUMNS);
		output_format(output,
			      "<text class=\"label s%zu\" x=\"100%%\" dx=\"10\" y=\"%.2f%%\" "
			      "dy=\".35em\">",
			      labels[i].series, 100 * labels[i].y);
		html_text(output, text);
		output_string(output, "</text>\n");
	}
}

static void show_point(struct output *output, const struct plot *plot, size_t point)
{
	char text[TICK_TEXT];

	tick_time(text, plot->times[point], 0);
	html_say(output, "%s UTC", text);
	for (size_t i = 0; i < plot->count; i++) {
		tick_number(text, plot->series[i].values[point]);
		output_string(output, "\n");
		html_say(output, "%s: %s%s", plot->series[i].name, text, plot->unit);
	}
}

/* What there was at a time, to be read where the pointer is. */
static void show_points(struct output *output, const struct plot *plot)
{
	double width = 1.0 / (double)plot->points;

	output_string(output, "<g class=\"points\">");
	for (size_t i = 0; i < plot->points; i++) {
		double x = x_of(plot, i);

		output_format(
			output,
			"<rect x=\"%.3f%%\" width=\"%.3f%%\" y=\"0\" height=\"100%%\"><title>",
			100 * (x - width / 2), 100 * width);
		show_point(output, plot, i);
		output_string(output, "</title></rect>\n");
	}
	output_string(output, "</g>\n");
}

void plot_lines(struct output *output, const struct plot *plot)
{
	double top = plot_y_top(plot);

	plot_begin(output, plot, "lines", 0);
	plot_y_axis(output, plot, top);
	show_ticks(output, plot);
	plot_open_square(output);
	for (size_t i = plot->count; i--;) {
		show_line(output, plot, i, top);
		show_marks(output, plot, i, top);
	}
	plot_close_square(output);
	show_labels(output, plot, top);
	show_points(output, plot);
	plot_end(output);
}
