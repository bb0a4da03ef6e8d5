/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filter on a connection's namespace, family, addresses and ports: the same code in the kernel,
 * where it saves the ring buffer from what nobody asked for, and in user space, where it decides.
 */
#ifndef TCPLINGER_FILTER_H
#define TCPLINGER_FILTER_H

#include "record.h"

#define FILTER_FAMILY_INET  1
#define FILTER_FAMILY_INET6 2

struct address_filter {
	__u8 address[16]; /* IPv4 as v4-mapped */
	__u32 prefix;	  /* bits of `address` that count, 0..128 */
	__u32 port;	  /* 0: any */
};

struct port_filter {
	__u32 active;
	__u32 reserved;
	__u8 bitmap[65536 / 8];
};

struct tuple_filter {
	__u32 netns;	/* inode number; 0: any */
	__u32 families; /* FILTER_FAMILY_*; 0: any */
	struct address_filter laddr;
	struct address_filter raddr;
	struct port_filter lport;
	struct port_filter rport;
};

static inline int filter_port(const volatile struct port_filter *filter, __u16 port)
{
	if (!filter->active)
		return 1;
	return filter->bitmap[port >> 3] >> (port & 7) & 1;
}

/* Compares whole bytes first, then the bits left over. */
static inline int filter_address(const volatile struct address_filter *filter, const __u8 *address,
				 __u16 port)
{
	__u32 bytes = filter->prefix >> 3;
	__u32 bits = filter->prefix & 7;

	if (filter->port && filter->port != port)
		return 0;
	for (__u32 i = 0; i < 16; i++) {
		__u8 differs = filter->address[i] ^ address[i];

		if (i < bytes && differs)
			return 0;
		if (i == bytes && bits && differs >> (8 - bits))
			return 0;
	}
	return 1;
}

/*
 * True if a connection may be shown. `lport_known`: false while connect() has not chosen a port
 * yet.
 */
static inline int filter_tuple(const volatile struct tuple_filter *filter,
			       const struct tuple *tuple, int lport_known)
{
	__u32 family = tuple->family == 2 /* AF_INET */ ? FILTER_FAMILY_INET : FILTER_FAMILY_INET6;

	if (filter->netns && filter->netns != tuple->netns)
		return 0;
	if (filter->families && !(filter->families & family))
		return 0;
	if (lport_known && !filter_port(&filter->lport, tuple->lport))
		return 0;
	if (!filter_port(&filter->rport, tuple->rport))
		return 0;
	if (filter->laddr.prefix || filter->laddr.port) {
		__u16 lport = lport_known ? tuple->lport : filter->laddr.port;

		if (!filter_address(&filter->laddr, tuple->laddr, lport))
			return 0;
	}
	if (filter->raddr.prefix || filter->raddr.port)
		return filter_address(&filter->raddr, tuple->raddr, tuple->rport);
	return 1;
}

/* True if it asks for ports or addresses: what has none does not match. */
static inline int filter_has_endpoints(const struct tuple_filter *filter)
{
	return filter->lport.active || filter->rport.active || filter->laddr.prefix ||
	       filter->laddr.port || filter->raddr.prefix || filter->raddr.port;
}

/*
 * True if a connection of this listener may be shown: it tells whose it is. Of its own ends only
 * the port says something: the remote one is none, and the local address may stand for all.
 */
static inline int filter_listener(const volatile struct tuple_filter *filter,
				  const struct tuple *tuple)
{
	__u32 family = tuple->family == 2 /* AF_INET */ ? FILTER_FAMILY_INET : FILTER_FAMILY_INET6;

	if (filter->netns && filter->netns != tuple->netns)
		return 0;
	if (filter->families && !(filter->families & family))
		return 0;
	if (filter->laddr.port && filter->laddr.port != tuple->lport)
		return 0;
	return filter_port(&filter->lport, tuple->lport);
}

#endif
