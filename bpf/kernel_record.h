/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records that only the programs make: the live source makes others of them (record.h), which
 * is what everybody else sees. The same rules hold.
 */
#ifndef TCPLINGER_KERNEL_RECORD_H
#define TCPLINGER_KERNEL_RECORD_H

#include "record.h"

/*
 * A transition as the programs tell it: in as few bytes as it takes, since most of what it costs is
 * that. What else is to be known of the connection, user space knows by its cookie.
 */
struct record_step {
	struct record_header header;
	__u64 cookie;
	__u64 netns_cookie;
	__u64 listener; /* cookie of the one that a child came from, as it is born; 0: not known */
	struct tuple tuple;
	__u8 old_state;
	__u8 new_state;
	__u8 refused; /* a program saw that no minisocket was made of it */
	__u8 unsent;  /* as in struct record_transition, and so what follows */
	__u16 range_low;
	__u16 range_high;
	__u16 error;
	__u16 port_held;
	__u8 dead;
	__u8 accepted; /* or waits to be */
	__u8 measured;
	__u8 reserved[5];
	struct carried carried;
};

struct record_act {
	struct record_step step;
	struct process_id actor; /* who connects, listens, or closes */
};

/*
 * Frames of the kernel stack that cancelled the timer: tracing glue first, then detach_if_pending
 * and up.
 */
#define TIMEWAIT_FRAMES 12

struct record_timewait_end {
	struct record_timewait timewait;
	__u64 frames[TIMEWAIT_FRAMES];
};

_Static_assert(sizeof(struct record_step) == 128, "record_step");
_Static_assert(sizeof(struct record_act) == 168, "record_act");
_Static_assert(sizeof(struct record_timewait_end) == 192, "record_timewait_end");

#endif
