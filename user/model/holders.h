/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Descriptors of sockets, as a listing showed them. */
#ifndef TCPLINGER_HOLDERS_H
#define TCPLINGER_HOLDERS_H

#include "model/process.h"

/* A descriptor of a socket in CLOSE_WAIT, of one that is dead, or of a listener. */
struct holder {
	uint64_t cookie;
	uint32_t process; /* number in `processes`, referred to */
	uint32_t fd;
};

/* A run of them. */
struct holder_range {
	const struct holder *first;
	size_t count;
};

struct holders {
	struct holder *items;
	size_t count;
	size_t capacity;
};

void holders_add(struct holders *holders, struct processes *processes,
		 const struct record_holder *record);

/* By cookie, then who began first, then by descriptor: before any is looked for. */
void holders_sort(struct holders *holders, struct processes *processes);

/* Those of the socket that the one at a place, which must exist, is of, from there on. */
struct holder_range holders_run(const struct holders *holders, size_t at);

/* Those of a socket; sorted ones only. Valid until `holders` changes. */
struct holder_range holders_find(const struct holders *holders, uint64_t cookie);

/* Adds those of `before` whose sockets have none here, and sorts; both are sorted. */
void holders_keep(struct holders *holders, const struct holders *before,
		  struct processes *processes);

/* Lets their processes go, and keeps the room; and gives that back, too. */
void holders_clear(struct holders *holders, struct processes *processes);
void holders_free(struct holders *holders);

#endif
