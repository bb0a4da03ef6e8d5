// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/loop.h"

#include <poll.h>
#include <time.h>

#include "base/time.h"
#include "source/clock.h"

#define LINE_MS 50 /* a line waits 100 ms at most: twice this */

static int timeout_ms(uint64_t until_ns)
{
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);
	uint64_t ms = until_ns > now_ns ? (until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;

	return ms < LINE_MS ? (int)ms : LINE_MS;
}

void loop_wait(const int *fds, size_t count, uint64_t until_ns)
{
	struct pollfd polled[LOOP_DESCRIPTORS];

	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	/* of those that are negative it waits for the time */
	poll(polled, count, timeout_ms(until_ns));
}
