/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Members that the rows of several views have: what writes them, for a table. */
#ifndef TCPLINGER_ROW_MEMBERS_H
#define TCPLINGER_ROW_MEMBERS_H

#include "view/rows.h"
#include "view/table.h"

/* `key`: the name of the row's group. `row` begins with a struct row. */
void row_write_key(struct json *json, const struct member *member, const void *view,
		   const void *row);

/* `incomplete`: a loss touched it. Likewise. */
void row_write_incomplete(struct json *json, const struct member *member, const void *view,
			  const void *row);

/* An evidence of ownership, by its name; null where sockets of the row differ in it. */
void row_owner_by(struct json *json, const char *key, const struct common *owner_by);

#endif
