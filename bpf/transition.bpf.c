// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Transitions of full sockets, with the process that acted where there surely is one.
 *
 * A tracing program that is interrupted on its CPU by itself is skipped, and softirq interrupts
 * process context all the time: then a whole burst of packets, 64 and more, finds the program busy.
 * So there are two. The first handles every call, and notes those of softirq; the second, which
 * runs after it, takes what is not noted: what the first missed. The interrupt can be in one of the
 * two only, and softirq does not nest. The tracepoint runs with preemption disabled.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "close_wait.bpf.h"
#include "emit.bpf.h"
#include "process.bpf.h"
#include "socket.bpf.h"

#define SHUTDOWN_MASK 3 /* include/net/sock.h */

/* connect() and listen(): the process that calls them owns what comes of it. */
static __always_inline struct owner *owner_create(struct tcp_sock *tp, struct task_struct *task,
						  int state)
{
	struct owner *owner = bpf_sk_storage_get(&owners, (struct sock *)tp, NULL,
						 BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!owner) {
		count(&losses.no_memory);
		return NULL;
	}
	process_of_current(&owner->process, task);
	owner->failed = 0;
	owner->write_seq = tp->write_seq;
	owner->since_ns = bpf_ktime_get_ns();
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

/* connect(), listen() */
static __always_inline bool begins(int old, int new)
{
	return old == TCP_CLOSE && (new == TCP_SYN_SENT || new == TCP_LISTEN);
}

static __always_inline bool is_streamed(int old, int new)
{
	return settings.stream[old & (STREAM_STATES - 1)] & 1U << new;
}

static __always_inline bool is_established(int state)
{
	return settings.established && state == TCP_ESTABLISHED;
}

static __always_inline bool enters_close_wait(int new)
{
	return settings.close_waits && new == TCP_CLOSE_WAIT;
}

/* Most transitions mean nothing to most views: those are left at once. */
static __always_inline bool matters(int old, int new)
{
	return is_streamed(old, new) || is_established(new) || enters_close_wait(new) ||
	       begins(old, new);
}

static __always_inline bool becomes_minisocket(int old, int new)
{
	return new == TCP_CLOSE && (old == TCP_FIN_WAIT2 || old == TCP_CLOSING);
}

/*
 * True for the end of a full socket that a minisocket stands for: that is armed just before, on the
 * same CPU (tcp_time_wait). Where it is not told, user space knows by the minisocket.
 */
static __always_inline bool is_handed_over(const struct sock *sk, int old, int new)
{
	struct last_minisocket *last;

	if (!becomes_minisocket(old, new))
		return false;
	last = last_minisocket_here();
	return last && last->cookie && last->cookie == (__u64)sk->__sk_common.skc_cookie.counter;
}

/*
 * True if no minisocket was made of it. Where nothing tells: it should have become one, and neither
 * side has broken it off.
 */
static __always_inline bool is_refused(const struct sock *sk, int old, int new)
{
	struct last_minisocket *last;
	bool refused;

	if (!becomes_minisocket(old, new))
		return false;
	if (!settings.refusals)
		return !sk->sk_err;
	last = last_minisocket_here();
	refused = last && last->refused == (__u64)sk;
	if (refused)
		last->refused = 0;
	return refused;
}

/*
 * connect() chooses the port while in SYN_SENT: what comes next is let through whatever it is, so
 * that user space can drop a connection that turns out not to be wanted.
 */
static __always_inline bool passes(const struct tuple *tuple, int old)
{
	return filter_tuple(&settings.filter, tuple, tuple->lport && old != TCP_SYN_SENT);
}

/* Of a listener, or accepted from one: its port says nothing of a range. */
static __always_inline bool is_accepted(const struct owner *owner, int old, int new)
{
	return owner && owner->direction == DIRECTION_IN && old != TCP_LISTEN && new != TCP_LISTEN;
}

/*
 * A port given back leaves its number in inet_sport: a socket that connects once more has none yet,
 * and none if it goes back to CLOSE before a SYN was sent (that moves write_seq).
 */
static __always_inline bool has_no_port(struct tcp_sock *tp, const struct owner *owner, int old,
					int new)
{
	struct sock *sk = (struct sock *)tp;

	if (sk->__sk_common.skc_num)
		return false;
	if (new == TCP_SYN_SENT)
		return true;
	return owner && old == TCP_SYN_SENT && new == TCP_CLOSE &&
	       owner->write_seq == tp->write_seq;
}

/*
 * True if connect() goes back to CLOSE because it got no port, or not the one that bind() took.
 * Neither a reset nor a time-out (sk_err), nor close() while a SYN is on its way (that has moved
 * write_seq).
 */
static __always_inline int failure_of(struct tcp_sock *tp, const struct tuple *tuple,
				      const struct owner *owner, int old, int new)
{
	struct sock *sk = (struct sock *)tp;

	if (old != TCP_SYN_SENT || new != TCP_CLOSE || sk->sk_err)
		return FAILURE_NONE;
	if (!tuple->lport)
		return FAILURE_NO_PORT;
	if (sk->__sk_common.skc_num && owner && owner->write_seq == tp->write_seq)
		return FAILURE_IN_USE;
	return FAILURE_NONE;
}

static __always_inline void explain_failure(struct record_transition *record, struct tcp_sock *tp,
					    struct owner *owner)
{
	__u32 range;

	record->failure =
		failure_of(tp, &record->tuple, owner, record->old_state, record->new_state);
	if (owner)
		owner->failed = record->failure != FAILURE_NONE;
	if (record->failure != FAILURE_NO_PORT)
		return;
	range = own_range(tp);
	record->range_low = range & 0xffff;
	record->range_high = range >> 16;
}

static __always_inline void stream(struct tcp_sock *tp, const struct net *net,
				   const struct tuple *tuple, int old, int new, struct owner *owner,
				   struct task_struct *task)
{
	struct record_transition *record = emit_reserve(RECORD_TRANSITION, sizeof(*record));
	struct sock *sk = (struct sock *)tp;

	if (!record)
		return;
	record->cookie = bpf_get_socket_cookie(sk);
	record->tuple = *tuple;
	record->netns_cookie = net->net_cookie;
	record->old_state = old;
	record->new_state = new;
	record->refused = is_refused(sk, old, new);
	record->aborted = sk->sk_err != 0;
	if (owner) {
		record->owner = owner->process;
		record->owner_by = owner->by;
		record->direction = owner->direction;
		if (old == TCP_SYN_SENT || is_established(old))
			record->since_ns = owner->since_ns;
	}
	if (task && current_closes(sk, old, new))
		process_of_current(&record->closer, task);
	if (task)
		explain_failure(record, tp, owner);
	emit_submit(record);
}

/*
 * For each path that reaches the load of a pointer, the verifier searches the kernel's types by
 * name (btf_nested_type_is_trusted), a millisecond or so: such loads come before the paths part,
 * where the compiler would sink them.
 */
#define load_early(pointer)                                                                        \
	({                                                                                         \
		typeof(pointer) loaded = (pointer);                                                \
		barrier_var(loaded);                                                               \
		loaded;                                                                            \
	})

/* `task`: the process whose doing it is; NULL where nobody can tell. */
static __always_inline int transition(struct sock *sk, int old, int new, struct task_struct *task)
{
	const struct net *net = load_early(sk->__sk_common.skc_net.net);
	/* NULL for other protocols, the MPTCP socket among them: its subflows are TCP */
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);
	struct owner *owner = NULL;
	struct tuple tuple = {};

	if (!tp || !in_namespace(net, settings.filter.netns) || is_handed_over(sk, old, new))
		return 0;
	if (task && begins(old, new))
		owner = owner_create(tp, task, new);
	else if (is_streamed(old, new) || is_established(new))
		owner = bpf_sk_storage_get(&owners, sk, NULL, 0);
	if (owner && is_established(new))
		owner->since_ns = bpf_ktime_get_ns();
	if (!is_streamed(old, new) && !enters_close_wait(new))
		return 0;
	if (settings.outgoing && !settings.audit && is_accepted(owner, old, new))
		return 0;
	tuple_of(&tuple, &sk->__sk_common, tp->inet_conn.icsk_inet.inet_sport);
	tuple_namespace(&tuple, net);
	if (has_no_port(tp, owner, old, new))
		tuple.lport = 0;
	if (!passes(&tuple, old))
		return 0;
	if (enters_close_wait(new) && !close_wait_mark(tp, bpf_ktime_get_ns()))
		count(&losses.no_memory);
	if (is_streamed(old, new))
		stream(tp, net, &tuple, old, new, owner, task);
	return 0;
}

static __always_inline struct call *last_call(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&last_softirq_call, &zero);
}

/* The group leader of the task that holds the socket's lock; kernel threads act for nobody. */
static __always_inline struct task_struct *actor(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = load_early(task->group_leader);

	return task->flags & PF_KTHREAD ? NULL : leader;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transitions, struct sock *sk, int old, int new)
{
	struct call *last;

	if (!matters(old, new))
		return 0;
	if (sk->sk_lock.owned)
		return transition(sk, old, new, actor());
	last = last_call();
	if (last)
		*last = (struct call){.sk = (__u64)sk, .old_state = old, .new_state = new};
	return transition(sk, old, new, NULL);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transitions_missed, struct sock *sk, int old, int new)
{
	struct call *last;

	if (sk->sk_lock.owned || !matters(old, new))
		return 0;
	last = last_call();
	if (!last)
		return 0;
	if (last->sk == (__u64)sk && last->old_state == old && last->new_state == new) {
		last->sk = 0;
		return 0;
	}
	return transition(sk, old, new, NULL);
}
