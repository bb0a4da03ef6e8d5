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
#include <stdint.h>
#include <string.h>

#include "writer/format.h"

struct output {
	int fd; /* < 0: nothing is written, all is kept for whoever takes it */
	char *text;
	size_t length;
	size_t capacity;
	bool may_stall; /* a pipe, a socket, a terminal: somebody reads at the other end */
	const volatile sig_atomic_t *stop; /* set: a reader that stalls is not waited for */
	int error;		  /* errno of the write that failed; nothing is written after it */
	bool stalled;		  /* that one: its reader did not read, and we were to stop */
	size_t unwritten;	  /* bytes that it was not given then */
	struct format_second utc; /* of the last time that was written, and so */
	struct format_second local;
};

/* `fd` -1: what is written stays in `text`, `length` bytes of it, which the caller may empty. */
void output_init(struct output *output, int fd, const volatile sig_atomic_t *stop);
void output_free(struct output *output);

void output_grow(struct output *output, size_t size);

/* Room for `size` more bytes, to be filled and then added to `length`. */
static inline char *output_reserve(struct output *output, size_t size)
{
	if (output->length + size > output->capacity)
		output_grow(output, size);
	return output->text + output->length;
}

static inline void output_bytes(struct output *output, const char *bytes, size_t size)
{
	memcpy(output_reserve(output, size), bytes, size);
	output->length += size;
}

void output_string(struct output *output, const char *text);

/* In a column that is so wide: what is longer is written whole. */
void output_left(struct output *output, const char *text, size_t size, size_t columns);
void output_right(struct output *output, const char *text, size_t size, size_t columns);
void output_blanks(struct output *output, size_t count);
__attribute__((format(printf, 2, 3))) void output_format(struct output *output, const char *format,
							 ...);

/* Ends a line: writes when more than a pipe's worth has gathered. */
void output_line(struct output *output);
void output_flush(struct output *output);

#endif
