// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The clock, the end of a load, errors and limits. */

#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

volatile sig_atomic_t stop;

double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void sleep_us(uint32_t us)
{
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};

	nanosleep(&time, NULL);
}

void sleep_unless_stopped(uint32_t ms)
{
	while (ms && !stop) {
		uint32_t slice = ms < 50 ? ms : 50;

		sleep_us(slice * 1000);
		ms -= slice;
	}
}

int fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	return -1;
}

void announce(const struct options *options, const char *what)
{
	if (options->announce) {
		puts(what);
		fflush(stdout);
	}
}

int allow_descriptors(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return fail("getrlimit");
	if (limit.rlim_cur >= wanted)
		return 0;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	return setrlimit(RLIMIT_NOFILE, &limit) ? fail("cannot raise RLIMIT_NOFILE") : 0;
}

uint64_t most_descriptors(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	if (limit.rlim_cur < wanted) {
		struct rlimit more = {.rlim_cur = wanted, .rlim_max = wanted};

		if (limit.rlim_max > wanted)
			more.rlim_max = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &more)) {
			limit.rlim_cur = limit.rlim_max;
			setrlimit(RLIMIT_NOFILE, &limit);
		}
	}
	return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur;
}
