// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bars: of a histogram, standing; of what is used of a supply, lying. */
#include <stdio.h>

#include "writer/html.h"
#include "writer/plot_frame.h"
#include "writer/ticks.h"

#define X_TICKS	     8
#define BAR_WIDTH    0.8 /* of the room of a label */
#define LEVEL_TICKS  4
#define LEVEL_HEIGHT 52 /* pixels, with its name */
#define LEVEL_NAME   14
#define LEVEL_BAR    18

static void show_bar(struct output *output, const struct plot *plot, size_t series, size_t point,
		     double top)
{
	double width = BAR_WIDTH / (double)plot->count / (double)plot->points;
	double from = ((double)point + (1 - BAR_WIDTH) / 2) / (double)plot->points;
	double height = plot->series[series].values[point] / top;
	char text[TICK_TEXT];

	tick_number(text, plot->series[series].values[point]);
	output_format(output,
		      "<rect class=\"bar s%zu\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.2f%%\" "
		      "height=\"%.2f%%\"><title>",
		      series, 100 * (from + (double)series * width), 100 * width,
		      100 - 100 * height, 100 * height);
	html_say(output, "%s, %s: %s%s", plot->series[series].name, plot->labels[point], text,
		 plot->unit);
	output_string(output, "</title></rect>\n");
}

static void show_labels(struct output *output, const struct plot *plot)
{
	size_t step = (plot->points + X_TICKS - 1) / X_TICKS;

	for (size_t i = 0; i < plot->points; i += step)
		plot_x_tick(output, ((double)i + 0.5) / (double)plot->points, plot->labels[i],
			    i / step % 2);
}

void plot_bars(struct output *output, const struct plot *plot)
{
	double top = plot_y_top(plot);

	plot_begin(output, plot, "bars", 0);
	plot_y_axis(output, plot, top);
	show_labels(output, plot);
	for (size_t i = 0; i < plot->count; i++)
		for (size_t point = 0; point < plot->points; point++)
			show_bar(output, plot, i, point, top);
	plot_end(output);
}

static void show_level(struct output *output, const struct plot_level *level, size_t place)
{
	double share = level->used / level->supply;
	char used[TICK_TEXT], supply[TICK_TEXT];
	size_t y = place * LEVEL_HEIGHT;

	tick_number(used, level->used);
	tick_number(supply, level->supply);
	output_format(output, "<text class=\"name\" x=\"0\" y=\"%zu\">", y + LEVEL_NAME);
	html_text(output, level->name);
	output_format(output, "</text><text class=\"figure\" x=\"100%%\" y=\"%zu\">",
		      y + LEVEL_NAME);
	html_say(output, "%s of %s, %.0f %%", used, supply, 100 * share);
	output_format(output,
		      "</text><rect class=\"bar s1\" x=\"0\" width=\"100%%\" y=\"%zu\" "
		      "height=\"%d\"/><rect class=\"bar s0\" x=\"0\" width=\"%.2f%%\" y=\"%zu\" "
		      "height=\"%d\"/>\n",
		      y + LEVEL_NAME + 8, LEVEL_BAR, share < 1 ? 100 * share : 100,
		      y + LEVEL_NAME + 8, LEVEL_BAR);
}

static void show_share_ticks(struct output *output)
{
	char text[TICK_TEXT];

	for (unsigned int i = 0; i <= LEVEL_TICKS; i++) {
		snprintf(text, sizeof(text), "%u %%", 100 * i / LEVEL_TICKS);
		plot_x_tick(output, (double)i / LEVEL_TICKS, text, false);
	}
}

void plot_levels(struct output *output, const struct plot *plot, const struct plot_level *levels,
		 size_t count)
{
	plot_begin(output, plot, "levels", count * LEVEL_HEIGHT);
	show_share_ticks(output);
	for (size_t i = 0; i < count; i++)
		show_level(output, &levels[i], i);
	plot_end(output);
}
