/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a listing tells of a full socket, however it was come by. */
#ifndef TCPLINGER_ROW_BPF_H
#define TCPLINGER_ROW_BPF_H

#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>
#include "emit.bpf.h"
#include "socket.bpf.h"

/* The inode of the descriptor that a process holds: for a subflow, that of its MPTCP socket. */
static __always_inline __u64 inode_of(const struct sock *sk)
{
	const struct socket *socket = sk->sk_socket;
	const struct file *file;

	if (!socket)
		return 0;
	file = socket->file;
	return file ? file->f_inode->i_ino : 0;
}

static __always_inline __u64 inode_of_msk(struct tcp_sock *tp)
{
	struct mptcp_subflow_context___mptcp *subflow = tp->inet_conn.icsk_ulp_data;
	struct socket *socket;

	if (!subflow || !settings.probe_reads)
		return 0;
	socket = BPF_CORE_READ(subflow, conn, sk_socket);
	return socket ? BPF_CORE_READ(socket, file, f_inode, i_ino) : 0;
}

static __always_inline bool is_subflow(struct tcp_sock *tp)
{
	struct tcp_sock___mptcp *mptcp = (void *)tp;

	return bpf_core_field_exists(mptcp->is_mptcp) && mptcp->is_mptcp;
}

/* A sockmap's psock hangs on sk_user_data, by a flag in its low bits (include/linux/skmsg.h). */
static __always_inline bool has_psock(const struct sock *sk)
{
	return (__u64)sk->sk_user_data & SK_USER_DATA_PSOCK;
}

static __always_inline bool listed_state(int state)
{
	return list_states & 1U << state;
}

static __always_inline void row_begin(struct record_socket *record, const struct sock_common *skc,
				      __be16 sport)
{
	tuple_of(&record->tuple, skc, sport);
	tuple_namespace(&record->tuple, skc->skc_net.net);
	record->netns_cookie = skc->skc_net.net->net_cookie;
	record_begin(&record->header, RECORD_SOCKET, sizeof(*record), bpf_ktime_get_ns());
	record->state = skc->skc_state;
}

/* Our FIN is queued or sent. */
static __always_inline bool waits_for_peer(int state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING ||
	       state == TCP_LAST_ACK;
}

/* A window may be smaller than any packet, and not 0: that is probed as well. */
static __always_inline bool takes_no_more(const struct tcp_sock *tp)
{
	return (!tp->snd_wnd && tp->write_seq != tp->snd_una) ||
	       tp->inet_conn.icsk_pending == ICSK_TIME_PROBE0;
}

static __always_inline __u16 flags_of(struct tcp_sock *tp)
{
	struct sock *sk = (struct sock *)tp;
	__u16 flags = 0;

	if (is_subflow(tp))
		flags |= SOCKET_MPTCP | SOCKET_OPAQUE;
	else if (tp->inet_conn.icsk_ulp_ops || has_psock(sk))
		flags |= SOCKET_OPAQUE;
	if (!sk->sk_socket)
		flags |= SOCKET_UNACCEPTED;
	if (tp->write_seq != tp->snd_una)
		flags |= SOCKET_SENDING;
	if (tp->data_segs_out)
		flags |= SOCKET_SENT;
	if (tp->bytes_received > tp->rcv_nxt - tp->copied_seq)
		flags |= SOCKET_READ;
	if (made_by_bind(tp->inet_conn.icsk_bind_hash))
		flags |= SOCKET_BOUND;
	if (waits_for_peer(sk->__sk_common.skc_state) && sk->__sk_common.skc_flags >> SOCK_DEAD & 1)
		flags |= SOCKET_ORPHAN;
	if (takes_no_more(tp))
		flags |= SOCKET_ZERO_WINDOW;
	return flags;
}

/*
 * When jiffies were 0, within a tick. What was found first is kept while it holds: so equal stamps
 * are equal times, whenever they are read.
 */
static __always_inline __u64 jiffies_began(__u64 now_ns, __u64 now)
{
	__u64 began_ns = now_ns - now * settings.tick_ns;

	if (began_ns - list_jiffies_ns + settings.tick_ns > 2 * settings.tick_ns)
		list_jiffies_ns = began_ns;
	return list_jiffies_ns;
}

/* `stamp`: in jiffies, of which the kernel keeps 32 bits. It may be of this very tick. */
static __always_inline __u64 time_of(__u64 now_ns, __u32 stamp)
{
	__u64 now = bpf_jiffies64(), time_ns;
	__s32 ticks = (__u32)now - stamp;

	if (ticks <= 0)
		return now_ns;
	time_ns = jiffies_began(now_ns, now) + (now - ticks) * settings.tick_ns;
	return time_ns < now_ns ? time_ns : now_ns;
}

/* 0: it sends no probes. That SO_KEEPALIVE is on is a flag of the socket. */
static __always_inline __u64 keepalive_of(const struct tcp_sock *tp)
{
	const struct sock_common *skc = &tp->inet_conn.icsk_inet.sk.__sk_common;
	__u64 ticks = tp->keepalive_time;

	if (!(skc->skc_flags >> SOCK_KEEPOPEN & 1))
		return 0;
	if (!ticks)
		ticks = skc->skc_net.net->ipv4.sysctl_tcp_keepalive_time;
	return ticks * settings.tick_ns;
}

static __always_inline void times_of(struct socket_times *times, const struct tcp_sock *tp,
				     __u64 now_ns)
{
	times->acked_ns = time_of(now_ns, tp->rcv_tstamp);
	times->received_ns = time_of(now_ns, tp->inet_conn.icsk_ack.lrcvtime);
	times->sent_ns = time_of(now_ns, tp->lsndtime);
	times->rto_ns = tp->inet_conn.icsk_rto * settings.tick_ns;
	times->keepalive_ns = keepalive_of(tp);
}

/* The states whose age the kernel's times tell. */
static __always_inline bool lingers(int state)
{
	return state == TCP_CLOSE_WAIT || waits_for_peer(state);
}

static __always_inline __u8 direction_of(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	if (was_accepted(tp))
		return DIRECTION_IN;
	if ((list_again || lingers(sk->__sk_common.skc_state)) && chosen_by_connect(tp))
		return DIRECTION_OUT;
	return DIRECTION_UNKNOWN;
}

/* The stamp is of a clock in ms, of which the kernel keeps 32 bits. */
static __always_inline __u64 retrans_of(const struct tcp_sock *tp, __u64 now_ns)
{
	struct tcp_sock___usec *usec = (void *)tp;
	__u32 ms;

	if (!tp->retrans_stamp ||
	    (bpf_core_field_exists(usec->tcp_usec_ts) && BPF_CORE_READ_BITFIELD(usec, tcp_usec_ts)))
		return 0;
	ms = (__u32)(now_ns / 1000000) - tp->retrans_stamp;
	return (__s32)ms < 0 ? now_ns : now_ns - ms * 1000000ULL;
}

static __always_inline void show_sent(struct record_socket *record, const struct tcp_sock *tp)
{
	record->recvq = tp->rcv_nxt - tp->copied_seq;
	record->unacked = tp->snd_nxt - tp->snd_una;
	record->unsent = tp->write_seq - tp->snd_nxt;
	record->retransmits = tp->inet_conn.icsk_retransmits;
	record->probes = tp->inet_conn.icsk_probes_out;
	record->retrans_ns = retrans_of(tp, record->header.time_ns);
}

static __always_inline void show_queue(struct record_socket *record, const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	record->recvq = sk->sk_ack_backlog;
	record->queue_limit = sk->sk_max_ack_backlog;
	record->syn_queue = tp->inet_conn.icsk_accept_queue.qlen.counter;
	record->drops = sk->sk_drops.counter;
}

/* Of a full socket, after row_begin. */
static __always_inline void row_of(struct record_socket *record, struct tcp_sock *tp)
{
	struct sock *sk = (struct sock *)tp;

	record->cookie = cookie_of(sk);
	if (record->state == TCP_LISTEN)
		show_queue(record, tp);
	else
		show_sent(record, tp);
	record->flags = flags_of(tp);
	record->inode = record->flags & SOCKET_MPTCP ? inode_of_msk(tp) : inode_of(sk);
	if (lingers(record->state))
		times_of(&record->times, tp, record->header.time_ns);
	record->direction = direction_of(tp);
}

#endif
