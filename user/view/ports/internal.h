/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What ports.c and port_failures.c share. */
#ifndef TCPLINGER_PORTS_INTERNAL_H
#define TCPLINGER_PORTS_INTERNAL_H

#include "view/ports/ports.h"

/* A remote end as seen from a local address: each has a supply of its own. */
struct tuple ports_place(const struct tuple *tuple);
uint64_t ports_key(uint64_t group, const struct tuple *place);

/* The row of its destination, made if there is none. */
struct port_row *ports_row(struct ports *view, const struct connection *connection);
bool ports_asked_for(const struct ports *view, const struct connection *connection);

void port_failures_init(struct ports *view);
void port_failures_free(struct ports *view);

/* A transition, or a failure that none tells, that says why there was no port. */
void port_failures_note(struct ports *view, const struct transition *transition);

/* Finds the causes of those since the last refresh, and chooses what to show. */
void port_failures_refresh(struct ports *view, bool last);

#endif
