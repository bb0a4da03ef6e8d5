// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/time.h"
#include "cli/version.h"
#include "command/record/recorder.h"
#include "source/clock.h"
#include "source/proc/procfs.h"

static void describe_host(struct recording_header *header)
{
	struct utsname name;

	if (uname(&name) == 0) {
		snprintf(header->host, sizeof(header->host), "%s", name.nodename);
		snprintf(header->kernel, sizeof(header->kernel), "%s", name.release);
		snprintf(header->machine, sizeof(header->machine), "%s", name.machine);
	}
	if (procfs_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", header->boot_id,
			sizeof(header->boot_id)) > 0)
		header->boot_id[strcspn(header->boot_id, "\n")] = 0;
}

static void describe_needs(struct recording_header *header, const struct needs *needs)
{
	memcpy(header->told, needs->told, sizeof(needs->told));
	header->listed = needs->listed;
	header->refreshed = needs->refreshed;
	header->snapshot = needs->snapshot;
	header->wants = needs->wants;
}

static void describe_filters(struct recording_header *header, const struct options *options)
{
	const struct process_filter *processes = &options->processes;

	header->tuples = options->tuples;
	header->pid = processes->pid;
	snprintf(header->comm, sizeof(header->comm), "%s", processes->comm ? processes->comm : "");
	snprintf(header->cgroup, sizeof(header->cgroup), "%s",
		 processes->cgroup ? processes->cgroup : "");
}

void recording_describe(struct recording_header *header, const struct options *options,
			const struct needs *needs)
{
	*header = (struct recording_header){
		.interval_ns = (uint64_t)(options->interval_s * NS_PER_S),
		.monotonic_offset_ns = clock_realtime_offset_ns(CLOCK_MONOTONIC),
		.boottime_offset_ns = clock_realtime_offset_ns(CLOCK_BOOTTIME),
	};
	snprintf(header->version, sizeof(header->version), "%s", program_version);
	describe_host(header);
	describe_needs(header, needs);
	describe_filters(header, options);
}
