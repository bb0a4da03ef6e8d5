/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs share: maps, settings, counters. Defined in maps.bpf.c. */
#ifndef TCPLINGER_MAPS_BPF_H
#define TCPLINGER_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "raw_stack.h"
#include "record.h"
#include "settings.h"

struct records_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* set before load: what the view needs */
};

/*
 * Minisockets that were in FIN_WAIT2 when they were born, or listed: their entry into TIME_WAIT, at
 * the peer's FIN, is still to be noticed.
 */
struct waiting {
	__u64 timer; /* its address */
	__u64 cookie;
};

struct fin_wait2_map {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 131072); /* set from tcp_max_tw_buckets before load */
	__type(value, struct waiting);
};

/* A call of the tracepoint. */
struct call {
	__u64 sk;
	__s32 old_state;
	__s32 new_state;
};

/* What this CPU did last. */
struct last_calls {
	struct call softirq; /* that `transitions` handled in softirq */
	__u64 child;	     /* a socket that was born of a listener, */
	__u64 listener;	     /* and that one's cookie */
	__u64 refused;	     /* a socket that got no minisocket, where that is traced */
};

struct last_calls_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last_calls);
};

/* Of user code, apart from all else: however many there are, no other record is lost by them. */
struct stacks_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
};

/*
 * Where a stack is put together, and of which sockets this CPU has told the end of file: the cookie
 * at its place is enough, as who reads it again and again does so at once.
 */
#define STACKS_TOLD 512
struct stack_scratch {
	struct raw_stack stack;
	__u64 told[STACKS_TOLD];
};

/* By event: none interrupts the same one on its CPU. */
struct stack_scratch_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STACK_EVENTS);
	__type(key, __u32);
	__type(value, struct stack_scratch);
};

/* Python processes, by pid. */
struct pythons_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PYTHON_PROCESSES);
	__type(key, __u32);
	__type(value, struct python_layout);
};

extern struct records_map records SEC(".maps");
extern struct fin_wait2_map fin_wait2 SEC(".maps");
extern struct last_calls_map last_calls SEC(".maps");
extern struct stacks_map stacks SEC(".maps");
extern struct stack_scratch_map stack_scratch SEC(".maps");
extern struct pythons_map pythons SEC(".maps");
extern const volatile struct settings settings;
extern struct losses losses;
extern __u32 list_states; /* sockets in these (bit 1 << state), and their holders, are listed now */
extern __u32 list_described;  /* sockets in these are told by who holds them as well, of CLOSE the
				 dead; and whatever the filter says */
extern __u32 list_sender;     /* not 0: of this process, and nothing but what it cannot send */
extern __u32 list_low;	      /* so are, whoever made them, those that bind() gave a port of this */
extern __u32 list_high;	      /* range */
extern __u32 list_again;      /* not the first: what is new to it has begun since */
extern __u64 list_jiffies_ns; /* see jiffies_began */

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

/*
 * A host may refuse any map. A setting says which there are: the verifier knows it, and does not
 * look at what is done with one that there is not.
 */
static __always_inline struct last_calls *last_calls_here(void)
{
	__u32 zero = 0;

	return settings.last_calls ? bpf_map_lookup_elem(&last_calls, &zero) : NULL;
}

#endif
