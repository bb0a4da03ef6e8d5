/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Births for which it takes no hook of their own: of a minisocket, and of a listener's child. Both
 * functions are defined in timewait.bpf.c: libbpf 1.1 links bpf_rdonly_cast into one object only.
 */
#ifndef TCPLINGER_BIRTH_BPF_H
#define TCPLINGER_BIRTH_BPF_H

#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>

/* A number that the verifier takes for a pointer: memory makes one of it again. */
struct place {
	__u64 address;
};

/* A full socket, by what its minisocket has as well. */
struct known_by {
	__u64 table; /* its address, as in struct place */
	__s64 cookie;
	__u32 mask;
	__u32 hash;
};

/*
 * Tells, if the filter lets it pass, of the minisocket that is known by this. 0: there is none, or
 * none that concerns a view: then the end of the full socket is told.
 */
int tell_birth(const struct known_by *known);

/* The cookie of the socket that a place in a list of owners of a port points to. */
__u64 cookie_at(const struct place *place);

/*
 * The cookie of a child's listener, at LISTEN -> SYN_RECV: of that it is a copy yet, which is in no
 * list, but knows where the listener is in the list of owners of their port.
 */
static __always_inline __u64 parent_of(const struct sock_common *child)
{
	struct place place = {(__u64)child->skc_bind_node.pprev};

	return cookie_at(&place);
}

/*
 * True if a minisocket stands for the full socket that is closed now: by then it is in the table,
 * at the head of a chain or not far behind, with its timer armed (tcp_time_wait).
 */
static __always_inline bool birth_told(const struct sock_common *skc, const struct net *net)
{
	const struct inet_hashinfo *table = net->ipv4.tcp_death_row.hashinfo;
	struct known_by known = {
		.table = (__u64)table->ehash,
		.cookie = skc->skc_cookie.counter,
		.mask = table->ehash_mask,
		.hash = skc->skc_hash,
	};

	return settings.minisockets && tell_birth(&known);
}

#endif
