/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Allocation that does not fail: a tool without memory has nothing true left to say. */
#ifndef TCPLINGER_MEMORY_H
#define TCPLINGER_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *memory_check(void *memory)
{
	if (!memory) {
		fputs("tcplinger: out of memory\n", stderr);
		_Exit(1);
	}
	return memory;
}

/* Zeroed; the caller frees. */
static inline void *memory_new(size_t count, size_t bytes)
{
	return memory_check(calloc(count, bytes));
}

/* What is added is not zeroed; the caller frees. */
static inline void *memory_resize(void *memory, size_t count, size_t bytes)
{
	return memory_check(reallocarray(memory, count, bytes));
}

static inline char *memory_string(const char *text)
{
	return memory_check(strdup(text));
}

#endif
