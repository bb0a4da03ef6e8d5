// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who accepted a connection. It carries its listener's owner (BPF_F_CLONE) until then: of a server
 * that listens before it forks, that is another process.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "process.bpf.h"
#include "socket.bpf.h"

static __always_inline int accepted(struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tcp_sock *tp;
	struct owner *owner;

	if (!sk)
		return 0;
	tp = (void *)bpf_skc_to_tcp_sock(sk);
	if (!tp || !in_namespace(sk->__sk_common.skc_net.net, settings.filter.netns))
		return 0;
	owner = owner_get((struct sock *)tp, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!owner) {
		owner_missed();
		return 0;
	}
	process_of_current(&owner->process, task->group_leader);
	owner->by = OWNER_ACCEPT;
	owner->direction = DIRECTION_IN;
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
