// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What exists already, by the socket tables: every TCP socket of a namespace. */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "minisocket.bpf.h"
#include "row.bpf.h"
#include "wanted.h"

/* False if no view wants it. */
static __always_inline bool wanted(const struct record_socket *record)
{
	__u16 bound_port = record->flags & SOCKET_BOUND ? record->tuple.lport : 0;

	return !settings.outgoing ||
	       counts_for_range(record->direction, record->state, bound_port, list_low, list_high);
}

static __always_inline bool list_socket(struct record_socket *record, struct tcp_sock *tp)
{
	struct inet_sock *inet = &tp->inet_conn.icsk_inet;

	row_begin(record, &inet->sk.__sk_common, inet->inet_sport);
	if (!(list_described & 1U << record->state) &&
	    !filter_socket(&settings.filter, &record->tuple, record->state))
		return false;
	row_of(record, tp);
	return wanted(record);
}

/* The cookie is asked for through `skc`: that makes one where nobody has asked before. */
static __always_inline bool list_minisocket(struct record_socket *record, struct sock_common *skc,
					    struct tcp_timewait_sock *tcptw)
{
	struct inet_timewait_sock *tw = &tcptw->tw_sk;
	struct minisocket mini = {.expires = tw->tw_timer.expires};

	row_begin(record, skc, tw->tw_sport);
	if (!filter_socket(&settings.filter, &record->tuple, TCP_TIME_WAIT))
		return false;
	record->cookie = bpf_get_socket_cookie(skc);
	record->state = tw->tw_substate;
	record->flags = SOCKET_MINISOCKET;
	if (tcptw->tw_ts_recent_stamp)
		record->flags |= SOCKET_TIMESTAMPS;
	if (made_by_bind(tw->tw_tb))
		record->flags |= SOCKET_BOUND;
	record->remaining_ns = minisocket_remaining_ns(&mini);
	await_fin(minisocket_timer(tw), record->cookie, record->state);
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
		listed = listed_state(skc->skc_state) && list_socket(&record, tp);
	} else {
		tw = (void *)bpf_skc_to_tcp_timewait_sock(skc);
		if (tw && listed_state(TCP_TIME_WAIT))
			listed = list_minisocket(&record, skc, tw);
	}
	if (listed)
		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
