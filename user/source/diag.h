/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The source that needs no BPF: NETLINK_SOCK_DIAG for sockets, /proc for who holds them. */
#ifndef TCPLINGER_DIAG_H
#define TCPLINGER_DIAG_H

#include <stdbool.h>

#include "filter.h"
#include "source.h"

struct diag_config {
	const struct tuple_filter *filter;
	struct record_sink sink;
	bool holders; /* look into the descriptor tables of all processes that may be looked at */
};

/*
 * Lists every TCP socket of every namespace that can be entered (the caller's own where that is not
 * allowed), request sockets included. False, with the reason, where the kernel has no sock_diag for
 * TCP.
 */
bool diag_list(const struct diag_config *config, struct refusal *refusal);

#endif
