// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/clock.h"

#include <errno.h>

#include "base/time.h"

static uint64_t ns_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

uint64_t clock_now_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return ns_of(&now);
}

/* Between two readings of the other clock, so that an interruption costs at most its half. */
int64_t clock_realtime_offset_ns(clockid_t id)
{
	uint64_t before = clock_now_ns(id);
	uint64_t real = clock_now_ns(CLOCK_REALTIME);
	uint64_t after = clock_now_ns(id);

	return (int64_t)(real - (before + (after - before) / 2));
}

uint64_t clock_tick_ns(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return ns_of(&tick);
}

void clock_wait_ns(uint64_t ns)
{
	struct timespec rest = {
		.tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S),
	};

	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}
