/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables under the plots. Where there is little room, a line of it is a card. */
#ifndef TCPLINGER_HTML_TABLE_H
#define TCPLINGER_HTML_TABLE_H

#include "writer/output.h"

struct html_table {
	struct output *output;
	const char *const *titles; /* hostile */
	size_t count;
	size_t column; /* of the next cell */
};

/* Up to its first line. `kind`: its class; "points" for one of many lines, which scrolls. */
void table_begin(struct html_table *table, const char *kind, const char *caption);
void table_end(struct html_table *table);

/* A line, from its first cell on, which says what it is of. Markup may stand before the text. */
void table_row(struct html_table *table);
void table_name(struct html_table *table, const char *text);
void table_row_end(struct html_table *table);

/* A text, hostile; a number and what stands behind it; a time of day, nanoseconds since the epoch.
 */
void table_text(struct html_table *table, const char *text);
void table_number(struct html_table *table, double number, const char *unit);
void table_time(struct html_table *table, uint64_t time);

#endif
