/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command that a recording is made of the time of. It is forked before anything else is done,
 * and held until all is watched: it has neither the sandbox nor the privileges that are left.
 */
#ifndef TCPLINGER_PROGRAM_H
#define TCPLINGER_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

struct program {
	pid_t pid; /* 0: none */
	int gate;  /* it begins when that is written to, ends when it is closed; -1: it has begun */
	bool over;
	int status; /* then: its exit status, 128 and the signal, or 127: there is no such command
		     */
};

/* `words` end with NULL, and are what execvp() takes. False, with errno, if it cannot be forked. */
bool program_hold(struct program *program, char *const *words);
void program_begin(struct program *program);

/* Looks whether it is over; with `waits` until it is, or a signal comes. */
void program_look(struct program *program, bool waits);

/* One that has not begun never does. */
void program_free(struct program *program);

#endif
