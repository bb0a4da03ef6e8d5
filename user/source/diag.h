/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The source that needs no BPF: NETLINK_SOCK_DIAG for sockets, /proc for who holds them. */
#ifndef TCPLINGER_DIAG_H
#define TCPLINGER_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "source/proc/descriptors.h"
#include "source/source.h"

struct diag_config {
	const struct tuple_filter *filter;
	struct record_sink sink;
	uint32_t states; /* bit 1 << state: only sockets in these; 0: all */
	bool ports;	 /* tell how each namespace chooses ports, and which bind() took */
	/*
	 * Asked after the last socket: are their holders wanted, from the descriptor tables of all
	 * processes that may be looked at? NULL: no.
	 */
	bool (*need_holders)(void *context);
	void *context;
	size_t *unseen; /* receives how many namespaces could not be listed; NULL: not asked for */
};

/*
 * Lists every TCP socket of every namespace that can be entered (the caller's own where that is not
 * allowed), request sockets included. False, with the reason, where the kernel has no sock_diag for
 * TCP.
 */
bool diag_list(const struct diag_config *config, struct refusal *refusal);

/*
 * Only the sockets of the calling thread's namespace, which is `netns`, without a word of the
 * listing. The inodes of those that have one are added to `inodes`. False where the kernel broke
 * off.
 */
bool diag_list_here(const struct diag_config *config, uint32_t netns, struct inodes *inodes);

#endif
