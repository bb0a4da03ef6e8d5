/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The source that needs no BPF: NETLINK_SOCK_DIAG for sockets, /proc for who holds them. */
#ifndef TCPLINGER_DIAG_H
#define TCPLINGER_DIAG_H

#include "source/source.h"

extern const struct source_kind diag_kind;

/* `self` of that kind. Each of its refreshes lists every TCP socket of every namespace that can be
 * entered (the caller's own where that is not allowed), request sockets included. */
void *diag_open(const struct source_config *config);

struct diag_listing {
	const struct tuple_filter *filter;
	struct record_sink sink;
	uint32_t states; /* bit 1 << state: only sockets in these; 0: all */
	bool ports;	 /* tell how each namespace chooses ports, and which bind() took */
	bool msks;	 /* tell MPTCP sockets that linger, beside their subflows */
	size_t *unseen;	 /* receives how many namespaces could not be listed; NULL: not asked for */
};

/*
 * Only the sockets of the calling thread's namespace, which is `netns`, without a word of the
 * listing. False where the kernel broke off.
 */
bool diag_list_here(const struct diag_listing *listing, uint32_t netns);

/* Likewise, only its MPTCP sockets that linger. */
bool diag_list_msks_here(const struct diag_listing *listing, uint32_t netns);

#endif
