/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which sockets the epoll sets of a process watch, as of the last time that they were read. */
#ifndef TCPLINGER_WATCHES_H
#define TCPLINGER_WATCHES_H

#include <stdint.h>

#include "record.h"

enum epoll_watched {
	WATCHED_UNKNOWN, /* nobody asked, it has no epoll set, or they were not all read */
	WATCHED_NO,	 /* it is in none of them */
	WATCHED_IN,	 /* for reading */
	WATCHED_OTHER,	 /* not for reading, or a one-shot that is spent */
};

struct watches;

/* Made by the record that begins an answer; what has no beginning is passed over. */
void watches_apply(struct watches **watches, const struct record_watched *record);
void watches_free(struct watches *watches);

/*
 * `watches`: NULL where nobody asked. A socket that is there since `since_ns` may be missing in
 * sets that were read before: that is unknown.
 */
enum epoll_watched watches_find(const struct watches *watches, uint64_t inode, uint64_t since_ns);

#endif
