/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records into the ring buffer, with batched wake-ups: a wake-up per record would cost more than
 * the record.
 */
#ifndef TCPLINGER_EMIT_BPF_H
#define TCPLINGER_EMIT_BPF_H

#include "maps.bpf.h"

/* The reader is woken within so many bytes after each `wake_bytes` that gather: a few records. */
#define WAKE_WITHIN 1024

static __always_inline void record_begin(struct record_header *header, __u16 type, __u16 size,
					 __u64 time_ns)
{
	header->type = type;
	header->size = size;
	header->time_ns = time_ns;
}

/*
 * A zeroed record of `size` bytes in the ring, or NULL, which is counted. Records are whole words,
 * aligned: of a void pointer the compiler does not know, and would zero them byte by byte.
 */
static __always_inline void *emit_reserve(__u16 type, __u64 size, __u64 time_ns)
{
	__u64 *record = bpf_ringbuf_reserve(&records, size, 0);

	if (!record) {
		count(&losses.ring_full);
		return NULL;
	}
	__builtin_memset(record, 0, size);
	record_begin((struct record_header *)record, type, size, time_ns);
	return record;
}

/*
 * The reader polls ten times a second anyway; it is woken early only when much has gathered, and
 * not by each record from then on: an interrupt of its own costs more than all the rest.
 */
static __always_inline void emit_submit(void *record)
{
	__u64 unread = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA);
	bool wake =
		unread >= settings.wake_bytes && (unread & (settings.wake_bytes - 1)) < WAKE_WITHIN;

	bpf_ringbuf_submit(record, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

/* Never a wake-up: under a lock of the timer code, and where others wake often enough. */
static __always_inline void emit_submit_quietly(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif
