/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The frames of a stack: in a sentence, as JSON, in a line for flame graphs. */
#ifndef TCPLINGER_STACK_FRAMES_H
#define TCPLINGER_STACK_FRAMES_H

#include "view/stack_tally.h"

/*
 * "leak.c:41 fetch <- leak.c:88 main": the innermost, without those of libc and of a language's own
 * runtime, unless that is all there is; with `details` every one.
 */
void say_stack(struct sentence *sentence, const struct call_stacks *stacks, uint32_t stack,
	       bool details);

/* True for a frame of libc, of an interpreter, or of what a language brings along. */
bool frame_is_runtime(const struct stack_frame *frame);

/* A stack object. */
void stack_write(struct json *json, const char *key, const struct call_stacks *stacks,
		 const struct stack_line *line);

/* "comm;main;fetch 27" */
void stack_fold(struct output *output, const struct call_paths *paths,
		const struct stack_line *line);

/* "connect", "accept", "eof"; static. */
const char *stack_event_name(unsigned int event);

#endif
