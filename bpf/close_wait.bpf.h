/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets in CLOSE_WAIT are marked when they enter it. The mark is not taken off: a socket that
 * leaves CLOSE_WAIT is about to die and takes it along, and who reads marks looks at the state as
 * well.
 */
#ifndef TCPLINGER_CLOSE_WAIT_BPF_H
#define TCPLINGER_CLOSE_WAIT_BPF_H

#include "maps.bpf.h"

/* `since_ns` 0: not known. NULL without memory for it. */
static __always_inline struct close_wait *close_wait_mark(struct tcp_sock *tp, __u64 since_ns)
{
	struct close_wait *mark;

	mark = bpf_sk_storage_get(&close_waits, (struct sock *)tp, NULL,
				  BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!mark)
		return NULL;
	mark->since_ns = since_ns;
	mark->write_seq = tp->write_seq;
	return mark;
}

#endif
