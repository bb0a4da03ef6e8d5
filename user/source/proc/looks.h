/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What processes had come to when they were looked at before: figures that speak by their change.
 */
#ifndef TCPLINGER_LOOKS_H
#define TCPLINGER_LOOKS_H

#include <stdint.h>

#include "source/proc/thread.h"

#define LOOKS_PROCESSES 128 /* more than are asked about at a refresh */
#define LOOKS_THREADS	256

struct looks {
	struct look *items; /* LOOKS_PROCESSES; NULL: none was looked at yet */
};

void looks_free(struct looks *looks);

/*
 * Says what came to pass since the process was looked at before, and remembers this look. The
 * process that was not looked at for longest is forgotten for it. `ran_ns`: of all its threads.
 */
void looks_compare(struct looks *looks, const struct process_id *process, uint64_t time_ns,
		   uint64_t ran_ns, const struct thread *threads, struct process_facts *facts);

#endif
