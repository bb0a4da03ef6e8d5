/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the sockets of rows are spread over places or processes, counted anew with each listing. Each
 * count refers to a socket that it is of, whose place it has.
 */
#ifndef TCPLINGER_LEAKS_TALLY_H
#define TCPLINGER_LEAKS_TALLY_H

#include <stdbool.h>

#include "base/index.h"
#include "model/close_wait.h"

#define TALLY_GREATEST 10

struct leak_row;

struct count {
	uint64_t key;
	struct leak_row *row;
	const struct close_wait *example; /* one of those counted */
	uint32_t sockets;
	uint32_t process;     /* where it is counted by process: its number */
	bool families_differ; /* of those counted */
};

struct tally {
	struct pool pool;
	struct index index;
};

/* At most TALLY_GREATEST, the greatest first. */
struct greatest {
	const struct count *counts[TALLY_GREATEST]; /* NULL: no more */
};

void tally_init(struct tally *tally);
void tally_free(struct tally *tally);
void tally_clear(struct tally *tally);

/* Counts a socket of a row, by its place; which count that is. */
struct count *tally_by_place(struct tally *tally, struct leak_row *row,
			     const struct close_wait *socket);

/* The same by a process that it is charged to. */
void tally_by_process(struct tally *tally, struct leak_row *row, uint32_t process,
		      const struct close_wait *socket);

/* Calls `visit` for each count; it must not count. */
void tally_each(const struct tally *tally, void (*visit)(void *context, const struct count *count),
		void *context);

/* Puts it where it belongs, if it does. */
void greatest_note(struct greatest *greatest, const struct count *count);

/* True if that is the place of a socket as well. */
bool count_has_place(const struct count *count, const struct close_wait *socket);

/* The place of those counted; family 0 where that differs. */
struct tuple count_place(const struct count *count);

#endif
