/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network namespaces: include/net/net_namespace.h, include/linux/ns_common.h */

struct ns_common {
	unsigned int inum; /* what /proc/PID/ns/net shows in brackets */
};

struct netns_ipv4 {
	int sysctl_tcp_keepalive_time; /* jiffies */
};

struct net {
	struct ns_common ns;
	u64 net_cookie; /* since 5.12; SO_NETNS_COOKIE reads the same */
	struct netns_ipv4 ipv4;
};
