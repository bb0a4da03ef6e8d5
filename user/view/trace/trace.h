/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger trace`: each transition as it happens, in text for people or JSON for programs. */
#ifndef TCPLINGER_VIEW_TRACE_H
#define TCPLINGER_VIEW_TRACE_H

#include "view/objects.h"

struct trace_config {
	const struct tuple_filter *tuples;
	const struct process_filter *processes;
	uint32_t states; /* bit 1 << state: either end of the transition; 0: all */
	bool json;
	bool color;
	bool full_addresses;  /* never cut an address */
	unsigned int columns; /* of the terminal; 0: none, and nothing is cut */
	unsigned int lines;   /* of the terminal; 0: not one, so the header is printed once */
};

struct trace {
	struct trace_config config;
	struct output *output;
	const struct model *model;
	struct clock_offsets clocks;
	unsigned int address_columns;
	unsigned int since_header; /* lines */
	uint64_t shown;
};

void trace_init(struct trace *trace, const struct trace_config *config, struct output *output,
		const struct model *model);

/* Prints the transition if the filters let it pass. */
void trace_transition(struct trace *trace, const struct transition *transition);

/* A loss grew: a line of JSON; in text, what was lost is said at the end, on stderr. */
void trace_loss(struct trace *trace, uint64_t time_ns, const struct losses *losses);

#endif
