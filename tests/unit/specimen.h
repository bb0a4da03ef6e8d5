/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that the test compiles and runs, and stacks of theirs as the kernel side would tell. */
#ifndef TCPLINGER_UNIT_SPECIMEN_H
#define TCPLINGER_UNIT_SPECIMEN_H

#include <sys/types.h>

#include "raw_stack.h"
#include "source/stacks/stacks.h"
#include "tree.h"

/* Runs a shell command in the folder; fails if it does. */
void specimen_shell(const struct tree *tree, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Starts a program of the folder, and waits until it prints a line. */
pid_t specimen_start(const struct tree *tree, const char *program);
void specimen_end(pid_t child);

/* The stack of its first thread, which sleeps in a system call, and is not disturbed. */
void specimen_stack(pid_t child, struct raw_stack *raw);
void specimen_stack_of(pid_t child, pid_t thread, struct raw_stack *raw);

/* The frame of this function, or NULL. */
const struct stack_frame *specimen_frame(const struct stack *stack, const char *symbol);

/* "inner <- outer <- ..", of those frames that are in `module` (""; of all), lines with them. */
const char *specimen_text(const struct stack *stack, const char *module);

#endif
