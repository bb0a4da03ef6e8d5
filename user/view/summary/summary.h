/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A bare `tcplinger`: how many sockets there are in each state, and what to run next. */
#ifndef TCPLINGER_VIEW_SUMMARY_H
#define TCPLINGER_VIEW_SUMMARY_H

#include "view/objects.h"
#include "view/view.h"

struct summary_namespace {
	uint32_t netns;
	uint64_t states[TCP_STATES];
	uint64_t sockets;
};

struct summary {
	struct summary_namespace all;
	struct summary_namespace *namespaces; /* the fullest first */
	size_t namespace_count;
	const struct model *model;
	const struct tuple_filter *tuples;
	const struct process_filter *processes;
	uint64_t time_ns; /* of the count */
};

/* The row of another view that is worth to be named. */
struct summary_worst {
	const char *key;
	const struct table *table;
	const void *view;
	const struct row *row; /* NULL: none is */
};

extern const struct view summary_view;

/* Counts what the model knows and the filters let pass. summary_free releases it. */
void summary_count(struct summary *summary, const struct model *model,
		   const struct tuple_filter *tuples, const struct process_filter *processes,
		   uint64_t time_ns);
void summary_free(struct summary *summary);

/* With the worst row of each view behind the counts. */
void summary_json(const struct summary *summary, struct output *output,
		  const struct summary_worst *worst, size_t count);

/*
 * The table, of as many namespaces as fit into `columns` (0: no terminal); and, behind what the
 * views have to add, what to run next.
 */
void summary_text(const struct summary *summary, struct output *output, unsigned int columns);
void summary_text_next(const struct summary *summary, struct output *output);

#endif
