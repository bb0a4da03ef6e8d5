// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What exists already: every TCP socket of a namespace, and who holds descriptors of sockets. */
#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "emit.bpf.h"
#include "minisocket.bpf.h"
#include "process.bpf.h"
#include "socket.bpf.h"
#include "wanted.h"

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

/* False if the filter leaves it out. */
static __always_inline bool list_begin(struct record_socket *record, const struct sock_common *skc,
				       __be16 sport)
{
	tuple_of(&record->tuple, skc, sport);
	tuple_namespace(&record->tuple, skc->skc_net.net);
	record->netns_cookie = skc->skc_net.net->net_cookie;
	record_begin(&record->header, RECORD_SOCKET, sizeof(*record), bpf_ktime_get_ns());
	return filter_socket(&settings.filter, &record->tuple, skc->skc_state);
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
	return state == TCP_CLOSE_WAIT || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2;
}

/* What was accepted has its listener's bucket, which bind() made. */
static __always_inline bool chosen_by_connect(const struct tcp_sock *tp)
{
	const struct inet_bind_bucket *bucket = tp->inet_conn.icsk_bind_hash;

	return bucket && !made_by_bind(bucket);
}

static __always_inline bool list_socket(struct record_socket *record, struct tcp_sock *tp)
{
	struct sock *sk = (struct sock *)tp;
	struct owner *owner;

	if (!list_begin(record, &sk->__sk_common, tp->inet_conn.icsk_inet.inet_sport))
		return false;
	record->cookie = bpf_get_socket_cookie(sk);
	record->state = sk->__sk_common.skc_state;
	record->recvq =
		record->state == TCP_LISTEN ? sk->sk_ack_backlog : tp->rcv_nxt - tp->copied_seq;
	if (record->state == TCP_LISTEN)
		record->queue_limit = sk->sk_max_ack_backlog;
	record->flags = flags_of(tp);
	record->inode = record->flags & SOCKET_MPTCP ? inode_of_msk(tp) : inode_of(sk);
	if (lingers(record->state))
		times_of(&record->times, tp, record->header.time_ns);
	owner = owner_get(sk, 0);
	if (owner) {
		record->owner = owner->process;
		record->owner_by = owner->by;
		record->direction = owner->direction;
	}
	if (record->direction == DIRECTION_UNKNOWN && lingers(record->state) &&
	    chosen_by_connect(tp))
		record->direction = DIRECTION_OUT;
	return true;
}

/* False if no view wants it. */
static __always_inline bool wanted(const struct record_socket *record)
{
	__u16 bound_port = record->flags & SOCKET_BOUND ? record->tuple.lport : 0;

	return !settings.outgoing ||
	       counts_for_range(record->direction, record->state, bound_port, list_low, list_high);
}

/* The cookie is asked for through `skc`: that makes one where nobody has asked before. */
static __always_inline bool list_minisocket(struct record_socket *record, struct sock_common *skc,
					    struct tcp_timewait_sock *tcptw)
{
	struct inet_timewait_sock *tw = &tcptw->tw_sk;
	struct minisocket mini = {.expires = tw->tw_timer.expires};
	__u64 key = minisocket_timer(tw), cookie;

	if (!list_begin(record, skc, tw->tw_sport))
		return false;
	cookie = bpf_get_socket_cookie(skc);
	record->cookie = cookie;
	record->state = tw->tw_substate;
	record->flags = SOCKET_MINISOCKET;
	if (tcptw->tw_ts_recent_stamp)
		record->flags |= SOCKET_TIMESTAMPS;
	if (made_by_bind(tw->tw_tb))
		record->flags |= SOCKET_BOUND;
	record->remaining_ns = minisocket_remaining_ns(&mini);
	if (settings.silent_fins && record->state == TCP_FIN_WAIT2 &&
	    bpf_map_update_elem(&fin_wait2, &key, &cookie, BPF_ANY))
		count(&losses.map_full);
	return true;
}

SEC("iter/tcp")
int list_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct record_socket record = {};
	struct tcp_timewait_sock *tw;
	struct tcp_sock *tp;
	bool listed = false;

	if (!skc)
		return 0;
	/* neither: a request socket */
	tp = (void *)bpf_skc_to_tcp_sock(skc);
	if (tp) {
		/* the books know its minisocket by it, whatever the view lists */
		if (settings.audit)
			bpf_get_socket_cookie(skc);
		listed =
			listed_state(skc->skc_state) && list_socket(&record, tp) && wanted(&record);
	} else {
		tw = (void *)bpf_skc_to_tcp_timewait_sock(skc);
		if (tw && listed_state(TCP_TIME_WAIT))
			listed = list_minisocket(&record, skc, tw);
	}
	if (listed)
		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

/*
 * Children of a listener older than the tool get a copy of its entry, as those of a younger one do.
 * Without memory for it, this listing tells all the same who their listener's owner is.
 */
static __always_inline void own_listener(struct sock *sk, const struct process_id *process)
{
	struct owner *owner = owner_get(sk, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!owner || owner->by != OWNER_NONE)
		return;
	owner->process = *process;
	owner->direction = DIRECTION_IN;
	owner->by = OWNER_LISTEN;
}

/* Of a socket that is bound and nothing more, no listing but that of descriptors knows. */
static __always_inline __u16 bound_port(struct sock *sk)
{
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);

	return tp && made_by_bind(tp->inet_conn.icsk_bind_hash) ? sk->__sk_common.skc_num : 0;
}

static __always_inline bool wanted_holder(struct sock *sk, __u16 bound_port)
{
	struct owner *owner = owner_get(sk, 0);

	return !owner || counts_for_range(owner->direction, sk->__sk_common.skc_state, bound_port,
					  list_low, list_high);
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
	if (!sk ||
	    (sk->__sk_common.skc_family != AF_INET && sk->__sk_common.skc_family != AF_INET6))
		return 0;
	if (sk->sk_protocol != IPPROTO_TCP && sk->sk_protocol != IPPROTO_MPTCP)
		return 0;
	record_begin(&record.header, RECORD_HOLDER, sizeof(record), bpf_ktime_get_ns());
	process_of_leader(&record.process, task->group_leader);
	record.fd = ctx->fd;
	record.netns = sk->__sk_common.skc_net.net->ns.inum;
	record.inode = file->f_inode->i_ino;
	if (sk->sk_protocol == IPPROTO_TCP) {
		if (!listed_state(sk->__sk_common.skc_state))
			return 0;
		record.bound_port = bound_port(sk);
		if (settings.outgoing && !wanted_holder(sk, record.bound_port))
			return 0;
		record.cookie = bpf_get_socket_cookie(sk);
		if (sk->__sk_common.skc_state == TCP_LISTEN)
			own_listener(sk, &record.process);
	}
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
