/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records that every source hands to the model: the one thing that both halves share.
 * Fixed-width, explicitly padded, zeroed before use, sizes asserted on both sides. Times are
 * CLOCK_MONOTONIC nanoseconds, ports in host order, IPv4 addresses v4-mapped (::ffff:a.b.c.d)
 * whatever the family of the socket.
 */
#ifndef TCPLINGER_RECORD_H
#define TCPLINGER_RECORD_H

#ifndef __bpf__ /* there, vmlinux/types.h has them */
#include <linux/types.h>
#endif

/* include/net/tcp_states.h. NEW_SYN_RECV (12) never reaches a record. */
enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_STATES,
};

enum record_type {
	RECORD_TRANSITION = 1, /* a full socket changed state */
	RECORD_TIMEWAIT,       /* something happened to a minisocket */
	RECORD_SOCKET,	       /* listing: a socket that exists */
	RECORD_HOLDER,	       /* listing: a process with a descriptor of a socket */
	RECORD_LISTING,	       /* listing: begins, covers a namespace, ends */
	RECORD_PROCESS,	       /* what /proc says of a process; user space only */
	RECORD_LOSS,	       /* something was lost; user space only */
	RECORD_COUNTERS,       /* what the kernel counted in a namespace; user space only */
	RECORD_PORTS,	       /* how a namespace chooses ports; user space only */
	RECORD_FAILURE,	       /* bind(), or connect() before it looked for a port, failed */
	RECORD_SOURCE,	       /* begins a stream; user space only, and so the next ones */
	RECORD_REFRESH,	       /* ends a refresh: what exists now has been told */
	RECORD_FACTS,	       /* what /proc says of a process now */
	RECORD_WATCHED,	       /* which sockets a process's epoll sets watch */
	RECORD_SENDING,	       /* which of a process's connections do not get rid of their data */
	RECORD_NAMESPACE,      /* what a namespace does to those who open connections */
	RECORD_OWNER,	       /* who has accepted a socket */
	RECORD_STEP,	       /* from the kernel only: of these the source makes the others */
	RECORD_ACT,	       /* likewise, and a process did it */
	RECORD_TIMEWAIT_END,   /* likewise: a timer of a minisocket was cancelled, and by whom */
	RECORD_SETTINGS,  /* how a namespace is set up; user space only, and so the next ones */
	RECORD_HOST,	  /* what the host's TCP and its CPUs are at */
	RECORD_SYSCTL,	  /* a line of a file that sets a setting at boot */
	RECORD_RAW_STACK, /* likewise: what a thread was doing (raw_stack.h) */
	RECORD_STACK,	  /* what a stack is (stack.h); user space only */
	RECORD_CALL,	  /* what a process did to a connection, and from which stack */
	RECORD_TYPES,
};

/* How the owner is known: the greater, the better the evidence. */
enum owner_by {
	OWNER_NONE,
	OWNER_LISTEN,
	OWNER_CLOSE,
	OWNER_HOLDER,
	OWNER_ACCEPT,
	OWNER_CONNECT,
	OWNER_EVIDENCES,
};

enum direction {
	DIRECTION_UNKNOWN,
	DIRECTION_OUT,
	DIRECTION_IN,
	DIRECTIONS,
};

struct record_header {
	__u16 type;
	__u16 size; /* of the whole record, in bytes */
	__u32 reserved;
	__u64 time_ns;
};

/*
 * A process as it was when it acted: tgid, start and comm of the group leader, cgroup v2 id. pid 0:
 * none.
 */
struct process_id {
	__u32 pid;
	__u32 reserved;
	__u64 start_ns; /* since boot (CLOCK_BOOTTIME) */
	__u64 cgroup_id;
	char comm[16]; /* hostile: any byte, not always terminated */
};

struct tuple {
	__u8 laddr[16];
	__u8 raddr[16];
	__u16 lport; /* 0: none chosen yet */
	__u16 rport;
	__u16 family; /* of the socket: AF_INET or AF_INET6 */
	__u16 reserved;
	__u32 netns; /* inode number */
};

/* Why connect(), or bind(), got no port, or no address. */
enum port_failure_kind {
	FAILURE_NONE,
	FAILURE_NO_PORT,	/* none of the range is free towards this destination */
	FAILURE_IN_USE,		/* the port that bind() took is in use towards this destination */
	FAILURE_NO_SOURCE,	/* no local address can reach this destination */
	FAILURE_BIND_NO_PORT,	/* bind() to port 0: none of the range is free */
	FAILURE_BIND_IN_USE,	/* bind(): the port is in use */
	FAILURE_BIND_NOT_LOCAL, /* bind(): the address is not one of this host */
	FAILURES,
};

/* What a connection carried until the first FIN, either side's, or until it was aborted. */
struct carried {
	__u64 sent_bytes; /* data, acknowledged or not; from the kernel with the SYN, if that was
			     ours */
	__u64 received_bytes; /* data */
	__u64 idle_ns;	      /* since data came or went last, or since it was established */
};

struct record_transition {
	struct record_header header;
	__u64 cookie;
	struct tuple tuple;
	__u8 old_state;
	__u8 new_state;
	__u8 owner_by;
	__u8 direction;
	__u8 refused;	 /* no minisocket was made of it (tcp_max_tw_buckets), or so it seems */
	__u8 failure;	 /* enum port_failure_kind; resolved by the source, 0 from the kernel */
	__u16 range_low; /* the socket's IP_LOCAL_PORT_RANGE, as connect() fails; 0: none */
	__u16 range_high;
	__u16 error;	 /* sk_err, of this connection: a reset, a time-out, ss -K; 0: none */
	__u16 port_held; /* skc_num, as connect() fails; 0: none, or given back */
	__u8 unsent;	 /* it fails before it has sent a SYN */
	__u8 dead;	 /* SOCK_DEAD: no process has it any more, or none ever had */
	__u8 bound;	 /* bind() chose its port, not connect() */
	__u8 measured;	 /* it is the first FIN, or an abort, and `carried` is valid */
	__u8 reserved[2];
	struct carried carried;
	__u64 netns_cookie;
	__u64 listener; /* cookie of the one that it came from; 0: not known */
	struct process_id owner;
	struct process_id closer; /* set by the transition that sends our FIN, or RST */
};

/* True where a full socket ends that a minisocket stands for from then on, unless it is refused. */
static inline int becomes_minisocket(unsigned int old_state, unsigned int new_state)
{
	return new_state == TCP_CLOSE && (old_state == TCP_FIN_WAIT2 || old_state == TCP_CLOSING);
}

/* True where the owner was the current process: connect() or listen() made the transition. */
static inline int record_owner_is_current(const struct record_transition *record)
{
	return record->new_state == TCP_SYN_SENT || record->new_state == TCP_LISTEN ||
	       record->failure != FAILURE_NONE;
}

enum timewait_action {
	TIMEWAIT_ARMED = 1, /* it is born, or the peer's FIN has moved its timer */
	TIMEWAIT_SEEN,	    /* looked at while alive: the peer's FIN has come since it was born in
			       FIN_WAIT2 */
	TIMEWAIT_ENDED,	    /* its timer was cancelled */
	TIMEWAIT_ACTIONS,
};

/*
 * Why a minisocket ended. END_REARMED, END_MOVED: it did not: the peer's FIN began its time anew,
 * or another CPU has its timer now.
 */
enum end_reason {
	END_NONE,
	END_EXPIRED,
	END_REUSED,
	END_SYN,
	END_RESET,
	END_DESTROYED,
	END_UNKNOWN,
	END_REARMED,
	END_MOVED,
	END_REASONS,
};

struct record_timewait {
	struct record_header header;
	__u64 cookie; /* 0: nobody had asked for one while it was a full socket */
	struct tuple tuple;
	__u8 action;
	__u8 substate;	 /* TCP_FIN_WAIT2 or TCP_TIME_WAIT */
	__u8 end_reason; /* resolved from the frames by the source; 0 from the kernel */
	__u8 timestamps; /* the connection had TCP timestamps */
	__u8 bound;	 /* to a port that bind() took, as an accepted connection is */
	__u8 rearmed;	 /* TIMEWAIT_ARMED: of one that lives */
	__u8 by_data;	 /* END_RESET: the peer's data did it, not an RST; resolved likewise */
	__u8 reserved[5];
	__u64 netns_cookie;
	__s64 remaining_ns; /* until the timer expires, on the jiffies clock; may be negative */
};

enum socket_flags {
	SOCKET_MINISOCKET = 1 << 0, /* a timewait minisocket: `remaining_ns` is valid */
	SOCKET_MPTCP = 1 << 1,	    /* a subflow: `inode` is that of the MPTCP socket */
	SOCKET_UNACCEPTED = 1 << 2, /* in its listener's backlog: no process has it yet */
	SOCKET_OPAQUE =
		1 << 3, /* kTLS, sockmap, MPTCP: `recvq` is the kernel's, not the process's */
	SOCKET_SENDING = 1 << 4,      /* has data queued, or not acknowledged */
	SOCKET_BOUND = 1 << 5,	      /* its port was taken by bind(), or listen() */
	SOCKET_TIMESTAMPS = 1 << 6,   /* of a minisocket: tcp_tw_reuse may have it */
	SOCKET_SENT = 1 << 7,	      /* has ever sent data */
	SOCKET_READ = 1 << 8,	      /* the process has read something: more came than is unread */
	SOCKET_ORPHAN = 1 << 9,	      /* closed, and still closing: no descriptor is left */
	SOCKET_ZERO_WINDOW = 1 << 10, /* the peer takes no more, and there is more to send */
};

/* Of a listener, where request sockets are not counted. */
#define SYN_QUEUE_UNKNOWN (~0U)

/* When a connected socket last heard and spoke, as the kernel keeps it, to a tick. */
struct socket_times {
	__u64 acked_ns;	    /* an ACK came: a FIN is one; 0: none of these is known */
	__u64 received_ns;  /* data came, or it was established */
	__u64 sent_ns;	    /* data was sent, or it was established */
	__u64 rto_ns;	    /* its retransmission timeout */
	__u64 keepalive_ns; /* so long idle it sends probes; 0: never; 1: after an unknown time */
};

struct record_socket {
	struct record_header header;
	__u64 cookie;
	struct tuple tuple;
	__u32 recvq; /* rcv_nxt - copied_seq: what the process has not read, a FIN counts 1; of a
			listener: connections that wait to be accepted (sk_ack_backlog) */
	__u64 inode; /* of the descriptor; 0: none (unaccepted, orphaned, the kernel's own) */
	__u8 state;  /* of a minisocket: its substate */
	__u8 owner_by;
	__u8 direction;
	__u8 reserved;
	__u16 flags;
	__u16 reserved_too;
	__u64 listener;	    /* of what waits to be accepted: the cookie of whose queue it is in; 0:
			       not known */
	__u32 queue_limit;  /* of a listener: sk_max_ack_backlog; it is full when more wait */
	__u32 syn_queue;    /* of a listener: request sockets, or SYN_QUEUE_UNKNOWN */
	__u64 netns_cookie; /* 0: not known */
	__s64 remaining_ns; /* of a minisocket */
	struct socket_times times; /* in CLOSE_WAIT, and where it waits for the peer to close */
	__u32 unacked;		   /* snd_nxt - snd_una: sent; our SYN and our FIN count 1 each */
	__u32 unsent;		   /* write_seq - snd_nxt: queued, likewise */
	__u32 drops;		   /* of a listener: sk_drops, connections it had no room for */
	__u8 retransmits; /* of what was sent first, since the peer acknowledged anything */
	__u8 probes;	  /* of a window that is closed, unanswered: icsk_probes_out */
	__u8 reserved_last[2];
	/* In SYN_SENT: when its first SYN was sent; else when it first sent something again, since
	 * the peer acknowledged anything. 0: not known, or never. */
	__u64 retrans_ns;
	struct process_id owner;
};

struct record_holder {
	struct record_header header;
	__u64 cookie; /* 0 from the kernel for an MPTCP socket: the source finds its subflows by
			 inode */
	__u64 inode;
	__u32 fd;
	__u32 netns;
	__u16 bound_port; /* taken by bind(), or listen(); 0: none */
	__u16 reserved[3];
	struct process_id process;
};

enum listing_phase {
	LISTING_BEGINS = 1,
	LISTING_NAMESPACE, /* every socket of `netns` (0: of all that can be had) has been reported
			      since LISTING_BEGINS */
	LISTING_ENDS,
	LISTING_PHASES,
};

/* What a listing lists. */
enum listing_scope {
	LISTING_ALL,	     /* every socket that is asked for */
	LISTING_CONNECTIONS, /* likewise, where those in CLOSE_WAIT are listed apart */
	LISTING_CLOSE_WAITS, /* only sockets in CLOSE_WAIT, whatever the namespace */
	LISTING_SCOPES,
};

struct record_listing {
	struct record_header header;
	__u8 phase;
	__u8 scope;
	__u8 broken;  /* LISTING_ENDS: the kernel broke off; what it did not show may well exist */
	__u8 partial; /* LISTING_ENDS: nor does it tell of what neither has a descriptor nor waits
			 to be accepted */
	__u32 netns;
};

/* Better evidence than who listens: the process that took it from the accept queue. */
struct record_owner {
	struct record_header header;
	__u64 cookie;
	struct process_id process;
};

#define PROCESS_PATH_MAX 1024

/*
 * A source describes each process once in so many descriptions: who forgets one that was described
 * longer ago may be told again.
 */
#define DESCRIPTIONS_KEPT 4096

struct record_process {
	struct record_header header;
	struct process_id process;
	char exe[PROCESS_PATH_MAX];    /* "": unknown */
	char cgroup[PROCESS_PATH_MAX]; /* below the cgroup v2 root; "": unknown */
};

/* Totals since the start of the program. */
struct losses {
	__u64 ring_full;
	__u64 skipped; /* program runs that recursion prevented */
	__u64 map_full;
	__u64 no_memory;
	__u64 refused; /* records that the decoder did not know */
	__u64 relists;
	__u64 stacks_dropped; /* of user code: what is counted by them is less than there was */
};

/* What was lost, whatever the cause, of what exists: listing again brings back no stack. */
static inline __u64 losses_total(const struct losses *losses)
{
	return losses->ring_full + losses->skipped + losses->map_full + losses->no_memory +
	       losses->refused;
}

struct record_loss {
	struct record_header header;
	struct losses losses;
};

/*
 * The kernel's own counters, of a namespace, since it was made; names.c has their names. Those
 * before COUNTER_EMBRYONIC_RESETS are audited.
 */
enum counter {
	COUNTER_ACTIVE_OPENS,	    /* connect() sent a SYN */
	COUNTER_PASSIVE_OPENS,	    /* a listener got a child */
	COUNTER_ATTEMPT_FAILS,	    /* gave up in SYN_SENT or SYN_RECV */
	COUNTER_ESTAB_RESETS,	    /* ESTABLISHED or CLOSE_WAIT -> CLOSE */
	COUNTER_TIME_WAITS,	    /* made a minisocket whose time is more than 4 s */
	COUNTER_RECYCLED,	    /* connect() took one over */
	COUNTER_KILLED,		    /* made one whose time is 4 s or less */
	COUNTER_TIME_WAIT_OVERFLOW, /* refused to make one */
	COUNTER_MINISOCKETS,	    /* there are now: the only one that is no counter */
	COUNTER_EMBRYONIC_RESETS,   /* dropped a request socket, most of them for a reset */
	COUNTERS,
};

struct record_counters {
	struct record_header header; /* when reading them began; */
	__u64 read_ns;		     /* when it was over */
	__u64 netns_cookie;
	__u32 netns;
	__u32 reserved;
	__u64 values[COUNTERS];
};

/* Of a failure that no transition tells. The tuple is what was asked for; 0: nothing. */
struct record_failure {
	struct record_header header;
	__u64 cookie;
	struct tuple tuple;
	__u8 failure; /* enum port_failure_kind */
	__u8 reserved[3];
	__u16 range_low; /* as in struct record_transition */
	__u16 range_high;
	__u32 reserved2;
	struct process_id process;
};

#define PORTS 65536

/* The settings of a namespace that connect() chooses ports by: net.ipv4.* */
struct record_ports {
	struct record_header header;
	__u32 netns;
	__u16 low; /* ip_local_port_range */
	__u16 high;
	__u32 tw_reuse;		  /* 0: off, 1: on, 2: loopback only */
	__u32 tw_reuse_delay_ms;  /* so old must a TIME_WAIT be to be reused */
	__u8 reserved[PORTS / 8]; /* bitmap: ip_local_reserved_ports */
};

/*
 * What a stream is: which wants (bit 1 << enum want, record/needs.h) its source cannot give. A
 * second one makes all begin anew.
 */
struct record_source {
	struct record_header header;
	__u32 lacks;
	__u32 netns; /* inode number of the source's own namespace: the host's; 0: not known */
	__u64 timewait_ns;	   /* how long a TIME_WAIT lasts, as far as the kernel says */
	__s64 monotonic_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	__s64 boottime_offset_ns;  /* CLOCK_REALTIME minus CLOCK_BOOTTIME */
};

struct record_refresh {
	struct record_header header;
	__s64 monotonic_offset_ns; /* as of now: the time of day may be set, */
	__s64 boottime_offset_ns;  /* and the host may have been suspended */
	__u32 last;		   /* the stream ends with it */
	__u32 reserved;
};

#define FACTS_UNKNOWN (~0ULL)
#define FACTS_NAME    64
#define FACTS_NAMES   10

/* Threads of one name, the number at its end aside: pool-1-thread-* */
struct thread_name {
	char name[16];
	__u32 threads;
	/* what most of them wait in: system call, else function of the kernel; "": not told, or in
	 * none */
	char waiting_in[FACTS_NAME];
};

#define FACTS_ANCESTORS 8

struct ancestor {
	__u32 pid; /* 0: none */
	__u32 reserved;
	__u64 start_ns; /* since boot, to a hundredth of a second */
};

/* What was found out about a process. */
struct process_facts {
	__u64 fds;		  /* FACTS_UNKNOWN: not told */
	__u64 fd_limit;		  /* FACTS_UNKNOWN: not told, or none */
	__u64 looked_for_ns;	  /* since it was looked at before; 0: it was not. Meanwhile: */
	__u64 ran_ns;		  /* on a CPU, all threads together */
	__u64 starved_ns;	  /* runnable, waiting for one: of the thread that waited longest;
				     FACTS_UNKNOWN: not told */
	struct process_id tracer; /* of a thread in a tracing stop; pid 0: none, or not known */
	__u32 threads;
	__u32 looked_at; /* of these; what follows is of those looked at */
	__u32 waiting;	 /* threads in the state and place below, where most are that are not idle,
			    or, if all are idle, most of all */
	__u32 stopped;	 /* threads stopped by a signal or a debugger */
	__u32 traced;	 /* of these, in a tracing stop that lasts */
	__u32 frozen;	 /* threads in the freezer */
	__u8 looked;	 /* its threads were looked at; else only descriptors are told */
	__u8 state;	 /* as in proc(5): R S D T ...; 0: unknown */
	__u8 idle_loop;	 /* every thread waits for whatever may happen: epoll_wait, poll, ... */
	__u8 polls;	 /* a thread waits in poll or select: for what, is not told */
	__u32 names_total;			    /* so many names there are; the greatest: */
	char wchan[FACTS_NAME];			    /* function of the kernel; "": not told */
	char syscall[FACTS_NAME];		    /* name; "": not told, or in none */
	struct thread_name names[FACTS_NAMES];	    /* of most threads first; no threads: no more */
	struct ancestor ancestors[FACTS_ANCESTORS]; /* its parent first; none: not asked for */
};

struct record_facts {
	struct record_header header;
	struct process_id process;
	struct process_facts facts;
};

/* What epoll sets watch a socket for. */
enum epoll_watch {
	WATCH_IN = 1, /* reading */
	WATCH_OTHER,  /* registered, but not for reading, or a one-shot that is spent */
	WATCHES,
};

enum watched_flags {
	WATCHED_HAS_SETS = 1 << 0, /* the process has an epoll set */
	WATCHED_READABLE = 1 << 1, /* every set was read: what is not told is in none */
	WATCHED_TOO_MANY = 1 << 2, /* not read: it has, or watches, too many descriptors */
};

/* A socket that a process watches. One without inode, with flags, begins the answer. */
struct record_watched {
	struct record_header header;
	struct process_id process;
	__u64 inode;
	__u8 how;   /* enum epoll_watch; 0 without inode */
	__u8 flags; /* enum watched_flags; 0 with an inode */
	__u8 reserved[6];
};

/* What the connection tracking of a namespace has counted, on all CPUs. */
struct conntrack {
	__u64 count; /* entries now, */
	__u64 max;   /* and how many there may be, in all namespaces together */
	__u64 insert_failed;
	__u64 drop;
	__u64 early_drop;
};

struct record_namespace {
	struct record_header header;
	__u32 netns;
	__u32 somaxconn; /* net.core.somaxconn; 0: not told */
	__u64 listen_overflows;
	__u64 listen_drops;
	__u8 tracks; /* it has connection tracking, else the rest is 0 */
	__u8 reserved[7];
	struct conntrack conntrack;
};

/*
 * sysctls, by names.c's names: the values of a namespace, in the kernel's units; of several numbers
 * the first. tcp_tw_recycle and tcp_tw_timeout are of other kernels; RECORD_PORTS has what there is
 * to know of ports.
 */
enum setting {
	SETTING_TW_REUSE,
	SETTING_TW_RECYCLE,
	SETTING_TW_TIMEOUT,
	SETTING_FIN_TIMEOUT,
	SETTING_TIMESTAMPS,
	SETTING_MAX_TW_BUCKETS,
	SETTING_MAX_ORPHANS,
	SETTING_ORPHAN_RETRIES,
	SETTING_PORT_RANGE,
	SETTING_RESERVED_PORTS,
	SETTING_NONLOCAL_BIND,
	SETTING_NONLOCAL_BIND_IPV6,
	SETTING_SOMAXCONN,
	SETTING_SYN_BACKLOG,
	SETTING_ABORT_ON_OVERFLOW,
	SETTING_CONNECTION_BUCKETS, /* of the hash table of connections */
	SETTING_CONNTRACK_MAX,
	SETTING_CONNTRACK_TIME_WAIT, /* seconds */
	SETTING_CONNTRACK_CLOSE_WAIT,
	SETTINGS,
};

struct record_settings {
	struct record_header header;
	__u32 netns;
	__u32 reserved;
	__u64 values[SETTINGS]; /* FACTS_UNKNOWN: no such setting here, or not told */
};

/* Of all namespaces together; FACTS_UNKNOWN: not told. */
enum host_figure {
	HOST_SOCKETS,	     /* TCP's, minisockets aside, */
	HOST_ORPHANS,	     /* and of these without a process */
	HOST_MEMORY_BYTES,   /* buffers of TCP; beyond the limit they are cut: */
	HOST_MEMORY_LIMIT,   /* bytes: the last of net.ipv4.tcp_mem */
	HOST_TIMEWAIT_BYTES, /* memory that minisockets have, */
	HOST_TIMEWAIT_SIZE,  /* and each of them takes */
	HOST_STARVED_NS,     /* while some task waited for a CPU, since boot; */
	HOST_STARVED_SHARE,  /* of the last 10 s, in hundredths of a percent */
	HOST_FIGURES,
};

struct record_host {
	struct record_header header;
	__u64 values[HOST_FIGURES];
};

#define SYSCTL_FILE_MAX	 320
#define SYSCTL_VALUE_MAX 64

/*
 * The line that has the last word on a setting when a host boots, sysctl.d(5). One without a line
 * begins the answer.
 */
struct record_sysctl {
	struct record_header header;
	__u32 line;    /* from 1 */
	__u16 setting; /* enum setting */
	__u16 unread;  /* what begins the answer: files, folders that could not be read whole */
	char file[SYSCTL_FILE_MAX];
	char value[SYSCTL_VALUE_MAX]; /* what does not fit is cut */
};

/* More of them are not told of a process. */
#define WATCHED_MAX 20000

/* An ESTABLISHED connection that has data queued or unacknowledged. Cookie 0 begins the answer. */
struct record_sending {
	struct record_header header;
	struct process_id process;
	__u64 cookie;
};

_Static_assert(sizeof(struct record_source) == 48, "record_source");
_Static_assert(sizeof(struct record_namespace) == 88, "record_namespace");
_Static_assert(sizeof(struct record_settings) == 176, "record_settings");
_Static_assert(sizeof(struct record_host) == 80, "record_host");
_Static_assert(sizeof(struct record_sysctl) == 408, "record_sysctl");
_Static_assert(sizeof(struct record_refresh) == 40, "record_refresh");
_Static_assert(sizeof(struct thread_name) == 84, "thread_name");
_Static_assert(sizeof(struct ancestor) == 16, "ancestor");
_Static_assert(sizeof(struct process_facts) == 1208, "process_facts");
_Static_assert(sizeof(struct record_facts) == 1264, "record_facts");
_Static_assert(sizeof(struct record_watched) == 72, "record_watched");
_Static_assert(sizeof(struct record_sending) == 64, "record_sending");
_Static_assert(sizeof(struct record_counters) == 120, "record_counters");
_Static_assert(sizeof(struct record_ports) == 8224, "record_ports");
_Static_assert(sizeof(struct record_header) == 16, "record_header");
_Static_assert(sizeof(struct process_id) == 40, "process_id");
_Static_assert(sizeof(struct tuple) == 44, "tuple");
_Static_assert(sizeof(struct record_transition) == 208, "record_transition");
_Static_assert(sizeof(struct record_owner) == 64, "record_owner");
_Static_assert(sizeof(struct record_timewait) == 96, "record_timewait");
_Static_assert(sizeof(struct record_socket) == 224, "record_socket");
_Static_assert(sizeof(struct record_holder) == 88, "record_holder");
_Static_assert(sizeof(struct record_listing) == 24, "record_listing");
_Static_assert(sizeof(struct record_process) == 2104, "record_process");
_Static_assert(sizeof(struct record_loss) == 72, "record_loss");
_Static_assert(sizeof(struct record_failure) == 120, "record_failure");

#endif
