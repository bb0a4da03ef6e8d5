/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What ports.c and port_failures.c share. */
#ifndef TCPLINGER_PORTS_INTERNAL_H
#define TCPLINGER_PORTS_INTERNAL_H

#include "view/ports/ports.h"

/* A remote end as seen from a local address: each has a supply of its own. */
struct tuple ports_place(const struct tuple *tuple);
uint64_t ports_key(uint64_t group, const struct tuple *place);

/* The row of a place, or of a connection's, made if there is none. */
struct port_row *ports_row_of(struct ports *view, const struct tuple *place);
struct port_row *ports_row(struct ports *view, const struct connection *connection);
/* Makes rows for ranges of which bind() has taken half or more, which stay until it has none. */
void ports_note_ranges(struct ports *view);

bool ports_asked_for(const struct ports *view, const struct connection *connection);

void port_failures_init(struct ports *view);
void port_failures_free(struct ports *view);

/* The stacks of failures; NULL: nobody asked. */
const struct stack_tally *port_failures_stacks(const struct ports *view);
void port_failures_fold(void *self, struct output *output);

/* A transition, or a failure that none tells, that says why there was no port. */
void port_failures_note(struct ports *view, const struct transition *transition);

/* "27960 TIME_WAIT of php-fpm[812], ..": who holds the ports, the greatest first. */
void ports_say_owners(struct sentence *sentence, const struct ports *ports,
		      const struct census *census);

/* Of the sheet of failures: what was asked for, and below it why it was not to be had. */
void ports_failure_header(struct output *output, const struct text_style *style);
void ports_failure_line(const void *view, struct output *output, const struct row *row,
			const struct text_style *style);
void ports_failure_more(const void *view, struct output *output, const struct row *row,
			const struct text_style *style);

/* What holds the port that a failed connect() or bind() asked for by number. */
struct in_the_way ports_find_in_the_way(struct ports *view, const struct port_failure *failure);

/* Finds the causes of those since the last refresh, and chooses what to show. */
void port_failures_refresh(struct ports *view, bool last);

#endif
