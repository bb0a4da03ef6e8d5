/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a minisocket's timer was cancelled, told by the kernel's stack at that moment. Stacks are
 * resolved here and not in BPF: a forced end is rare beside the transitions before it, and one walk
 * over at most TIMEWAIT_FRAMES addresses costs less here than a loop in the kernel under the
 * timer's lock.
 */
#ifndef TCPLINGER_END_REASON_H
#define TCPLINGER_END_REASON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_record.h"

/* A function of the kernel that tells a reason when it is the innermost known one on the stack. */
struct end_function {
	const char *name;
	enum end_reason reason;
};

struct end_range {
	uint64_t start, end;
	enum end_reason reason;
};

struct end_ranges {
	struct end_range *items;
	size_t count;
};

extern const struct end_function end_functions[];
extern const size_t end_function_count;

/*
 * The reason, from the stack and from what the minisocket was: data that arrives after a half-close
 * (FIN_WAIT2) and a new SYN both come from tcp_v4_rcv. With no frame known: END_EXPIRED if the time
 * was up and no ranges are known at all, else END_UNKNOWN.
 */
enum end_reason end_reason_of(const struct end_ranges *ranges,
			      const struct record_timewait_end *record);

/* True if data that came after a half-close did it, and no RST. */
bool end_is_by_data(const struct end_ranges *ranges, const struct record_timewait_end *record);

#endif
