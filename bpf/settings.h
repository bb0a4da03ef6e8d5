/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space tells the programs before they are loaded: read-only to them. */
#ifndef TCPLINGER_SETTINGS_H
#define TCPLINGER_SETTINGS_H

#include "filter.h"

#define STREAM_STATES 16 /* a power of two, not below TCP_STATES */

struct settings {
	struct tuple_filter filter;
	__u64 tw_timer_handler;	     /* its address, from kallsyms */
	__u64 tick_ns;		     /* length of a jiffy */
	__u64 wake_bytes;	     /* unread bytes in the ring at which its reader is woken */
	__u32 stream[STREAM_STATES]; /* by old state: which new ones (bit 1 << state) are streamed
				      */
	__u32 close_waits; /* sockets in CLOSE_WAIT are marked, to be listed each refresh */
	__u32 established; /* when a connection was established is kept with its owner */
	__u32 outgoing;	   /* only connections that were not accepted are streamed, and listed */
	__u32 rdonly_cast; /* the kernel has bpf_rdonly_cast: minisockets need no probe reads */
	__u32 probe_reads; /* lockdown=confidentiality forbids bpf_probe_read_kernel */
	__u32 audit;	   /* what was accepted is streamed in spite of `outgoing` */
	__u32 refusals;	   /* inet_twsk_alloc is traced: a minisocket that is refused is told */
	__u32 silent_fins; /* timers are traced: the peer's FIN may move none, fin_wait2 tells */
};

#endif
