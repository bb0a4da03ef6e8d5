/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets in CLOSE_WAIT: marked when they enter it, unmarked when they leave. */
#ifndef TCPLINGER_CLOSE_WAIT_BPF_H
#define TCPLINGER_CLOSE_WAIT_BPF_H

#include "maps.bpf.h"

static __always_inline void close_wait_mark(struct tcp_sock *tp, __u64 since_ns)
{
	struct close_wait mark = {.since_ns = since_ns, .write_seq = tp->write_seq};

	if (!bpf_sk_storage_get(&close_waits, (struct sock *)tp, &mark,
				BPF_LOCAL_STORAGE_GET_F_CREATE))
		count(&losses.no_memory);
}

/* A socket that ends in another way takes its mark along. */
static __always_inline void close_wait_transition(struct tcp_sock *tp, int old, int new)
{
	if (new == TCP_CLOSE_WAIT)
		close_wait_mark(tp, bpf_ktime_get_ns());
	else if (old == TCP_CLOSE_WAIT)
		bpf_sk_storage_delete(&close_waits, (struct sock *)tp);
}

#endif
