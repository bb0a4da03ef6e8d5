/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all plots have: the figure, its words, the legend, axes. */
#ifndef TCPLINGER_PLOT_FRAME_H
#define TCPLINGER_PLOT_FRAME_H

#include "writer/plot.h"

#define PLOT_SIDE 1000.0 /* of the square that values are drawn in, then stretched */

/* From <figure> up to the drawing. `kind`: its class; `height`: pixels, 0: the style sheet's. */
void plot_begin(struct output *output, const struct plot *plot, const char *kind, size_t height);

/* Lines and numbers; `top`: what the upper edge stands for. */
void plot_y_axis(struct output *output, const struct plot *plot, double top);
void plot_end(struct output *output);

/* The upper end of the y axis: a tick that nothing is above. */
double plot_y_top(const struct plot *plot);

/* A tick of the x axis at a part (0 to 1) of it; `minor`: where there is little room, it goes. */
void plot_x_tick(struct output *output, double part, const char *text, bool minor);

/* The square begins, and ends. */
void plot_open_square(struct output *output);
void plot_close_square(struct output *output);

#endif
