/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Buffered output to a descriptor: whole lines, flushed when the caller says so or much has
 * gathered.
 */
#ifndef TCPLINGER_OUTPUT_H
#define TCPLINGER_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct output {
	int fd;
	char *text;
	size_t length;
	size_t capacity;
	bool may_stall; /* a pipe, a socket, a terminal: somebody reads at the other end */
	const volatile sig_atomic_t *stop; /* set: a reader that stalls is not waited for */
	int error;	  /* errno of the write that failed; nothing is written after it */
	bool stalled;	  /* that one: its reader did not read, and we were to stop */
	size_t unwritten; /* bytes that it was not given then */
};

void output_init(struct output *output, int fd, const volatile sig_atomic_t *stop);
void output_free(struct output *output);

/* Room for `size` more bytes, to be filled and then added to `length`. */
char *output_reserve(struct output *output, size_t size);
void output_bytes(struct output *output, const char *bytes, size_t size);
void output_string(struct output *output, const char *text);
__attribute__((format(printf, 2, 3))) void output_format(struct output *output, const char *format,
							 ...);

/* Ends a line: writes when more than a pipe's worth has gathered. */
void output_line(struct output *output);
void output_flush(struct output *output);

#endif
