/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Metrics as Prometheus reads them: its text format 0.0.4, and OpenMetrics 1.0.0, which differ in
 * the names of counters, in what is escaped, and in the end. Numbers and labels look the same in
 * both, so that a series stays one whichever is scraped.
 */
#ifndef TCPLINGER_EXPOSITION_H
#define TCPLINGER_EXPOSITION_H

#include <stdint.h>

#include "writer/output.h"

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS, EXPOSITION_FORMATS };

/* A family that is being written. */
struct exposition {
	struct output *output;
	enum exposition_format format;
	const char *name;
};

/* Labels, escaped and in their order: `comm="nginx",direction="in"`. All zero: none. */
#define EXPOSITION_LABELS 768
struct exposition_labels {
	char text[EXPOSITION_LABELS];
	size_t length;
};

/*
 * Adds one. `value`: any text, made harmless as in all other output; what there is no room for is
 * left out whole.
 */
void exposition_label(struct exposition_labels *labels, const char *name, const char *value);

/* A family begins: `type` is gauge, counter or histogram; the name of a counter ends in _total. */
void exposition_family(struct exposition *exposition, const char *name, const char *type,
		       const char *help);

/* A sample of it. `suffix`: "", or "_sum", "_count" of a histogram. `labels`: "" for none. */
void exposition_sample(struct exposition *exposition, const char *suffix, const char *labels,
		       double value);

/* A bucket of a histogram: how many were below `edge_ns`; UINT64_MAX: all. */
void exposition_bucket(struct exposition *exposition, const char *labels, uint64_t edge_ns,
		       uint64_t count);

/* After the last family. */
void exposition_end(struct exposition *exposition);

#endif
