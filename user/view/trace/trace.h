/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger trace`: each transition as it happens, in text for people or JSON for programs. */
#ifndef TCPLINGER_VIEW_TRACE_H
#define TCPLINGER_VIEW_TRACE_H

#include "view/process_texts.h"
#include "view/stack_tally.h"
#include "view/view.h"

struct trace {
	struct view_config config;
	struct output *output;
	struct model *model;
	unsigned int address_columns;
	unsigned int since_header; /* lines */
	uint64_t shown;
	struct process_texts processes;
	struct stack_tally connects; /* shown, by comm */
};

extern const struct view trace_view;

void trace_init(void *self, const struct view_config *config, struct model *model);
void trace_free(void *self);

/* Prints the transition if the filters let it pass. */
void trace_transition(void *self, const struct transition *transition);

#endif
