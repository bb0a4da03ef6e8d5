/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What list_holders tells the live source alone, which makes it a part of other records. */
#ifndef TCPLINGER_WAITING_H
#define TCPLINGER_WAITING_H

#include "record.h"

#define ROW_WAITING 0x8000 /* no record_type */

/*
 * So many of a queue are told; of more the rest is charged to the longest queue that they may be
 * in. The verifier goes through the walk step by step, and takes memory for each.
 */
#define ROW_WAITING_MAX 384

/* A socket in CLOSE_WAIT that nobody has accepted, and the listener whose queue it is in. */
struct row_waiting {
	struct record_header header;
	__u64 cookie; /* 0: it has none yet, or is not told: but there is one */
	__u64 listener;
	__u32 netns; /* inode number */
	__u32 reserved;
};

_Static_assert(sizeof(struct row_waiting) == 40, "row_waiting");

#endif
