/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records into the ring buffer, with batched wake-ups: a wake-up per record would cost more than
 * the record.
 */
#ifndef TCPLINGER_EMIT_BPF_H
#define TCPLINGER_EMIT_BPF_H

#include "maps.bpf.h"

static __always_inline void record_begin(struct record_header *header, __u16 type, __u16 size)
{
	header->type = type;
	header->size = size;
	header->time_ns = bpf_ktime_get_ns();
}

/* A zeroed record of `size` bytes in the ring, or NULL, which is counted. */
static __always_inline void *emit_reserve(__u16 type, __u64 size)
{
	void *record = bpf_ringbuf_reserve(&records, size, 0);

	if (!record) {
		count(&losses.ring_full);
		return NULL;
	}
	__builtin_memset(record, 0, size);
	record_begin(record, type, size);
	return record;
}

/* The reader polls ten times a second anyway; it is woken early only when much has gathered. */
static __always_inline void emit_submit(void *record)
{
	__u64 unread = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA);

	bpf_ringbuf_submit(record,
			   unread >= settings.wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

/* Under a lock of the timer code: never a wake-up. */
static __always_inline void emit_submit_quietly(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif
