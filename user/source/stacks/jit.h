/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Code that was made while the process ran: what its perf map says of it, by the language's habits.
 */
#ifndef TCPLINGER_JIT_H
#define TCPLINGER_JIT_H

#include "source/stacks/perf_map.h"
#include "source/stacks/unwind.h"
#include "stack.h"

/* Fills in what is known of the address of `frame`, which is one of the process. */
void jit_name(const struct perf_map *map, struct stack_frame *frame);

/* To the caller's frame, from one whose code is at `address`. */
enum unwind_result jit_step(const struct perf_map *map, uint64_t address,
			    struct unwind_cursor *cursor, const struct unwind_memory *memory);

#endif
