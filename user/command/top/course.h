/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The course of a figure of each row over the last minutes, and how it is drawn in a line. */
#ifndef TCPLINGER_TOP_COURSE_H
#define TCPLINGER_TOP_COURSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/index.h"

#define COURSE_POINTS 60	    /* of each row, */
#define COURSE_NS     3000000000ULL /* one in so long */
#define COURSES_MAX   2000 /* rows that have one; those that come when it is full do without */
#define COURSE_BYTES  (COURSE_POINTS * 3 + 1)

struct course {
	uint64_t key;  /* the item's */
	uint32_t last; /* point that was noted last: what was not noted then is gone */
	float points[COURSE_POINTS];
};

struct courses {
	struct pool pool;
	struct index index;
	uint32_t point; /* counts them; 0: none yet */
	uint64_t point_ns;
};

void courses_init(struct courses *courses);
void courses_free(struct courses *courses);

/* True once in COURSE_NS: then each row is to be noted, and those that are not are forgotten. */
bool courses_begin(struct courses *courses, uint64_t time_ns);
void courses_note(struct courses *courses, uint64_t key, double value);
void courses_end(struct courses *courses);

/*
 * The last `columns` points, the newest to the right, against the greatest of them: blocks, or in
 * ASCII. `text`: COURSE_BYTES. Returns that greatest; 0, and nothing is drawn, where it has no
 * course.
 */
double course_draw(const struct courses *courses, uint64_t key, size_t columns, bool ascii,
		   char *text);

#endif
