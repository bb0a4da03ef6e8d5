/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clocks of the kernel, in nanoseconds, and what turns one into the other. */
#ifndef TCPLINGER_CLOCK_H
#define TCPLINGER_CLOCK_H

#include <stdint.h>
#include <time.h>

uint64_t clock_now_ns(clockid_t id);

/* CLOCK_REALTIME minus the clock `id`, now. */
int64_t clock_realtime_offset_ns(clockid_t id);

/*
 * The length of a jiffy: what CLOCK_MONOTONIC_COARSE moves by (kernel/time/hrtimer.c,
 * KTIME_LOW_RES).
 */
uint64_t clock_tick_ns(void);

/* Lets so much time pass. */
void clock_wait_ns(uint64_t ns);

#endif
