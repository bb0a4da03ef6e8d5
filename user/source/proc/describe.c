// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/describe.h"

#include <string.h>

#include "base/memory.h"
#include "source/proc/procfs.h"

#define SLOTS (2 * DESCRIPTIONS_KEPT)

struct described {
	uint64_t start_ns;
	uint32_t pid;
	char comm[16];
	uint64_t
		number; /* the model may have forgotten descriptions older than DESCRIPTIONS_KEPT */
};

void describer_open(struct describer *describer)
{
	cgroups_open(&describer->cgroups);
	describer->slots = memory_new(SLOTS, sizeof(*describer->slots));
	describer->descriptions = DESCRIPTIONS_KEPT;
}

void describer_close(struct describer *describer)
{
	cgroups_close(&describer->cgroups);
	free(describer->slots);
}

static struct described *slot_of(const struct describer *describer,
				 const struct process_id *process)
{
	uint64_t hash = (process->start_ns ^ process->pid) * 0x9e3779b97f4a7c15ULL;

	return &describer->slots[(hash >> 32) % SLOTS];
}

static bool described_lately(const struct describer *describer, const struct described *slot,
			     const struct process_id *process, bool current)
{
	return slot->pid == process->pid && slot->start_ns == process->start_ns &&
	       (!current || memcmp(slot->comm, process->comm, sizeof(slot->comm)) == 0) &&
	       describer->descriptions - slot->number < DESCRIPTIONS_KEPT;
}

void describe_process(struct describer *describer, const struct record_sink *sink,
		      const struct process_id *process, bool current)
{
	struct described *slot = slot_of(describer, process);
	struct record_process record;

	if (!process->pid || described_lately(describer, slot, process, current))
		return;
	record.header = (struct record_header){.type = RECORD_PROCESS, .size = sizeof(record)};
	record.process = *process;
	procfs_describe(&record);
	if (!record.cgroup[0])
		cgroups_path(&describer->cgroups, process->cgroup_id, record.cgroup,
			     sizeof(record.cgroup));
	*slot = (struct described){.start_ns = process->start_ns, .pid = process->pid};
	memcpy(slot->comm, process->comm, sizeof(slot->comm));
	slot->number = ++describer->descriptions;
	sink_record(sink, &record.header);
}
