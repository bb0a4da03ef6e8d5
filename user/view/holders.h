/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds a socket: in which order that is told, and in JSON. */
#ifndef TCPLINGER_VIEW_HOLDERS_H
#define TCPLINGER_VIEW_HOLDERS_H

#include "model/close_wait.h"
#include "view/rows.h"
#include "writer/json.h"

#define HOLDERS_SHOWN 10 /* of a socket, at most */

/*
 * Of the descriptors of a socket HOLDERS_SHOWN at most into `shown`: those of the row's own
 * processes first (of the group of `process`, its number), then by pid. How many.
 */
size_t holders_choose(const struct rows *rows, struct holder_range range, uint32_t process,
		      const struct holder **shown);

/* One of them. */
void holder_write(struct json *json, const struct processes *processes,
		  const struct holder *holder);

/* `holders`, and `holders_total`; or `holders` alone. */
void holders_write(struct json *json, const struct rows *rows, struct holder_range range,
		   uint32_t process);
void holders_list(struct json *json, const struct rows *rows, struct holder_range range,
		  uint32_t process);

#endif
