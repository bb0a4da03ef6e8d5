/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space tells the programs before they are loaded: read-only to them. */
#ifndef TCPLINGER_SETTINGS_H
#define TCPLINGER_SETTINGS_H

#include "filter.h"

#define TODO_STATES 16 /* a power of two, not below TCP_STATES */

/* What is to be done at a transition. */
enum todo {
	TODO_TELL = 1 << 0,	  /* user space is told */
	TODO_ACTOR = 1 << 1,	  /* and who does it: connect(), listen(), or close(), which sends a
				     FIN or an RST */
	TODO_CONNECT = 1 << 2,	  /* what is needed to see why connect() failed is told */
	TODO_MINISOCKET = 1 << 3, /* a minisocket may stand for the socket from now on */
	TODO_BIRTH = 1 << 4,	  /* of a listener: its cookie is noted, */
	TODO_LISTENER = 1 << 5,	  /* and told when the child leaves SYN_RECV */
	TODO_CARRIED = 1 << 6,	  /* the first FIN: what it carried is told */
};

struct settings {
	struct tuple_filter filter;
	__u64 tw_timer_handler; /* its address, from kallsyms */
	__u64 tick_ns;		/* length of a jiffy */
	__u64 wake_bytes; /* with each so many unread bytes the reader is woken: a power of 2 */
	__u8 todo[TODO_STATES][TODO_STATES]; /* by old state and new: enum todo */
	__u32 last_calls;		     /* there is a map for what each CPU did last */
	__u32 twice;	   /* what one program of transitions misses the other takes */
	__u32 minisockets; /* they are followed */
	__u32 outgoing;	   /* only connections that were not accepted are streamed, and listed */
	__u32 rdonly_cast; /* the kernel has bpf_rdonly_cast: minisockets need no probe reads */
	__u32 probe_reads; /* lockdown=confidentiality forbids bpf_probe_read_kernel */
	__u32 audit;	   /* what was accepted is streamed in spite of `outgoing` */
	__u32 refusals;	   /* inet_twsk_alloc is traced: a minisocket that is refused is told */
	__u32 waiting_max; /* entries of fin_wait2 */
	__u32 silent_fins; /* the peer's FIN may move no timer: fin_wait2 tells, which there is */
};

#endif
