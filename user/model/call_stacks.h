/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stacks of user code that were told. Most of their frames they have in common: each is kept
 * once.
 */
#ifndef TCPLINGER_CALL_STACKS_H
#define TCPLINGER_CALL_STACKS_H

#include <stdbool.h>

#include "base/index.h"
#include "stack.h"

struct call_stack {
	uint64_t key;	  /* its id */
	uint64_t defined; /* counts definitions */
	uint32_t references;
	uint8_t end; /* enum stack_end */
	uint8_t count;
	uint32_t *frames; /* their numbers, innermost first */
};

struct call_stacks {
	struct pool stacks;
	struct index index;
	struct pool frames;
	struct index frame_index;
	uint64_t definitions;
	uint32_t sweep_at; /* so many stacks: those that nobody needs are dropped */
};

void call_stacks_init(struct call_stacks *stacks);
void call_stacks_free(struct call_stacks *stacks);

void call_stacks_define(struct call_stacks *stacks, const struct record_stack *record);

/* The number of a stack by its id; 0: it was not defined. */
uint32_t call_stacks_find(const struct call_stacks *stacks, uint64_t id);

/* Valid while it is referred to. */
const struct call_stack *call_stacks_get(const struct call_stacks *stacks, uint32_t number);
void call_stacks_reference(struct call_stacks *stacks, uint32_t number);
void call_stacks_release(struct call_stacks *stacks, uint32_t number);

/* Frame `i` of a stack, below its count. */
const struct stack_frame *call_stack_frame(const struct call_stacks *stacks,
					   const struct call_stack *stack, unsigned int i);

#endif
