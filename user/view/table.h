/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one kind of row is made of: all its members, in the order of the JSON. A figure is said here
 * once: JSON, --sort, columns, help, and when a row is printed come from it.
 */
#ifndef TCPLINGER_TABLE_H
#define TCPLINGER_TABLE_H

#include <stddef.h>

#include "base/histogram.h"
#include "view/objects.h"
#include "view/rows.h"

enum figure_kind {
	FIGURE_NONE,	/* no figure: written by hand */
	FIGURE_GAUGE,	/* as of the refresh */
	FIGURE_COUNTER, /* since the start: it only grows */
};

enum unit {
	UNIT_COUNT,
	UNIT_BYTES,
	UNIT_SECONDS, /* kept in nanoseconds */
	UNIT_PER_S,
};

/* What a figure is now; `known` false: null. */
struct value {
	bool known;
	bool is_real;
	uint64_t number;
	double real;
};

static inline struct value value_number(bool known, uint64_t number)
{
	return (struct value){.known = known, .number = number};
}

static inline struct value value_real(bool known, double real)
{
	return (struct value){.known = known, .is_real = true, .real = real};
}

/* Several figures under one key, an object in the JSON: those from `first` on, below `end`. */
struct dimension {
	const char *(*name)(unsigned int i);
	unsigned int first, end;
};

struct member {
	const char *key; /* of the JSON, and of --sort; NULL: it writes several */
	/* By hand: what no figure is. */
	void (*write)(struct json *json, const struct member *member, const void *view,
		      const void *row);
	enum figure_kind kind;
	enum unit unit;
	bool present; /* a row is printed while this is not zero */
	/* Where a number of `bytes` (4 or 8; 0: it is found by `value`) stands in the row. */
	size_t offset;
	size_t bytes;
	struct value (*value)(const void *view, const void *row);
	const struct dimension *dimension; /* NULL: one figure */
	/* Of a histogram, at `offset`: its buckets. NULL: none. */
	void (*scale)(struct histogram_scale *scale, const void *view, const void *row);
	const char *title; /* of a column; NULL: it has none */
	const char *help;
};

struct table {
	const char *type; /* of its JSON objects */
	const struct member *members;
	size_t count;
};

/* A figure that stands in the row as it is. */
#define MEMBER_AT(structure, field)                                                                \
	.offset = offsetof(structure, field), .bytes = sizeof(((structure *)0)->field)

struct value member_value(const struct member *member, const void *view, const void *row);

/* As a number to compare; what is not known is less than anything. */
double member_order(const struct member *member, const void *view, const void *row);

/* True for what --sort takes: a figure that is one number. */
bool member_sorts(const struct member *member);

/* Into an object that is open. */
void member_write(struct json *json, const struct member *member, const void *view,
		  const void *row);

/* NULL: the table has no such figure. */
const struct member *table_find(const struct table *table, const char *key);

/* True if a row has something to show now. */
bool table_is_present(const struct table *table, const void *view, const void *row);

/* Of all counters the sum: a row is printed when it has changed. */
uint64_t table_counted(const struct table *table, const void *row);

/* The members of a row, in an object that is open. */
void table_write(const struct table *table, struct json *json, const void *view, const void *row);

/* A whole line: `type`, `time`, `seq`, then the members. */
void table_show_row(const struct table *table, struct output *output, const void *view,
		    const struct row *row, uint64_t time_ns, uint64_t seq,
		    const struct clock_offsets *clocks);

/* The chosen rows, `limit` at most (0: all); how many. */
size_t table_show_rows(const struct table *table, struct output *output, const void *view,
		       const struct rows *rows, uint64_t time_ns, size_t limit,
		       const struct clock_offsets *clocks);

/* By a figure, the greatest first. */
void table_sort(const struct table *table, struct rows *rows, const void *view, const char *key);

#endif
