// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/ancestors.h"

#include <unistd.h>

#include "source/proc/procfs.h"

/* An open directory of the parent; -1 if there is none. Closes `dir`. */
static int open_parent(int dir)
{
	uint32_t parent = procfs_parent(dir);

	close(dir);
	return parent ? procfs_open(parent) : -1;
}

/* A parent that began later is none: it has ended, and its pid is another one's. */
void ancestors_read(const struct process_id *process, struct process_facts *facts)
{
	int dir = procfs_open_same(process);
	struct process_id id;
	uint64_t start_ns = process->start_ns;

	for (size_t i = 0; i < FACTS_ANCESTORS && dir >= 0; i++) {
		dir = open_parent(dir);
		if (dir < 0 || !procfs_identify(dir, &id) || id.start_ns > start_ns)
			break;
		start_ns = id.start_ns;
		facts->ancestors[i] = (struct ancestor){.pid = id.pid, .start_ns = id.start_ns};
	}
	if (dir >= 0)
		close(dir);
}
