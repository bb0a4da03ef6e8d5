/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Plots as SVG, without script: each a <figure> with title, caption, a legend by name, and axes
 * with titles and units, all of it text. They stretch with the page, whose letters stay as they
 * are. Colours, dashes and marks are the style sheet's, by the classes s0, s1, ..
 */
#ifndef TCPLINGER_PLOT_H
#define TCPLINGER_PLOT_H

#include "writer/output.h"

#define PLOT_SERIES 7 /* that a style sheet has styles for */

struct plot_series {
	const char *name;     /* hostile */
	const double *values; /* one for each point */
};

struct plot {
	const char *id; /* of the figure; ours, as what follows is */
	const char *title;
	const char *caption; /* one or two sentences */
	const char *x_title; /* with the unit */
	const char *y_title;
	const char *unit;	   /* behind a value: " %"; "" where the title says all */
	bool whole;		   /* values are whole numbers */
	double y_most;		   /* the axis goes so far at least; 0: as the values do */
	const uint64_t *times;	   /* of the points, nanoseconds since the epoch; NULL: bars, of */
	const char *const *labels; /* so many points */
	size_t points;
	const struct plot_series *series; /* at most PLOT_SERIES */
	size_t count;
};

/* Lines over time, named at their end where there is room. */
void plot_lines(struct output *output, const struct plot *plot);

/* A bar for each label and series, side by side. */
void plot_bars(struct output *output, const struct plot *plot);

/* What is used of what there is: a bar on another. */
struct plot_level {
	const char *name; /* hostile */
	double used;
	double supply; /* more than 0 */
};

/* Of `plot` the series are names alone: of what is used, and of the supply. */
void plot_levels(struct output *output, const struct plot *plot, const struct plot_level *levels,
		 size_t count);

/* The sign of a series, as the legend has it: for tables beside the plot. */
void plot_key(struct output *output, size_t series);

#endif
