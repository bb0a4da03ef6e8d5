/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A section of the page about figures over time. */
#ifndef TCPLINGER_TIMELINE_H
#define TCPLINGER_TIMELINE_H

#include "command/report/report.h"
#include "writer/plot.h"

struct timeline {
	const struct history *history;
	const char *heading;
	const char *none; /* where there were none */
	struct plot plot; /* times, points and series are filled in */
	const char *of;	  /* what a line of the table is of */
};

void timeline_write(const struct report *report, struct output *output,
		    const struct timeline *timeline);

/* The plot with its tables alone; `of`: what its lines are of. */
void timeline_plot(struct output *output, const struct plot *plot, const char *of);

/* When its points were, nanoseconds since the epoch; to be freed. */
uint64_t *timeline_clock(const struct report *report, const struct history *history);

#endif
