/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end that a row is by: the destination of connections that were made, or the service that
 * accepted them. */
#ifndef TCPLINGER_PLACE_H
#define TCPLINGER_PLACE_H

#include "view/objects.h"
#include "view/rows.h"
#include "view/text.h"

/* Of an incoming connection its local end, else its remote one: the other end's port is no part of
 * a key, nor is the family. */
struct tuple place_of(const struct tuple *tuple, unsigned int direction);

/* A row's key: of two among 100,000 rows, no two are alike. */
uint64_t place_key(uint64_t group, const struct tuple *place);

/* `netns` to `rport` of a row; all null of the row that holds several places. */
void place_write(struct json *json, const struct row *row, const struct tuple *place,
		 unsigned int direction, const struct common *family);

/* "to 10.0.0.2:80", "at 10.0.0.1:443". */
void text_place(struct output *output, const struct row *row, const struct tuple *place,
		unsigned int direction, size_t columns, const struct text_style *style);

/* The same in a sentence: "made to 10.0.0.2:80", "accepted at 10.0.0.1:443". */
void say_place(struct sentence *sentence, const struct tuple *place, unsigned int direction);

#endif
