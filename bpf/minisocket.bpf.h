/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a timewait minisocket by the address of its timer. */
#ifndef TCPLINGER_MINISOCKET_BPF_H
#define TCPLINGER_MINISOCKET_BPF_H

#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>
#include "birth.bpf.h"
#include "socket.bpf.h"

/*
 * Since 6.2. A weak call that is not there is pruned by settings.rdonly_cast before the verifier
 * objects.
 */
extern void *bpf_rdonly_cast(void *object, __u32 btf_id) __ksym __weak;

struct minisocket {
	__u64 cookie;
	struct tuple tuple;
	__u64 netns_cookie;
	__u64 expires; /* jiffies */
	__u8 substate;
	bool pending; /* its timer runs: it is there */
	bool timestamps;
	bool bound; /* to a port that bind() took, as an accepted connection is */
};

static __always_inline __u64 minisocket_timer(const struct inet_timewait_sock *tw)
{
	return (__u64)tw + bpf_core_field_offset(struct inet_timewait_sock, tw_timer);
}

static __always_inline void minisocket_from(struct minisocket *mini,
					    const struct tcp_timewait_sock *tcptw)
{
	const struct inet_timewait_sock *tw = &tcptw->tw_sk;

	mini->timestamps = tcptw->tw_ts_recent_stamp != 0;
	mini->bound = made_by_bind(tw->tw_tb);
	mini->cookie = tw->__tw_common.skc_cookie.counter;
	mini->expires = tw->tw_timer.expires;
	mini->substate = tw->tw_substate;
	mini->pending = tw->tw_timer.entry.pprev != NULL;
	tuple_of(&mini->tuple, &tw->__tw_common, tw->tw_sport);
	tuple_namespace(&mini->tuple, tw->__tw_common.skc_net.net);
	mini->netns_cookie = tw->__tw_common.skc_net.net->net_cookie;
}

/* The same by copies: the way of kernels before 6.2, refused by lockdown=confidentiality. */
static __always_inline void minisocket_copy(struct minisocket *mini,
					    const struct tcp_timewait_sock *tcptw)
{
	const struct inet_timewait_sock *tw = &tcptw->tw_sk;
	struct in6_addr local, remote;

	mini->timestamps = BPF_CORE_READ(tcptw, tw_ts_recent_stamp) != 0;
	mini->bound = BPF_CORE_READ(tw, tw_tb) && (BPF_CORE_READ(tw, tw_tb, fastreuse) >= 0 ||
						   BPF_CORE_READ(tw, tw_tb, fastreuseport) >= 0);

	mini->cookie = BPF_CORE_READ(tw, __tw_common.skc_cookie.counter);
	mini->expires = BPF_CORE_READ(tw, tw_timer.expires);
	mini->substate = BPF_CORE_READ(tw, tw_substate);
	mini->pending = BPF_CORE_READ(tw, tw_timer.entry.pprev) != NULL;
	mini->tuple.family = BPF_CORE_READ(tw, __tw_common.skc_family);
	mini->tuple.lport = port_from(BPF_CORE_READ(tw, tw_sport));
	mini->tuple.rport = port_from(BPF_CORE_READ(tw, __tw_common.skc_dport));
	if (mini->tuple.family == AF_INET) {
		address_from_v4(mini->tuple.laddr, BPF_CORE_READ(tw, __tw_common.skc_rcv_saddr));
		address_from_v4(mini->tuple.raddr, BPF_CORE_READ(tw, __tw_common.skc_daddr));
	} else {
		BPF_CORE_READ_INTO(&local, tw, __tw_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&remote, tw, __tw_common.skc_v6_daddr);
		__builtin_memcpy(mini->tuple.laddr, &local, 16);
		__builtin_memcpy(mini->tuple.raddr, &remote, 16);
	}
	mini->tuple.netns = BPF_CORE_READ(tw, __tw_common.skc_net.net, ns.inum);
	mini->netns_cookie = BPF_CORE_READ(tw, __tw_common.skc_net.net, net_cookie);
}

/*
 * Reads the minisocket around the timer at address `timer`. A read of freed memory is harmless but
 * tells of another object: the caller compares cookies where it does not know that the timer lives.
 */
static __always_inline void minisocket_read(struct minisocket *mini, __u64 timer)
{
	void *tw = (void *)(timer - bpf_core_field_offset(struct inet_timewait_sock, tw_timer));

	if (settings.rdonly_cast)
		minisocket_from(mini, bpf_rdonly_cast(tw, bpf_core_type_id_kernel(
								  struct tcp_timewait_sock)));
	else
		minisocket_copy(mini, tw);
}

/* Of a chain of the table so many sockets are looked at. */
#define CHAIN_MAX 8

/*
 * The socket around its place in a chain. The last one leads to none, but to an odd number: what is
 * read there is all zero, as that of the next one (and the verifier forbids to look at the number).
 */
static __always_inline void *in_chain(const void *node)
{
	return (void *)node - bpf_core_field_offset(struct sock_common, skc_nulls_node);
}

#define cast_to(type, address) bpf_rdonly_cast(address, bpf_core_type_id_kernel(type))

static __always_inline void *bucket_of(const struct known_by *known)
{
	__u64 number = known->hash & known->mask;

	return (void *)(known->table + number * bpf_core_type_size(struct inet_ehash_bucket));
}

static __always_inline __u64 search_chain(const struct known_by *known)
{
	const struct inet_ehash_bucket *bucket =
		cast_to(struct inet_ehash_bucket, bucket_of(known));
	const void *node = bucket->chain.first;

	for (int i = 0; i < CHAIN_MAX && node; i++) {
		const struct sock_common *tw = cast_to(struct sock_common, in_chain(node));

		if (tw->skc_state == TCP_TIME_WAIT && tw->skc_hash == known->hash &&
		    tw->skc_cookie.counter == known->cookie)
			return (__u64)tw;
		node = tw->skc_nulls_node.next;
	}
	return 0;
}

static __always_inline __u64 search_chain_copied(const struct known_by *known)
{
	const struct inet_ehash_bucket *bucket = bucket_of(known);
	const void *node = BPF_CORE_READ(bucket, chain.first);

	for (int i = 0; i < CHAIN_MAX && node; i++) {
		const struct sock_common *tw = in_chain(node);

		if (BPF_CORE_READ(tw, skc_state) == TCP_TIME_WAIT &&
		    BPF_CORE_READ(tw, skc_hash) == known->hash &&
		    BPF_CORE_READ(tw, skc_cookie.counter) == known->cookie)
			return (__u64)tw;
		node = BPF_CORE_READ(tw, skc_nulls_node.next);
	}
	return 0;
}

/* The timer of the minisocket that took a full socket's place; 0: there is none. */
static __always_inline __u64 minisocket_find(const struct known_by *known)
{
	__u64 tw = settings.rdonly_cast ? search_chain(known) : search_chain_copied(known);

	return tw ? tw + bpf_core_field_offset(struct inet_timewait_sock, tw_timer) : 0;
}

/* The peer's FIN may move no timer of it: find_time_wait looks at it until that has come. */
static __always_inline void await_fin(__u64 timer, __u64 cookie, __u8 substate)
{
	struct waiting waiting = {.timer = timer, .cookie = cookie};

	if (settings.silent_fins && substate == TCP_FIN_WAIT2 &&
	    bpf_map_push_elem(&fin_wait2, &waiting, BPF_ANY))
		count(&losses.map_full);
}

static __always_inline __s64 minisocket_remaining_ns(const struct minisocket *mini)
{
	return (__s64)(mini->expires - bpf_jiffies64()) * (__s64)settings.tick_ns;
}

#endif
