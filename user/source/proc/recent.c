// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/recent.h"

bool recent_is(const struct recent *recent, const struct process_id *process)
{
	return recent->pid == process->pid && recent->start_ns == process->start_ns;
}

void *recent_find(void *items, size_t count, size_t size, const struct process_id *process)
{
	struct recent *oldest = items;

	for (size_t i = 0; i < count; i++) {
		struct recent *recent = (void *)((char *)items + i * size);

		if (recent_is(recent, process))
			return recent;
		if (recent->time_ns < oldest->time_ns)
			oldest = recent;
	}
	return oldest;
}
