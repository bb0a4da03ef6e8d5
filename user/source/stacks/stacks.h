/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the addresses and the memory of a stack to functions, files and lines, while the process
 * lives: by frame pointers where its code has them, else by call frame information (DWARF CFI);
 * names from its files, from debug files in /usr/lib/debug, and from perf maps. Everything that is
 * read belongs to other people, and is taken for hostile. Nothing comes from the network.
 */
#ifndef TCPLINGER_STACKS_H
#define TCPLINGER_STACKS_H

#include <stdint.h>

#include "raw_stack.h"

struct stacks;

/*
 * How a stack was unwound: one that is the same is known again by it, without unwinding. Frames
 * that have one of their own, innermost first; inlined ones have none.
 */
struct stack_walk {
	uint32_t count; /* 0: it cannot be, as where code came and went; nor but on x86-64 */
	uint64_t instructions[STACK_FRAMES]; /* where each stands: innermost, the thread's; others',
						as the return address in the copy says */
	uint64_t pointers[STACK_FRAMES];     /* the stack pointer in each: what is right below the
						second one's is the first one's return address */
};

/* NULL if there is no memory. What it keeps is bounded, however many processes there are. */
struct stacks *stacks_open(void);
void stacks_close(struct stacks *stacks); /* NULL: does nothing */

/*
 * `raw` has been checked: what it counts is there. Always fills in `out`, with addresses alone
 * where nothing is known of them, and says in `end` why a stack ends early. It takes some
 * microseconds where all of its addresses were seen before; the first of a program takes tens of
 * milliseconds, or some hundred, where its files have much debugging information.
 */
void stacks_resolve(struct stacks *stacks, const struct raw_stack *raw, struct stack *out,
		    struct stack_walk *walk);

/*
 * What the kernel side has to know of a Python process, which is told once: from then on it can
 * tell the frames of Python functions. `found` is called now for those that are there, and by
 * stacks_resolve for others.
 */
void stacks_on_python(struct stacks *stacks,
		      void (*found)(void *context, uint32_t pid,
				    const struct python_layout *layout),
		      void *context);

/* What is known of a process that has gone. It may be called for those that are not known. */
void stacks_forget(struct stacks *stacks, const struct process_id *process);

#endif
