/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes as JSON, kept: a view that prints each event prints few processes, again and again, and
 * what it takes to write one is half of a line.
 */
#ifndef TCPLINGER_PROCESS_TEXTS_H
#define TCPLINGER_PROCESS_TEXTS_H

#include "view/objects.h"

#define PROCESS_TEXTS 64
#define PROCESS_TEXT  512 /* bytes; longer ones are written anew */

/* What it was made of, and what was made of it. */
struct process_text {
	uint64_t key;
	uint32_t described;
	char comm[16];
	int64_t boottime_ns;
	size_t length; /* 0: none */
	char text[PROCESS_TEXT];
};

/* All zero: none yet. */
struct process_texts {
	struct process_text items[PROCESS_TEXTS];
};

/* As object_process. */
void process_texts_show(struct process_texts *texts, struct json *json, const char *key,
			const struct process *process, const struct clock_offsets *clocks);

#endif
