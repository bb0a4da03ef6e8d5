/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Columns of a text table: a figure and a width, and a cell of its own where that is not enough. */
#ifndef TCPLINGER_COLUMN_H
#define TCPLINGER_COLUMN_H

#include "view/table.h"

#define CELL 32 /* bytes, of a cell's text */

struct column {
	const char *figure; /* by its key; NULL: none, the cell says it all */
	int width;
	/* Writes CELL bytes at most, ASCII. NULL: the figure as it is, "-" if it is not known. */
	void (*cell)(char *text, const void *view, const void *row);
	const char *title; /* NULL: the figure's */
	bool wide;	   /* a narrow screen does without it */
};

struct columns {
	const struct table *table;
	const struct column *items;
	size_t count;
};

/* Each behind a blank, to the right. */
void columns_header(const struct columns *columns, struct output *output, bool narrow);
void columns_row(const struct columns *columns, struct output *output, bool narrow,
		 const void *view, const void *row);

#endif
