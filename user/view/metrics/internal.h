/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the metrics share. */
#ifndef TCPLINGER_VIEW_METRICS_INTERNAL_H
#define TCPLINGER_VIEW_METRICS_INTERNAL_H

#include "view/metrics/metrics.h"

#define METRIC_PREFIX "tcplinger_"

/* series.c */
void family_init(struct metric_family *family, const struct metric *metric);
void family_free(struct metric_family *family);

/* A collection begins: nothing is counted of the rows that are there. */
void family_begin(struct metric_family *family);

/* The series of these labels, made if new. */
struct metric_series *family_series(struct metric_family *family,
				    const struct exposition_labels *labels);

/*
 * A collection has ended: gauges that no row has any more go. Of counters the smallest go where
 * there are far more than the `most` that are shown: one that was shown is none of them.
 */
void family_end(struct metric_family *family, size_t most);

/* The `most` greatest at most, by their labels, into `order`; how many. */
size_t family_choose(struct metric_family *family, size_t most);

/* What it is now, of all rows that there ever were; of a histogram: how many it counted. */
double series_value(const struct metric_family *family, const struct metric_series *series);
uint64_t series_bucket(const struct metric_series *series, uint32_t i);

/* Adds what a row has. */
void sum_add(struct metric_sum *sum, const struct metric *metric, const void *row, double value);

/* write.c: what the stream tells of itself. */
void write_findings(struct exposition *exposition, const struct metrics *metrics);
void write_losses(struct exposition *exposition, const struct metrics *metrics);
void write_relists(struct exposition *exposition, const struct metrics *metrics);
void write_incomplete(struct exposition *exposition, const struct metrics *metrics);
void write_build(struct exposition *exposition, const struct metrics *metrics);
void write_hooks(struct exposition *exposition, const struct metrics *metrics);
void write_omitted(struct exposition *exposition, const struct metrics *metrics);

#endif
