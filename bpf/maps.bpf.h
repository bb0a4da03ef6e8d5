/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs share: maps, settings, counters. Defined in maps.bpf.c. */
#ifndef TCPLINGER_MAPS_BPF_H
#define TCPLINGER_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "record.h"
#include "settings.h"

/*
 * Who a socket is charged to. Up to 56 bytes cost the kernel no more than 8: an element is
 * cache-aligned. A preallocated hash by socket is no faster, one that allocates is slower (6.18);
 * and either would have to be rid of sockets whose end was missed.
 */
struct owner {
	struct process_id process;
	__u8 by;
	__u8 direction;
	__u8 failed;	 /* its last connect() found no port, which was told */
	__u8 bound;	 /* connect() did not choose its port: bind() had */
	__u32 write_seq; /* when connect() began: a SYN sent moves it */
	__u64 since_ns;	 /* when it entered SYN_SENT, then, if asked for, ESTABLISHED */
};

struct owners_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner);
};

struct records_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* set before load: what the view needs */
};

/*
 * Minisockets in FIN_WAIT2, by the address of their timer: those whose entry into TIME_WAIT, at the
 * peer's FIN, is still to be noticed. Preallocated: it is updated under the timer base's lock.
 */
struct fin_wait2_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072); /* set from tcp_max_tw_buckets before load */
	__type(key, __u64);
	__type(value, __u64); /* cookie */
};

/* The last call of softirq that `transitions` handled on this CPU. */
struct call {
	__u64 sk;
	__s32 old_state;
	__s32 new_state;
};

struct last_softirq_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call);
};

/* What came last of making a minisocket on this CPU. */
struct last_minisocket {
	__u64 cookie;  /* of the one that was armed */
	__u64 refused; /* the socket that got none, where that is traced */
};

struct last_minisocket_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last_minisocket);
};

extern struct owners_map owners SEC(".maps");
extern struct records_map records SEC(".maps");
extern struct fin_wait2_map fin_wait2 SEC(".maps");
extern struct last_softirq_map last_softirq SEC(".maps");
extern struct last_minisocket_map last_minisocket SEC(".maps");
extern const volatile struct settings settings;
extern struct losses losses;
extern __u32 list_states; /* sockets in these (bit 1 << state), and their holders, are listed now */
extern __u32 list_described;  /* sockets in these are told by who holds them as well, of CLOSE the
				 dead; and whatever the filter says */
extern __u32 list_sender;     /* not 0: of this process, and nothing but what it cannot send */
extern __u32 list_low;	      /* so are, whoever made them, those that bind() gave a port of this */
extern __u32 list_high;	      /* range */
extern __u64 list_jiffies_ns; /* see jiffies_began */

static __always_inline struct last_minisocket *last_minisocket_here(void)
{
	__u32 zero = 0;

	return settings.minisockets ? bpf_map_lookup_elem(&last_minisocket, &zero) : NULL;
}

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

/*
 * A host may refuse any map. A setting says which there are: the verifier knows it, and does not
 * look at what is done with one that there is not.
 */
static __always_inline struct owner *owner_get(struct sock *sk, __u64 flags)
{
	return settings.owners ? bpf_sk_storage_get(&owners, sk, NULL, flags) : NULL;
}

/* There was no memory for it. */
static __always_inline void owner_missed(void)
{
	if (settings.owners)
		count(&losses.no_memory);
}

#endif
