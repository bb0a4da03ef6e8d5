// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who accepted a connection. Until then it is its listener's: of a server that listens before it
 * forks, that is another process.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "emit.bpf.h"
#include "process.bpf.h"
#include "socket.bpf.h"
#include "wanted.h"

static __always_inline int accepted(struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct record_owner *record;
	struct tuple tuple = {};
	struct tcp_sock *tp;

	if (!sk)
		return 0;
	tp = (void *)bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	tuple_of(&tuple, &sk->__sk_common, tp->inet_conn.icsk_inet.inet_sport);
	tuple_namespace(&tuple, sk->__sk_common.skc_net.net);
	if (!filter_socket(&settings.filter, &tuple, sk->__sk_common.skc_state))
		return 0;
	record = emit_reserve(RECORD_OWNER, sizeof(*record), bpf_ktime_get_ns());
	if (!record)
		return 0;
	record->cookie = bpf_get_socket_cookie(sk);
	process_of_current(&record->process, task->group_leader);
	emit_submit(record);
	return 0;
}

/* Since 6.10. */
SEC("fexit/inet_csk_accept")
int BPF_PROG(accepted_by, struct sock *listener, void *argument, struct sock *sk)
{
	return accepted(sk);
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(accepted_by_flags, struct sock *listener, int flags, int *error, bool kern,
	     struct sock *sk)
{
	return accepted(sk);
}
