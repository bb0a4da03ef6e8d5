/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Of which processes something is remembered: as many as there is room for, those asked about last.
 */
#ifndef TCPLINGER_RECENT_H
#define TCPLINGER_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* The first member of what is remembered of a process. */
struct recent {
	uint64_t time_ns; /* 0: of none */
	uint64_t start_ns;
	uint32_t pid;
};

bool recent_is(const struct recent *recent, const struct process_id *process);

/*
 * That of the process, else the oldest, whose place it may take. `items`: `count` of `size` bytes,
 * one at least.
 */
void *recent_find(void *items, size_t count, size_t size, const struct process_id *process);

#endif
