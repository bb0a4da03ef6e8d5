// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bystanders that open no connections at all. */

#include "load.h"

#include <sys/syscall.h>
#include <unistd.h>

enum { SYSCALLS_PER_LOOK = 1024 };

int bystander_syscalls(const struct options *options, struct result *result)
{
	double begin = now_s();
	double end = begin + options->duration_s;

	result->unit = "calls";
	while (!stop && now_s() < end) {
		for (int i = 0; i < SYSCALLS_PER_LOOK; i++)
			syscall(SYS_getppid);
		result->count += SYSCALLS_PER_LOOK;
	}
	result->seconds = now_s() - begin;
	return 0;
}
