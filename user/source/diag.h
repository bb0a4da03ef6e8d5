/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sockets of a namespace by NETLINK_SOCK_DIAG: no BPF needed. */
#ifndef TCPLINGER_DIAG_H
#define TCPLINGER_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"
#include "record/sink.h"

struct diag_listing {
	const struct tuple_filter *filter;
	struct record_sink sink;
	uint32_t states;     /* bit 1 << state: only sockets in these; 0: all */
	uint32_t unfiltered; /* in these they are told whatever the filter says */
	bool msks;	     /* tell MPTCP sockets that linger, beside their subflows */
};

/*
 * The sockets of the calling thread's namespace, which is `netns`, request sockets included,
 * without a word of the listing. False where the kernel broke off, with errno.
 */
bool diag_list_here(const struct diag_listing *listing, uint32_t netns);

/* Likewise, only its MPTCP sockets that linger. */
bool diag_list_msks_here(const struct diag_listing *listing, uint32_t netns);

#endif
