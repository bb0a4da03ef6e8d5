/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Histograms for people: a bar for each bucket. */
#ifndef TCPLINGER_BARS_H
#define TCPLINGER_BARS_H

#include "base/histogram.h"
#include "writer/output.h"

/*
 * A title with the count, the median and the 99th percentile, then a line for each bucket from the
 * first that has any to the last; runs of empty ones are a line of dots. Nothing for an empty
 * histogram.
 */
void bars_show(struct output *output, const char *title, const struct histogram *histogram,
	       const struct histogram_scale *scale, unsigned int columns);

#endif
