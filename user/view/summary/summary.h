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

extern const struct view summary_view;

/* Counts what the model knows and the filters let pass. summary_free releases it. */
void summary_count(struct summary *summary, const struct model *model,
		   const struct tuple_filter *tuples, const struct process_filter *processes,
		   uint64_t time_ns);
void summary_free(struct summary *summary);

void summary_json(const struct summary *summary, struct output *output);

/*
 * The table, of as many namespaces as fit into `columns` (0: no terminal); and, behind what the
 * views have to add, what to run next.
 */
void summary_text(const struct summary *summary, struct output *output, unsigned int columns);
void summary_text_next(const struct summary *summary, struct output *output);

#endif
