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
#include "birth.bpf.h"
#include "emit.bpf.h"
#include "kernel_record.h"
#include "process.bpf.h"
#include "socket.bpf.h"
#include "wanted.h"

/*
 * LISTEN -> SYN_RECV is the first that is heard of a listener's child. It leaves SYN_RECV in the
 * same softirq.
 */
static __always_inline void note_birth(const struct sock *child)
{
	struct last_calls *last = last_calls_here();

	if (!last)
		return;
	last->child = (__u64)child;
	last->listener = parent_of(&child->__sk_common);
}

/* 0 where another child was born meanwhile (TCP Fast Open), or on another CPU. */
static __always_inline __u64 listener_of(const struct sock *child)
{
	struct last_calls *last = last_calls_here();

	if (!last || last->child != (__u64)child)
		return 0;
	last->child = 0;
	return last->listener;
}

/* True if no minisocket was made of it, where that is traced. */
static __always_inline bool is_refused(const struct sock *sk)
{
	struct last_calls *last = last_calls_here();
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

/* A SYN moves write_seq, and snd_nxt with it (tcp_connect); connect(AF_UNSPEC) write_seq alone. */
static __always_inline bool has_sent_syn(const struct tcp_sock *tp)
{
	return tp->packets_out || (tp->write_seq == tp->snd_nxt && tp->write_seq != tp->snd_una);
}

/* user/record/outcome.c tells by it why connect() failed. */
static __always_inline void show_connect(struct record_step *step, struct tcp_sock *tp)
{
	__u32 range = own_range(tp);

	step->range_low = range & 0xffff;
	step->range_high = range >> 16;
	step->unsent = !has_sent_syn(tp);
}

/* The later of two times in jiffies, of which the kernel keeps 32 bits. */
static __always_inline __u32 later(__u32 one, __u32 other)
{
	return (__s32)(one - other) > 0 ? one : other;
}

/* A FIN that came counts as a byte by now; ours is not queued yet. */
static __always_inline void show_carried(struct record_step *step, const struct tcp_sock *tp,
					 int new)
{
	__u32 last = later(tp->lsndtime, tp->inet_conn.icsk_ack.lrcvtime);
	__s32 ticks = (__u32)bpf_jiffies64() - last;

	step->measured = true;
	step->carried.sent_bytes = tp->bytes_acked + (tp->write_seq - tp->snd_una);
	step->carried.received_bytes = tp->bytes_received - (new == TCP_CLOSE_WAIT);
	step->carried.idle_ns = ticks > 0 ? ticks * settings.tick_ns : 0;
}

static __always_inline void show_step(struct record_step *step, struct tcp_sock *tp,
				      const struct net *net, const struct tuple *tuple, int old,
				      int new, __u32 todo)
{
	struct sock *sk = (struct sock *)tp;

	step->cookie = cookie_of(sk);
	step->netns_cookie = net->net_cookie;
	step->tuple = *tuple;
	step->old_state = old;
	step->new_state = new;
	step->error = sk->sk_err;
	step->dead = sk->__sk_common.skc_flags >> SOCK_DEAD & 1;
	step->port_held = sk->__sk_common.skc_num;
	step->accepted = was_accepted(tp);
	if (todo & TODO_LISTENER)
		step->listener = listener_of(sk);
	if (settings.refusals && todo & TODO_MINISOCKET)
		step->refused = is_refused(sk);
	if (todo & TODO_CONNECT)
		show_connect(step, tp);
	if (todo & TODO_CARRIED)
		show_carried(step, tp, new);
}

/* Of the kernel's own doing. Nobody is woken: processes act as often. */
static __always_inline void stream_step(struct tcp_sock *tp, const struct net *net,
					const struct tuple *tuple, int old, int new, __u32 todo,
					__u64 time_ns)
{
	struct record_step *step = emit_reserve(RECORD_STEP, sizeof(*step), time_ns);

	if (!step)
		return;
	show_step(step, tp, net, tuple, old, new, todo);
	emit_submit_quietly(step);
}

static __always_inline void stream_act(struct tcp_sock *tp, const struct net *net,
				       const struct tuple *tuple, int old, int new, __u32 todo,
				       struct task_struct *task, __u64 time_ns)
{
	struct record_act *act = emit_reserve(RECORD_ACT, sizeof(*act), time_ns);

	if (!act)
		return;
	show_step(&act->step, tp, net, tuple, old, new, todo);
	process_of_current(&act->actor, task);
	emit_submit(act);
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
				 __u32 todo, struct task_struct *task)
{
	__u64 time_ns = bpf_ktime_get_ns();
	struct tuple tuple = {};

	tuple_at(&tuple, tp, net, new);
	if (!filter_transition(&settings.filter, &tuple, old, new))
		return;
	if (task && todo & TODO_ACTOR)
		stream_act(tp, net, &tuple, old, new, todo, task, time_ns);
	else
		stream_step(tp, net, &tuple, old, new, todo, time_ns);
}

/* Where only outgoing connections are wanted: who has listened may connect, too. */
static __always_inline bool is_left_out(const struct tcp_sock *tp, int old, int new)
{
	if (!settings.outgoing || settings.audit)
		return false;
	if (old == TCP_CLOSE || old == TCP_SYN_SENT || old == TCP_LISTEN)
		return false;
	return was_accepted(tp);
}

/* `task`: the process whose doing it is; NULL where nobody can tell. */
static __always_inline int transition(struct sock *sk, int old, int new, __u32 todo,
				      struct task_struct *task)
{
	const struct net *net = load_early(sk->__sk_common.skc_net.net);
	/* NULL for other protocols, the MPTCP socket among them: its subflows are TCP */
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);

	if (!tp || !in_namespace(net, settings.filter.netns))
		return 0;
	if (todo & TODO_BIRTH)
		note_birth(sk);
	if (!(todo & TODO_TELL) || is_left_out(tp, old, new))
		return 0;
	if (todo & TODO_MINISOCKET && birth_told(&sk->__sk_common, net))
		return 0;
	tell(tp, net, old, new, todo, task);
	return 0;
}

/* Most transitions mean nothing to most views: those are left at once. */
static __always_inline __u32 todo_at(int from, int to)
{
	return settings.todo[from & (TODO_STATES - 1)][to & (TODO_STATES - 1)];
}

static __always_inline struct call *last_softirq(void)
{
	struct last_calls *last = settings.twice ? last_calls_here() : NULL;

	return last ? &last->softirq : NULL;
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
	last = last_softirq();
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
	last = last_softirq();
	if (!last)
		return 0;
	if (last->sk == (__u64)sk && last->old_state == old && last->new_state == new) {
		last->sk = 0;
		return 0;
	}
	return transition(sk, old, new, todo, NULL);
}
