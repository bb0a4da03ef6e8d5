// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/grouping.h"
#include "base/hash.h"

#include <string.h>

const char *const grouping_names[GROUPINGS] = {
	[BY_PID] = "pid",	[BY_COMM] = "comm",	      [BY_EXE] = "exe",
	[BY_CGROUP] = "cgroup", [BY_CONTAINER] = "container",
};

const char *grouping_name(enum grouping by, const struct process *process, char text[17])
{
	if (!process)
		return "";
	switch (by) {
	case BY_COMM:
		memcpy(text, process->id.comm, sizeof(process->id.comm));
		text[sizeof(process->id.comm)] = 0;
		return text;
	case BY_EXE:
		return process->exe ? process->exe : "";
	case BY_CGROUP:
		return process->cgroup ? process->cgroup : "";
	case BY_CONTAINER:
		return process->container;
	default:
		return "";
	}
}

/* FNV-1a: of 100,000 keys, two of 64 bits do not meet. */
uint64_t grouping_key(enum grouping by, const struct process *process)
{
	char text[17];
	const char *name;

	if (!process)
		return 0;
	if (by == BY_PID)
		return process->key;
	name = grouping_name(by, process, text);
	/* a comm may be empty, what else is has not been found out */
	return name[0] || by == BY_COMM ? hash_bytes(0, name, strlen(name)) : 0;
}
