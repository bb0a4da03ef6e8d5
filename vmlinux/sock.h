/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets: include/net/sock.h, inet_sock.h, inet_timewait_sock.h, linux/tcp.h, net/mptcp/protocol.h
 */

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	int counter;
} atomic_t;

struct in6_addr {
	union {
		u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct in_addr {
	__be32 s_addr;
};

struct sockaddr_in {
	__be16 sin_port;
	struct in_addr sin_addr;
};

struct sockaddr_in6 {
	__be16 sin6_port;
	struct in6_addr sin6_addr;
};

/* The last one of a chain points to an odd number. */
struct hlist_nulls_node {
	struct hlist_nulls_node *next;
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct inet_ehash_bucket {
	struct hlist_nulls_head chain;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	unsigned int skc_hash;
	__be16 skc_dport;
	u16 skc_num; /* host order; 0 where no port was chosen, and after the port was given back */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	unsigned long skc_flags; /* bits: enum sock_flags */
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	struct hlist_node skc_bind_node;	/* among the owners of its port */
	struct hlist_nulls_node skc_nulls_node; /* in its chain of the table */
};

typedef struct {
	int owned; /* a process holds the socket's lock (lock_sock) */
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	int sk_err;
	u32 sk_ack_backlog;	/* of a listener: connections in its accept queue */
	u32 sk_max_ack_backlog; /* and how many may: it is full when more wait */
	atomic_t sk_drops;	/* and that it had no room for */
	u8 sk_shutdown;
	u16 sk_protocol; /* a bit field before 5.6 */
	struct socket *sk_socket;
	void *sk_user_data; /* its low bits are flags */
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport; /* survives the return of the port, unlike skc_num */
};

/* IP_LOCAL_PORT_RANGE: 6.3 and later, as two numbers; as one, high << 16 | low, from 6.8 on. */
struct inet_sock___range {
	u32 local_port_range;
};

struct inet_sock___range_pair {
	struct {
		u16 lo;
		u16 hi;
	} local_port_range;
};

/* Of a port. Made by bind(), its fastreuse are 0 or 1; by connect(), both -1. */
struct inet_bind_bucket {
	signed char fastreuse;
	signed char fastreuseport;
};

/* One that has become a socket, and waits to be accepted. */
struct request_sock {
	struct request_sock *dl_next;
	struct sock *sk;
};

struct request_sock_queue {
	struct request_sock *rskq_accept_head;
	atomic_t qlen; /* request sockets */
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
	struct inet_bind_bucket *icsk_bind_hash;
	const struct tcp_ulp_ops *icsk_ulp_ops; /* kTLS, MPTCP, ... */
	void *icsk_ulp_data;
	u32 icsk_rto; /* jiffies, as all times below */
	u8 icsk_retransmits;
	u8 icsk_pending; /* what its timer is for: ICSK_TIME_* */
	u8 icsk_probes_out;
	struct {
		u32 lrcvtime; /* when data came last */
	} icsk_ack;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 copied_seq;
	u32 write_seq;
	u32 snd_nxt;
	u32 packets_out;
	u32 rcv_nxt;
	u32 snd_una;
	u32 snd_wnd;
	u32 retrans_stamp;  /* in ms, see tcp_usec_ts */
	u64 bytes_received; /* a FIN counts as one */
	u64 bytes_acked;    /* a SYN counts as one */
	u32 data_segs_out;
	u32 rcv_tstamp;		     /* when an ACK came last */
	u32 lsndtime;		     /* when data went last */
	unsigned int keepalive_time; /* TCP_KEEPIDLE; 0: the namespace's */
};

/* 6.7 and later: its stamps are in microseconds, as a route asks for. */
struct tcp_sock___usec {
	u8 tcp_usec_ts : 1;
};

/* With CONFIG_MPTCP only: a guarded variant. */
struct tcp_sock___mptcp {
	bool is_mptcp;
};

struct mptcp_sock___mptcp {
	struct sock *first; /* of a listener: the TCP socket that listens for it */
};

struct mptcp_subflow_context___mptcp {
	struct sock *conn; /* the MPTCP socket (msk), whose descriptor the process holds */
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	unsigned char
		tw_substate; /* TCP_FIN_WAIT2 or TCP_TIME_WAIT: skc_state is always the latter */
	__be16 tw_sport;
	struct timer_list tw_timer;
	struct inet_bind_bucket *tw_tb;
};

struct tcp_timewait_sock {
	struct inet_timewait_sock tw_sk;
	int tw_ts_recent_stamp; /* 0: no timestamps */
};
