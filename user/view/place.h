/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A place: a destination, of connections that were made, or a service, of those that were accepted.
 * Of an unknown direction it is a destination.
 */
#ifndef TCPLINGER_PLACE_H
#define TCPLINGER_PLACE_H

#include <stdint.h>

#include "record.h"

/* The end that it is by: a destination without lport, a service without remote end; no family. */
struct tuple place_of(const struct tuple *tuple, unsigned int direction);

/* A number for the place within a `group`: of 100,000, no two are alike. Neither 0 nor ROWS_OTHER.
 */
uint64_t place_key(uint64_t group, const struct tuple *place);

#endif
