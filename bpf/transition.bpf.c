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
#include "emit.bpf.h"
#include "process.bpf.h"
#include "socket.bpf.h"
#include "wanted.h"

/* connect() and listen(): the process that calls them owns what comes of it. */
static __always_inline struct owner *owner_create(struct tcp_sock *tp, struct task_struct *task,
						  int state, __u64 time_ns)
{
	struct owner *owner = owner_get((struct sock *)tp, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!owner) {
		owner_missed();
		return NULL;
	}
	process_of_current(&owner->process, task);
	owner->failed = 0;
	owner->bound = state == TCP_SYN_SENT && ((struct sock *)tp)->__sk_common.skc_num;
	owner->write_seq = tp->write_seq;
	owner->since_ns = time_ns;
	owner->by = state == TCP_LISTEN ? OWNER_LISTEN : OWNER_CONNECT;
	/* a listener's children carry a copy of its entry (BPF_F_CLONE) */
	owner->direction = state == TCP_LISTEN ? DIRECTION_IN : DIRECTION_OUT;
	return owner;
}

/* NULL where there is none, or none is asked for, or it is to be another from now on. */
static __always_inline struct owner *owner_of(struct tcp_sock *tp, __u32 todo)
{
	if (todo & TODO_OWN || !(todo & (TODO_TELL | TODO_TIME)))
		return NULL;
	return owner_get((struct sock *)tp, 0);
}

/*
 * True for the end of a full socket that a minisocket stands for: that is armed just before, on the
 * same CPU (tcp_time_wait). Where it is not told, user space knows by the minisocket.
 */
static __always_inline bool is_handed_over(const struct sock *sk)
{
	struct last_minisocket *last = last_minisocket_here();

	return last && last->cookie && last->cookie == (__u64)sk->__sk_common.skc_cookie.counter;
}

/* True if no minisocket was made of it, where that is traced. */
static __always_inline bool is_refused(const struct sock *sk)
{
	struct last_minisocket *last = last_minisocket_here();
	bool refused = last && last->refused == (__u64)sk;

	if (refused)
		last->refused = 0;
	return refused;
}

/* A port given back leaves its number in inet_sport: a socket that connects once more has none. */
static __always_inline void tuple_at(struct tuple *tuple, struct tcp_sock *tp,
				     const struct net *net, int new)
{
	struct sock *sk = (struct sock *)tp;

	tuple_of(tuple, &sk->__sk_common, tp->inet_conn.icsk_inet.inet_sport);
	tuple_namespace(tuple, net);
	if (new == TCP_SYN_SENT && !sk->__sk_common.skc_num)
		tuple->lport = 0;
}

/* user/record/outcome.c tells by it why connect() failed. A SYN that is sent moves write_seq. */
static __always_inline void show_connect(struct record_transition *record, struct tcp_sock *tp,
					 struct owner *owner)
{
	struct sock *sk = (struct sock *)tp;
	__u32 range = own_range(tp);

	record->port_held = sk->__sk_common.skc_num;
	record->range_low = range & 0xffff;
	record->range_high = range >> 16;
	if (!owner)
		return;
	record->unsent = tp->write_seq == owner->write_seq;
	owner->failed = record->unsent;
}

static __always_inline void show_owner(struct record_transition *record, const struct owner *owner,
				       __u32 todo)
{
	record->owner = owner->process;
	record->owner_by = owner->by;
	record->direction = owner->direction;
	record->bound = owner->bound;
	if (todo & TODO_SINCE)
		record->since_ns = owner->since_ns;
}

static __always_inline void stream(struct tcp_sock *tp, const struct net *net,
				   const struct tuple *tuple, int old, int new, __u32 todo,
				   struct owner *owner, struct task_struct *task, __u64 time_ns)
{
	struct record_transition *record =
		emit_reserve(RECORD_TRANSITION, sizeof(*record), time_ns);
	struct sock *sk = (struct sock *)tp;

	if (!record)
		return;
	record->cookie = bpf_get_socket_cookie(sk);
	record->tuple = *tuple;
	record->netns_cookie = net->net_cookie;
	record->old_state = old;
	record->new_state = new;
	record->error = sk->sk_err;
	record->dead = sk->__sk_common.skc_flags >> SOCK_DEAD & 1;
	if (settings.refusals && todo & TODO_MINISOCKET)
		record->refused = is_refused(sk);
	if (task && todo & TODO_CLOSER)
		process_of_current(&record->closer, task);
	if (task && todo & TODO_CONNECT)
		show_connect(record, tp, owner);
	if (owner)
		show_owner(record, owner, todo);
	else if (is_copy_of_listener(sk))
		record->direction = DIRECTION_IN;
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

static __always_inline void tell(struct tcp_sock *tp, const struct net *net, int old, int new,
				 __u32 todo, struct owner *owner, struct task_struct *task,
				 __u64 time_ns)
{
	struct tuple tuple = {};

	tuple_at(&tuple, tp, net, new);
	if (!filter_transition(&settings.filter, &tuple, old, new))
		return;
	stream(tp, net, &tuple, old, new, todo, owner, task, time_ns);
}

/* `task`: the process whose doing it is; NULL where nobody can tell. */
static __always_inline int transition(struct sock *sk, int old, int new, __u32 todo,
				      struct task_struct *task)
{
	const struct net *net = load_early(sk->__sk_common.skc_net.net);
	/* NULL for other protocols, the MPTCP socket among them: its subflows are TCP */
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);
	struct owner *owner;
	__u64 time_ns;

	if (!tp || !in_namespace(net, settings.filter.netns))
		return 0;
	if (todo & TODO_MINISOCKET && is_handed_over(sk))
		return 0;
	owner = owner_of(tp, todo);
	if (settings.outgoing && !settings.audit && owner &&
	    is_accepted(owner->direction, old, new))
		return 0;
	time_ns = bpf_ktime_get_ns();
	if (todo & TODO_OWN && task)
		owner = owner_create(tp, task, new, time_ns);
	if (todo & TODO_TELL)
		tell(tp, net, old, new, todo, owner, task, time_ns);
	if (owner && todo & TODO_TIME) /* only now: when the old state was entered is told */
		owner->since_ns = time_ns;
	return 0;
}

/* Most transitions mean nothing to most views: those are left at once. */
static __always_inline __u32 todo_at(int from, int to)
{
	return settings.todo[from & (TODO_STATES - 1)][to & (TODO_STATES - 1)];
}

static __always_inline struct call *last_call(void)
{
	__u32 zero = 0;

	return settings.twice ? bpf_map_lookup_elem(&last_softirq, &zero) : NULL;
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
	__u32 todo = todo_at(old, new);
	struct call *last;

	if (!todo)
		return 0;
	if (sk->sk_lock.owned)
		return transition(sk, old, new, todo, actor());
	last = last_call();
	if (last)
		*last = (struct call){.sk = (__u64)sk, .old_state = old, .new_state = new};
	return transition(sk, old, new, todo, NULL);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transitions_missed, struct sock *sk, int old, int new)
{
	__u32 todo = todo_at(old, new);
	struct call *last;

	if (!todo || sk->sk_lock.owned)
		return 0;
	last = last_call();
	if (!last)
		return 0;
	if (last->sk == (__u64)sk && last->old_state == old && last->new_state == new) {
		last->sk = 0;
		return 0;
	}
	return transition(sk, old, new, todo, NULL);
}
