/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The last lines of what is shown as it happens. */
#ifndef TCPLINGER_TOP_LINES_H
#define TCPLINGER_TOP_LINES_H

#include <stddef.h>
#include <stdint.h>

#define LINES_KEPT 1000

struct lines {
	char *texts[LINES_KEPT]; /* owned; that of number n is at n modulo LINES_KEPT */
	uint64_t count;		 /* ever; so many numbers from 1 on */
};

void lines_free(struct lines *lines);

/* Each line of a text: the last one ends as well. */
void lines_add(struct lines *lines, const char *text, size_t length);

/* The number of the oldest one that is kept; above `count`: there is none. */
uint64_t lines_first(const struct lines *lines);
const char *lines_get(const struct lines *lines, uint64_t number);

#endif
