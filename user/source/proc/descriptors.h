/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds a socket, from the descriptor tables under /proc: the way without BPF. */
#ifndef TCPLINGER_DESCRIPTORS_H
#define TCPLINGER_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

#include "source/source.h"

/* The sockets that are looked for: their inodes, with their cookies. */
struct inode_cookie {
	uint64_t inode;
	uint64_t cookie;
};

struct inodes {
	struct inode_cookie *items;
	size_t count;
	size_t capacity;
};

void inodes_add(struct inodes *inodes, uint64_t inode, uint64_t cookie);
void inodes_sort(struct inodes *inodes);
void inodes_free(struct inodes *inodes);

/* The first of those with this inode, or NULL; sorted ones only. The others follow it. */
const struct inode_cookie *inodes_find(const struct inodes *inodes, uint64_t inode);

/* How many descriptors the process has whose directory it is; FACTS_UNKNOWN if that is not told. */
uint64_t descriptors_count(int process);

/*
 * Sends a RECORD_HOLDER for each descriptor of one of these sockets, with a RECORD_PROCESS before
 * the first of a process. Sorts `inodes`. Processes that may not be looked at are passed over.
 */
void descriptors_list(struct inodes *inodes, const struct record_sink *sink);

#endif
