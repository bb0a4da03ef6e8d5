/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows as they were at a refresh, made into text, so that they can be scrolled, sorted, opened and
 * kept while the stream goes on.
 */
#ifndef TCPLINGER_TOP_LIST_H
#define TCPLINGER_TOP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIST_MAX     1000 /* rows of a tab; the rest is counted */
#define ITEM_FIGURES 24	  /* that it can be sorted by */

struct item {
	uint64_t key;  /* 0: a heading, which cannot be chosen */
	size_t part;   /* which kind of row: its sheet */
	size_t line;   /* places in the text of the list: the row, */
	size_t more;   /* what there is to say of it, in lines, */
	size_t object; /* and its JSON */
	double figures[ITEM_FIGURES];
};

struct list {
	struct item *items;
	size_t count, capacity;
	char *text;
	size_t used, size;
	size_t omitted;	 /* rows that there are, and are not here */
	uint64_t chosen; /* key of the row under the cursor; 0: none */
	size_t at;	 /* its place, */
	size_t top;	 /* and that of the first one on the screen */
};

void list_free(struct list *list);

/* Forgets the rows, not which one was chosen. */
void list_clear(struct list *list);

/* A new item, zeroed but for the key; valid until the next. */
struct item *list_add(struct list *list, uint64_t key, size_t part);

/* Keeps `length` bytes and ends them with a NUL: the place. */
size_t list_keep(struct list *list, const char *text, size_t length);
const char *list_text(const struct list *list, size_t place);

/* When all are there: finds the chosen one again, in the place of the screen where it was. */
void list_settle(struct list *list);

/* The one under the cursor; NULL: none. */
const struct item *list_chosen(const struct list *list);

/* Moves the cursor by so many rows; headings are passed over. */
void list_move(struct list *list, long rows);

/* To the row at a place, or the next one below that can be chosen. */
void list_go(struct list *list, size_t at);

/* So that the chosen one is among `lines` on the screen. */
void list_show(struct list *list, size_t lines);

/* To the next row, round the end, whose text has `words` in it, small letters as great ones. False:
 * none. */
bool list_search(struct list *list, const char *words);

/* The rows of one part by a figure, the greatest first, or the least. */
void list_sort(struct list *list, size_t part, size_t figure, bool reverse);

#endif
