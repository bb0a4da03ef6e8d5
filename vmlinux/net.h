/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network namespaces: include/net/net_namespace.h, include/linux/ns_common.h, inet_hashtables.h */

struct ns_common {
	unsigned int inum; /* what /proc/PID/ns/net shows in brackets */
};

/* Where a namespace's connections are found, minisockets among them. */
struct inet_hashinfo {
	struct inet_ehash_bucket *ehash;
	unsigned int ehash_mask;
};

/* A part of netns_ipv4 since 6.1, as is its table. */
struct inet_timewait_death_row {
	struct inet_hashinfo *hashinfo;
};

struct netns_ipv4 {
	struct inet_timewait_death_row tcp_death_row;
	int sysctl_tcp_keepalive_time; /* jiffies */
};

struct net {
	struct ns_common ns;
	u64 net_cookie; /* since 5.12; SO_NETNS_COOKIE reads the same */
	struct netns_ipv4 ipv4;
};
