/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What figures were over time, by name: one value of each at each refresh, in bounded memory. When
 * it is full, two points become one, so that all of the time stays, less finely.
 */
#ifndef TCPLINGER_HISTORY_H
#define TCPLINGER_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define HISTORY_POINTS 240
#define HISTORY_SERIES 256 /* beyond it, figures are counted under their group's name, */
#define HISTORY_GROUPS 64  /* beyond so many groups, under HISTORY_OTHERS */
#define HISTORY_OTHERS "others"

/* What becomes of two values that share a point. */
enum history_kind {
	HISTORY_GAUGE, /* the greater one stays */
	HISTORY_COUNT, /* the sum does */
};

struct history_series {
	char *name;
	char *group;
	uint64_t hash; /* of the name */
	double now;    /* of the refresh that is being told */
	double values[HISTORY_POINTS];
};

struct history {
	enum history_kind kind;
	struct history_series total; /* of all, at each refresh */
	struct history_series *series[HISTORY_SERIES + HISTORY_GROUPS + 1];
	size_t count;
	size_t groups;			   /* of these, those that stand for a group */
	uint64_t times_ns[HISTORY_POINTS]; /* of the last refresh of each point */
	size_t points;
	uint32_t stride; /* refreshes in a point, */
	uint32_t filled; /* and in the last one so far */
};

void history_init(struct history *history, enum history_kind kind);
void history_free(struct history *history);

/* Adds to the figure of that name; what has no name of its own is told by its group's. */
void history_add(struct history *history, const char *name, const char *group, double value);

/* The refresh is over: figures that were not named are 0. */
void history_refresh(struct history *history, uint64_t time_ns);

/* The values of the figure of that name, one for each point; NULL: there is none. */
const double *history_values(const struct history *history, const char *name);

/* One of the lines that a history is shown by. */
struct history_line {
	const char *name; /* the history's */
	size_t figures;	  /* that it is the sum of */
	double values[HISTORY_POINTS];
	double greatest;
};

/* The figures that were greatest, at most `most`, the greatest first. */
struct history_lines {
	struct history_line *items;
	size_t count;
};

/*
 * Where there are more than `most`, those of a group are one line, and those that are still too
 * many are one of the name HISTORY_OTHERS, the last. Of figures that were never more than 0 there
 * is none. To be freed, before the history is.
 */
struct history_lines history_lines(const struct history *history, size_t most);
void history_lines_free(struct history_lines *lines);

/* The greatest that all were together, and when; 0: never more than 0. */
double history_greatest(const struct history *history, uint64_t *time_ns);

#endif
