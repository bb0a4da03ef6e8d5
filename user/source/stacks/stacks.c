// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/stacks.h"

#include <stdlib.h>

struct stacks {
	size_t resolved;
};

struct stacks *stacks_open(void)
{
	return calloc(1, sizeof(struct stacks));
}

void stacks_close(struct stacks *stacks)
{
	free(stacks);
}

void stacks_resolve(struct stacks *stacks, const struct raw_stack *raw, struct stack *out,
		    struct stack_walk *walk)
{
	stacks->resolved++;
	walk->count = 0;
	*out = (struct stack){.end = STACK_CUT_UNWIND, .count = raw->walked};
	for (size_t i = 0; i < raw->walked; i++)
		out->frames[i].address = raw->frames[i];
}

void stacks_forget(struct stacks *stacks, const struct process_id *process)
{
	(void)stacks;
	(void)process;
}
