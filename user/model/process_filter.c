// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/process_filter.h"

#include <string.h>

static bool same_comm(const char *wanted, const struct process *process)
{
	size_t length = strnlen(process->id.comm, sizeof(process->id.comm));

	return strlen(wanted) == length && memcmp(wanted, process->id.comm, length) == 0;
}

static bool below(const char *cgroup, const char *path)
{
	size_t length = strlen(cgroup);

	if (!path)
		return false;
	while (length && cgroup[length - 1] == '/')
		length--;
	return strncmp(path, cgroup, length) == 0 && (path[length] == 0 || path[length] == '/');
}

bool process_filter_match(const struct process_filter *filter, const struct process *process)
{
	if (!process)
		return !process_filter_active(filter);
	if (filter->pid && filter->pid != process->id.pid)
		return false;
	if (filter->comm && !same_comm(filter->comm, process))
		return false;
	return !filter->cgroup || below(filter->cgroup, process->cgroup);
}
