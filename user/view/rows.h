/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rows of a view that is refreshed: found by key, bounded, chosen and ordered for showing. A
 * row of a view begins with a struct row.
 */
#ifndef TCPLINGER_ROWS_H
#define TCPLINGER_ROWS_H

#include "view/grouping.h"

#define ROWS_MAX   100000     /* beyond it the longest idle go */
#define ROWS_OTHER UINT64_MAX /* key of the row that they are folded into */

struct row {
	uint64_t key;
	uint32_t process;   /* number, referred to; 0: none, or a group of several */
	char *name;	    /* of the group; NULL: by process, or none */
	uint64_t active_ns; /* when something last happened to it */
	uint64_t counted;   /* as of the refresh before, */
	bool was_present;   /* and whether it had something present then */
	bool had_any;	    /* something present or counted, ever */
	bool incomplete;    /* a loss touched it */
	uint32_t charged;   /* for who keeps books of the rows (rows_watch): theirs; 0 at first */
};

/* What all that a row counts have in common; `mixed`: nothing. */
struct common {
	uint32_t value;
	bool known;
	bool mixed;
};

void common_note(struct common *common, uint32_t value);

/* What a view's rows are like; `context` is the view. Each function may be NULL. */
struct rows_config {
	size_t bytes; /* of a row: a multiple of 8 */
	enum grouping by;
	/* Has something to show now; and of all its counters the sum: they only grow. */
	bool (*is_present)(const void *context, const struct row *row);
	uint64_t (*counted)(const struct row *row);
	/* `row` is about to be forgotten: `other` is to keep its counters. NULL: it has none. */
	void (*fold)(void *context, struct row *other, const struct row *row);
	void (*clear)(void *context, struct row *row); /* frees what is the view's own in it */
	void *context;
};

struct rows {
	struct rows_config config;
	struct processes *processes; /* borrowed */
	struct pool pool;
	struct index index;
	struct row **shown; /* of this refresh, in their order */
	size_t shown_count;
	uint64_t seq; /* refreshes so far */
	/* Told of each row that is about to be forgotten; see rows_watch. */
	void (*forgotten)(void *context, struct row *row);
	void *context;
};

void rows_init(struct rows *rows, const struct rows_config *config, struct processes *processes);
void rows_free(struct rows *rows);

/* From now on `forgotten` is told of each row that is folded into that of the others, before it is:
 * its counters are as they were. */
void rows_watch(struct rows *rows, void (*forgotten)(void *context, struct row *row),
		void *context);

/* The process of a row by its number; NULL for 0. */
const struct process *rows_process(const struct rows *rows, uint32_t number);

/* NULL if there is none. Rows do not move until rows_choose. */
struct row *rows_find(const struct rows *rows, uint64_t key);

/* A new row, zeroed but for its group: that of the process `number`. */
struct row *rows_add(struct rows *rows, uint64_t key, uint32_t number);

/* The row is of the process `number` from now on, or of its group. */
void rows_own(struct rows *rows, struct row *row, uint32_t number);

/* The number of a row, for what refers to it until rows_choose; and back. */
uint32_t rows_number(const struct rows *rows, const struct row *row);
struct row *rows_get(const struct rows *rows, uint32_t number);

/* Calls `visit` for each; it must not add any. */
void rows_each(const struct rows *rows, void (*visit)(void *context, struct row *row),
	       void *context);

/* Something was lost, which may have touched any of them. */
void rows_mark_incomplete(struct rows *rows);

/*
 * A refresh: `shown` gets the rows with something present, those that have just lost it, and those
 * that have counted since the refresh before; with `last`, every row that ever had any of it.
 * Forgets the longest idle where there are too many.
 */
void rows_choose(struct rows *rows, bool last);

/* The greater `figure` first, the lower key for equals, so that rows do not jump. */
void rows_sort(struct rows *rows,
	       double (*figure)(const void *view, const struct row *row, const void *of),
	       const void *view, const void *of);

#endif
