// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/plot_frame.h"

#include "writer/html.h"
#include "writer/ticks.h"

#define Y_TICKS 5

void plot_key(struct output *output, size_t series)
{
	output_format(output,
		      "<svg class=\"key s%zu\" viewBox=\"0 0 28 10\" aria-hidden=\"true\">"
		      "<path class=\"line\" d=\"M1 5H27\"/><path class=\"mark\" d=\"M14 5h0\"/>"
		      "<rect class=\"bar\" x=\"8\" width=\"12\" height=\"10\"/></svg>",
		      series);
}

static void show_legend(struct output *output, const struct plot *plot)
{
	if (!plot->count)
		return;
	output_string(output, "<ul class=\"legend\">");
	for (size_t i = 0; i < plot->count; i++) {
		output_string(output, "<li>");
		plot_key(output, i);
		html_text(output, plot->series[i].name);
		output_string(output, "</li>");
	}
	output_string(output, "</ul>\n");
}

static double greatest(const struct plot *plot)
{
	double most = plot->y_most;

	for (size_t i = 0; i < plot->count; i++)
		for (size_t point = 0; point < plot->points; point++)
			if (plot->series[i].values[point] > most)
				most = plot->series[i].values[point];
	return most > 0 ? most : 1;
}

double plot_y_top(const struct plot *plot)
{
	double most = greatest(plot), step = ticks_step(most, Y_TICKS, plot->whole), top = step;

	while (top < most)
		top += step;
	return top;
}

static void show_y_tick(struct output *output, const struct plot *plot, double value, double top)
{
	double y = 100 - 100 * value / top;
	char text[TICK_TEXT];

	tick_number(text, value);
	output_format(output,
		      "<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%.2f%%\" y2=\"%.2f%%\"/>"
		      "<text class=\"y\" x=\"-8\" y=\"%.2f%%\" dy=\".35em\">",
		      y, y, y);
	html_text(output, text);
	html_text(output, plot->unit);
	output_string(output, "</text>\n");
}

void plot_y_axis(struct output *output, const struct plot *plot, double top)
{
	double step = ticks_step(top, Y_TICKS, plot->whole);

	for (unsigned int i = 0; i * step <= top * (1 + 1e-9); i++)
		show_y_tick(output, plot, i * step, top);
}

static void show_axis_titles(struct output *output, const struct plot *plot)
{
	html_element(output, "<text class=\"title y-title\" x=\"0\" y=\"-14\">", "text",
		     plot->y_title);
	html_element(output, "<text class=\"title x-title\" x=\"50%\" y=\"100%\" dy=\"42\">",
		     "text", plot->x_title);
}

void plot_begin(struct output *output, const struct plot *plot, const char *kind, size_t height)
{
	output_format(output, "<figure id=\"%s\" class=\"%s\">\n", plot->id, kind);
	html_element(output, "<figcaption><b>", "b", plot->title);
	html_element(output, " <span>", "span", plot->caption);
	output_string(output, "</figcaption>\n");
	show_legend(output, plot);
	output_string(output, "<svg class=\"chart\" role=\"img\"");
	if (height)
		output_format(output, " style=\"height:%zupx\"", height);
	html_element(output, "><title>", "title", plot->title);
	output_string(output, "\n");
	show_axis_titles(output, plot);
}

void plot_end(struct output *output)
{
	output_string(output, "</svg>\n</figure>\n");
}

void plot_x_tick(struct output *output, double part, const char *text, bool minor)
{
	output_format(output, "<text class=\"x%s\" x=\"%.2f%%\" y=\"100%%\" dy=\"20\">",
		      minor ? " minor" : "", 100 * part);
	html_text(output, text);
	output_string(output, "</text>\n");
}

void plot_open_square(struct output *output)
{
	output_format(output,
		      "<svg class=\"square\" width=\"100%%\" height=\"100%%\" viewBox=\"0 0 %.0f "
		      "%.0f\" preserveAspectRatio=\"none\">\n",
		      PLOT_SIDE, PLOT_SIDE);
}

void plot_close_square(struct output *output)
{
	output_string(output, "</svg>\n");
}
