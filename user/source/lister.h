/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The source that only lists: NETLINK_SOCK_DIAG for sockets, /proc for who holds them. */
#ifndef TCPLINGER_LISTER_H
#define TCPLINGER_LISTER_H

#include "source/source.h"

extern const struct source_kind lister_kind;

/* `self` of that kind. Each of its refreshes lists every TCP socket of every namespace that can be
 * entered (the caller's own where that is not allowed). */
void *lister_open(const struct source_config *config);

#endif
