/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tuple of a socket, full or mini. */
#ifndef TCPLINGER_SOCKET_BPF_H
#define TCPLINGER_SOCKET_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>
#include "record.h"

static __always_inline void address_from_v4(__u8 *address, __be32 v4)
{
	__u32 *words = (__u32 *)address;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = v4;
}

static __always_inline void address_from_v6(__u8 *address, const struct in6_addr *v6)
{
	__u32 *words = (__u32 *)address;

	words[0] = v6->in6_u.u6_addr32[0];
	words[1] = v6->in6_u.u6_addr32[1];
	words[2] = v6->in6_u.u6_addr32[2];
	words[3] = v6->in6_u.u6_addr32[3];
}

/*
 * The verifier of 6.1 knows nothing of the result of a byte swap, and clang, which does, leaves
 * out the mask that would bound it where it indexes the bitmap of a filter.
 */
static __always_inline __u16 port_from(__be16 port)
{
	__u32 swapped = bpf_ntohs(port);

	barrier_var(swapped);
	return swapped;
}

/* All but the namespace. `sport`: inet_sport or tw_sport, which outlive skc_num. */
static __always_inline void tuple_of(struct tuple *tuple, const struct sock_common *skc,
				     __be16 sport)
{
	tuple->family = skc->skc_family;
	tuple->lport = port_from(sport);
	tuple->rport = port_from(skc->skc_dport);
	/* IPv6 first: what the verifier learns of it holds for IPv4, which it then spares */
	if (__builtin_expect(tuple->family != AF_INET, 1)) {
		address_from_v6(tuple->laddr, &skc->skc_v6_rcv_saddr);
		address_from_v6(tuple->raddr, &skc->skc_v6_daddr);
	} else {
		address_from_v4(tuple->laddr, skc->skc_rcv_saddr);
		address_from_v4(tuple->raddr, skc->skc_daddr);
	}
}

/*
 * What accept() gets is a copy of its listener, backlog and all (sk_clone_lock): who never called
 * listen() has none. A listener's own backlog may be 0, too.
 */
static __always_inline bool is_copy_of_listener(const struct sock *sk)
{
	return sk->__sk_common.skc_state != TCP_LISTEN && sk->sk_max_ack_backlog;
}

/* connect() passes over a port of such a bucket, whatever the destination. */
static __always_inline bool made_by_bind(const struct inet_bind_bucket *bucket)
{
	return bucket && (bucket->fastreuse >= 0 || bucket->fastreuseport >= 0);
}

/* What was accepted has its listener's bucket, which bind() made. */
static __always_inline bool chosen_by_connect(const struct tcp_sock *tp)
{
	const struct inet_bind_bucket *bucket = tp->inet_conn.icsk_bind_hash;

	return bucket && !made_by_bind(bucket);
}

/* Or waits to be; and has not made a connection of its own since (connect(AF_UNSPEC)). */
static __always_inline bool was_accepted(const struct tcp_sock *tp)
{
	return is_copy_of_listener(&tp->inet_conn.icsk_inet.sk) && !chosen_by_connect(tp);
}

/* IP_LOCAL_PORT_RANGE of the socket, high << 16 | low; 0: none. */
static __always_inline __u32 own_range(struct tcp_sock *tp)
{
	struct inet_sock___range *one = (void *)tp;
	struct inet_sock___range_pair *two = (void *)tp;

	if (bpf_core_field_exists(one->local_port_range))
		return one->local_port_range;
	if (bpf_core_field_exists(two->local_port_range))
		return (__u32)two->local_port_range.hi << 16 | two->local_port_range.lo;
	return 0;
}

/* Made where nobody has asked for one yet; the call for it takes as long as a third of a record. */
static __always_inline __u64 cookie_of(struct sock *sk)
{
	__u64 cookie = sk->__sk_common.skc_cookie.counter;

	return cookie ? cookie : bpf_get_socket_cookie(sk);
}

static __always_inline bool in_namespace(const struct net *net, __u32 wanted)
{
	return !wanted || net->ns.inum == wanted;
}

static __always_inline void tuple_namespace(struct tuple *tuple, const struct net *net)
{
	tuple->netns = net->ns.inum;
}

#endif
