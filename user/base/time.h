/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lengths of time, and what turns the kernel's clocks into the time of day. */
#ifndef TCPLINGER_TIME_H
#define TCPLINGER_TIME_H

#include <stdint.h>

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000LL
#define NS_PER_US 1000LL

#define DEFAULT_TIMEWAIT_NS (60 * NS_PER_S) /* TCP_TIMEWAIT_LEN, include/net/tcp.h */

struct clock_offsets {
	int64_t monotonic_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC, now */
	int64_t boottime_ns; /* the same for CLOCK_BOOTTIME, once: a process starts at one time only
			      */
};

#endif
