// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Transitions of full sockets, with the process that acted where there surely is one.
 *
 * A tracing program that is interrupted on its CPU by itself is skipped, and softirq interrupts
 * process context all the time. So there are two programs on inet_sock_set_state: one for sockets
 * whose lock a process holds, one for softirq; each leaves the other's calls at once, and neither
 * can interrupt itself but for the few instructions of that test. What those lose, the kernel
 * counts for the softirq program (recursion_misses). The tracepoint itself runs with preemption
 * disabled.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "emit.bpf.h"
#include "process.bpf.h"
#include "socket.bpf.h"

#define SHUTDOWN_MASK 3 /* include/net/sock.h */

/* connect() and listen(): the process that calls them owns what comes of it. */
static __always_inline struct owner *owner_create(struct sock *sk, struct task_struct *task,
						  int state)
{
	struct owner *owner = bpf_sk_storage_get(&owners, sk, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!owner) {
		count(&losses.no_memory);
		return NULL;
	}
	process_of_current(&owner->process, task);
	owner->by = state == TCP_LISTEN ? OWNER_LISTEN : OWNER_CONNECT;
	/* a listener's children carry a copy of its entry (BPF_F_CLONE) */
	owner->direction = state == TCP_LISTEN ? DIRECTION_IN : DIRECTION_OUT;
	return owner;
}

/*
 * True where `current` sent our FIN, or the RST that close() with unread data or SO_LINGER 0 sends
 * instead. The peer's RST may be handled in process context as well (backlog), as is `ss -K`: both
 * set sk_err before the state changes (tcp_reset, tcp_abort).
 */
static __always_inline bool current_closes(const struct sock *sk, int old, int new)
{
	if (new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK)
		return true;
	return new == TCP_CLOSE && !sk->sk_err &&
	       (old == TCP_ESTABLISHED || old == TCP_CLOSE_WAIT || old == TCP_SYN_RECV);
}

static __always_inline int transition(struct sock *sk, int old, int new, struct task_struct *task)
{
	/* NULL for other protocols, the MPTCP socket among them: its subflows are TCP */
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);
	struct record_transition *record;
	struct tuple tuple = {};
	struct owner *owner;

	if (!tp)
		return 0;
	if (task && old == TCP_CLOSE && (new == TCP_SYN_SENT || new == TCP_LISTEN))
		owner = owner_create(sk, task, new);
	else
		owner = bpf_sk_storage_get(&owners, sk, NULL, 0);

	tuple_of(&tuple, &sk->__sk_common, tp->inet_conn.icsk_inet.inet_sport);
	tuple_namespace(&tuple, sk->__sk_common.skc_net.net);
	/*
	 * connect() chooses the port while in SYN_SENT: what comes next is let through whatever it
	 * is, so that user space can drop a connection that turns out not to be wanted.
	 */
	if (!filter_tuple(&settings.filter, &tuple, tuple.lport && old != TCP_SYN_SENT))
		return 0;

	record = emit_reserve(RECORD_TRANSITION, sizeof(*record));
	if (!record)
		return 0;
	record->cookie = bpf_get_socket_cookie(sk);
	record->tuple = tuple;
	record->old_state = old;
	record->new_state = new;
	if (owner) {
		record->owner = owner->process;
		record->owner_by = owner->by;
		record->direction = owner->direction;
	}
	if (task && current_closes(sk, old, new))
		process_of_current(&record->closer, task);
	emit_submit(record);
	return 0;
}

/* The clone of a listener has no addresses yet: its life begins at SYN_RECV -> ESTABLISHED. */
static __always_inline bool is_clone(int old, int new)
{
	return old == TCP_LISTEN && new == TCP_SYN_RECV;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transition_process, struct sock *sk, int old, int new)
{
	struct task_struct *task;

	if (!sk->sk_lock.owned || is_clone(old, new))
		return 0;
	task = bpf_get_current_task_btf();
	return transition(sk, old, new, task->flags & PF_KTHREAD ? NULL : task);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transition_softirq, struct sock *sk, int old, int new)
{
	if (sk->sk_lock.owned || is_clone(old, new))
		return 0;
	return transition(sk, old, new, NULL);
}
