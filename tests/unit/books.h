/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The books of one namespace, what happens to it meanwhile, and what they say in the end. */
#ifndef TCPLINGER_UNIT_BOOKS_H
#define TCPLINGER_UNIT_BOOKS_H

#include "model/audit.h"

#include <errno.h>
#include <stdlib.h>

#include "records.h"
#include "unit.h"

#define BEGIN	(10 * SECOND) /* the kernel's counters are read for a second from here on */
#define RUN	(20 * SECOND)
#define END	(30 * SECOND) /* and from here on */
#define COOKIE	1	      /* of the namespace of tuple_plain() */
#define MINUTE	((int64_t)(60 * SECOND))
#define SHORTLY ((int64_t)(3 * SECOND))

struct books {
	struct tuple_filter filter;
	struct audit audit;
	uint64_t begin[COUNTERS];
	uint64_t end[COUNTERS];
};

int setup(void **state);
int teardown(void **state);
void take_counters(struct books *books, const uint64_t *values, uint64_t time_ns, uint64_t cookie);
void listed(struct books *books);
void begins(struct books *books);
void ends(struct books *books);
struct audit_line settled_after(struct books *books, enum counter counter,
				const struct losses *losses);
struct audit_line settled(struct books *books, enum counter counter);
void moves_at(struct books *books, uint64_t time_ns, unsigned int old_state,
	      unsigned int new_state);
void moves(struct books *books, unsigned int old_state, unsigned int new_state);
void aborts(struct books *books, unsigned int old_state, bool aborted, bool dead);
void is_born_at(struct books *books, uint64_t time_ns, uint64_t cookie, int64_t time_left_ns);
void is_born(struct books *books, uint64_t cookie, int64_t time_left_ns);
void dies(struct books *books, uint64_t cookie, enum end_reason reason);
void check_line(const struct audit_line *line, int64_t kernel, int64_t seen, int64_t unexplained);

#define books_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
