/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filter on processes: pid, comm, cgroup. All that are given must match. */
#ifndef TCPLINGER_PROCESS_FILTER_H
#define TCPLINGER_PROCESS_FILTER_H

#include <stdbool.h>

#include "model/process.h"

struct process_filter {
	uint32_t pid;	    /* 0: any */
	const char *comm;   /* NULL: any */
	const char *cgroup; /* itself and all below it; NULL: any */
};

static inline bool process_filter_active(const struct process_filter *filter)
{
	return filter->pid || filter->comm || filter->cgroup;
}

/* A NULL process matches only a filter that asks for nothing. */
bool process_filter_match(const struct process_filter *filter, const struct process *process);

#endif
