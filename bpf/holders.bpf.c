// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What exists already, by the descriptors of every process, in all namespaces at once: who holds a
 * socket; and, where that is asked for, the sockets themselves, those that are in no table any more
 * among them.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "process.bpf.h"
#include "row.bpf.h"
#include "waiting.h"
#include "wanted.h"

/* Of a socket that is bound and nothing more, no listing but that of descriptors knows. */
static __always_inline __u16 bound_port(const struct tcp_sock *tp)
{
	bool bound = made_by_bind(tp->inet_conn.icsk_bind_hash);

	return bound ? tp->inet_conn.icsk_inet.sk.__sk_common.skc_num : 0;
}

static __always_inline bool wanted_holder(const struct tcp_sock *tp, __u16 bound_port)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u8 direction = was_accepted(tp) ? DIRECTION_IN : DIRECTION_UNKNOWN;

	return counts_for_range(direction, sk->__sk_common.skc_state, bound_port, list_low,
				list_high);
}

/* Once connected, now gone: reset, timed out, destroyed, or closed by both sides. */
static __always_inline bool is_dead(const struct socket *socket, const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	return sk->__sk_common.skc_state == TCP_CLOSE && !sk->__sk_common.skc_num &&
	       sk->__sk_common.skc_dport && sk->sk_shutdown == SHUTDOWN_MASK &&
	       socket->state == SS_CONNECTED && tp->rcv_tstamp;
}

/* True if the socket is told as well as who holds it, as no filter on addresses narrows that. */
static __always_inline bool is_described(const struct socket *socket, const struct tcp_sock *tp)
{
	int state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;

	return list_described & 1U << state && (state != TCP_CLOSE || is_dead(socket, tp));
}

/*
 * Those in CLOSE_WAIT that wait in a listener's accept queue: the first of them. The queue's lock
 * is not held: what is read of one that has just been accepted may be anything that a socket was.
 */
static __always_inline void list_waiting(struct seq_file *seq, const struct tcp_sock *tp,
					 const struct record_socket *listener)
{
	struct request_sock *request = tp->inet_conn.icsk_accept_queue.rskq_accept_head;
	struct row_waiting row = {
		.listener = listener->cookie,
		.netns = listener->tuple.netns,
	};

	record_begin(&row.header, ROW_WAITING, sizeof(row), listener->header.time_ns);
	for (int i = 0; i < ROW_WAITING_MAX && request; i++) {
		struct sock *child = request->sk;

		if (child && child->__sk_common.skc_state == TCP_CLOSE_WAIT) {
			row.cookie = child->__sk_common.skc_cookie.counter;
			bpf_seq_write(seq, &row, sizeof(row));
		}
		request = request->dl_next;
	}
}

static __always_inline void describe(struct seq_file *seq, struct tcp_sock *tp)
{
	struct inet_sock *inet = &tp->inet_conn.icsk_inet;
	struct record_socket record = {};

	row_begin(&record, &inet->sk.__sk_common, inet->inet_sport);
	row_of(&record, tp);
	bpf_seq_write(seq, &record, sizeof(record));
	if (record.state == TCP_LISTEN && record.recvq)
		list_waiting(seq, tp, &record);
}

/* Its subflows are sockets of the kernel's own, which nobody has a descriptor of. */
static __always_inline void describe_msk(struct seq_file *seq, struct sock *sk, __u64 inode)
{
	struct record_socket record = {};

	row_begin(&record, &sk->__sk_common, bpf_htons(sk->__sk_common.skc_num));
	record.cookie = bpf_get_socket_cookie(sk);
	record.flags = SOCKET_OPAQUE;
	record.inode = inode;
	bpf_seq_write(seq, &record, sizeof(record));
}

/*
 * An MPTCP socket listens by a TCP socket of the kernel's own, which is of no type that the
 * verifier would follow. What waits in its queue the tables tell, which know its cookie as well.
 */
static __always_inline __u64 describe_msk_listener(struct seq_file *seq, struct sock *sk,
						   __u64 inode)
{
	struct mptcp_sock___mptcp *msk = (void *)sk;
	struct record_socket record = {};
	struct row_waiting row = {};
	struct sock *first;

	if (!bpf_core_type_exists(struct mptcp_sock___mptcp) || !settings.probe_reads)
		return 0;
	first = BPF_CORE_READ(msk, first);
	row_begin(&record, &sk->__sk_common, bpf_htons(sk->__sk_common.skc_num));
	record.cookie = BPF_CORE_READ(first, __sk_common.skc_cookie.counter);
	record.recvq = BPF_CORE_READ(first, sk_ack_backlog);
	record.queue_limit = BPF_CORE_READ(first, sk_max_ack_backlog);
	record.syn_queue = SYN_QUEUE_UNKNOWN;
	record.drops = BPF_CORE_READ(first, sk_drops.counter);
	record.flags = SOCKET_MPTCP | SOCKET_OPAQUE | SOCKET_BOUND;
	record.inode = inode;
	if (record.cookie)
		bpf_seq_write(seq, &record, sizeof(record));
	row.netns = record.tuple.netns;
	record_begin(&row.header, ROW_WAITING, sizeof(row), record.header.time_ns);
	if (record.recvq)
		bpf_seq_write(seq, &row, sizeof(row));
	return record.cookie;
}

/* A FIN or a SYN that is not acknowledged yet counts in other states. */
static __always_inline void tell_sending(struct seq_file *seq, const struct record_holder *holder,
					 struct tcp_sock *tp)
{
	struct record_sending record = {.process = holder->process};

	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_state != TCP_ESTABLISHED ||
	    tp->write_seq == tp->snd_una)
		return;
	record_begin(&record.header, RECORD_SENDING, sizeof(record), holder->header.time_ns);
	record.cookie = bpf_get_socket_cookie(tp);
	bpf_seq_write(seq, &record, sizeof(record));
}

/* False if nobody asks for its holder. */
static __always_inline bool hold_tcp(struct record_holder *record, struct bpf_iter__task_file *ctx,
				     struct socket *socket, struct sock *sk)
{
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);

	if (!tp)
		return false;
	if (record->process.pid == list_sender)
		tell_sending(ctx->meta->seq, record, tp);
	if (is_described(socket, tp))
		describe(ctx->meta->seq, tp);
	else if (!listed_state(sk->__sk_common.skc_state))
		return false;
	record->bound_port = bound_port(tp);
	if (settings.outgoing && !wanted_holder(tp, record->bound_port))
		return false;
	record->cookie = cookie_of(sk);
	return true;
}

static __always_inline bool is_asked_for(const struct sock *sk)
{
	return list_described & 1U << sk->__sk_common.skc_state;
}

/* Without a cookie where user space is to find its subflows by inode. */
static __always_inline void hold_msk(struct record_holder *record, struct bpf_iter__task_file *ctx,
				     struct sock *sk)
{
	if (!is_asked_for(sk) || sk->__sk_common.skc_state == TCP_CLOSE)
		return;
	if (sk->__sk_common.skc_state == TCP_LISTEN) {
		record->cookie = describe_msk_listener(ctx->meta->seq, sk, record->inode);
		return;
	}
	describe_msk(ctx->meta->seq, sk, record->inode);
	record->cookie = bpf_get_socket_cookie(sk);
}

static __always_inline bool is_tcp(const struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return (family == AF_INET || family == AF_INET6) &&
	       (sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_MPTCP);
}

SEC("iter/task_file")
int list_holders(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct record_holder record = {};
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = (void *)bpf_sock_from_file((void *)file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !is_tcp(sk))
		return 0;
	record_begin(&record.header, RECORD_HOLDER, sizeof(record), bpf_ktime_get_ns());
	process_of_leader(&record.process, task->group_leader);
	record.fd = ctx->fd;
	record.netns = sk->__sk_common.skc_net.net->ns.inum;
	record.inode = file->f_inode->i_ino;
	if (sk->sk_protocol == IPPROTO_MPTCP)
		hold_msk(&record, ctx, sk);
	else if (!hold_tcp(&record, ctx, socket, sk))
		return 0;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
