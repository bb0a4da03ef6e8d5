/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds a socket, from the descriptor tables under /proc: the way without BPF. */
#ifndef TCPLINGER_DESCRIPTORS_H
#define TCPLINGER_DESCRIPTORS_H

#include <stdint.h>

#include "base/pairs.h"
#include "source/source.h"

/* How many descriptors the process has whose directory it is; FACTS_UNKNOWN if that is not told. */
uint64_t descriptors_count(int process);

/*
 * Sends a RECORD_HOLDER for each descriptor of one of these sockets, cookies by inode, with a
 * RECORD_PROCESS before the first of a process. Sorts `inodes`. Processes that may not be looked at
 * are passed over.
 */
void descriptors_list(struct pairs *inodes, const struct record_sink *sink);

#endif
