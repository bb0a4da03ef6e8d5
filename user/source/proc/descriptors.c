// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/descriptors.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/clock.h"
#include "source/proc/procfs.h"

struct holder_process {
	int dir;
	bool described;
	struct record_holder record;
};

static void describe(struct holder_process *process, const struct record_sink *sink)
{
	struct record_process record = {
		.header = {.type = RECORD_PROCESS, .size = sizeof(record)},
		.process = process->record.process,
	};

	if (process->described)
		return;
	process->described = true;
	procfs_describe(&record);
	sink_record(sink, &record.header);
}

/* A descriptor of a socket is a link to "socket:[INODE]". */
static bool socket_inode(int dir, const char *name, uint64_t *inode)
{
	char link[64];
	ssize_t n = readlinkat(dir, name, link, sizeof(link) - 1);

	if (n < 0)
		return false;
	link[n] = 0;
	if (strncmp(link, "socket:[", 8) != 0)
		return false;
	*inode = strtoull(link + 8, NULL, 10);
	return true;
}

static void list_descriptor(struct holder_process *process, const struct pairs *inodes,
			    uint64_t inode, const struct record_sink *sink)
{
	const struct pair *item = pairs_find(inodes, inode);

	for (; item; item = pairs_next(inodes, item)) {
		describe(process, sink);
		process->record.cookie = item->value;
		process->record.inode = inode;
		process->record.header.time_ns = clock_now_ns(CLOCK_MONOTONIC);
		sink_record(sink, &process->record.header);
	}
}

static uint64_t count_entries(DIR *folder)
{
	struct dirent *entry;
	uint64_t count = 0;

	while ((entry = readdir(folder)))
		count += isdigit((unsigned char)entry->d_name[0]) != 0;
	return count;
}

/* Since 6.2 the size of /proc/PID/fd is the number of descriptors; before, it is 0. */
uint64_t descriptors_count(int process)
{
	DIR *folder = procfs_folder(process, "fd");
	struct stat stat;
	uint64_t count;

	if (!folder)
		return FACTS_UNKNOWN;
	if (fstat(dirfd(folder), &stat) == 0 && stat.st_size > 0)
		count = (uint64_t)stat.st_size;
	else
		count = count_entries(folder);
	closedir(folder);
	return count;
}

static void list_process(const char *pid, const struct pairs *inodes,
			 const struct record_sink *sink)
{
	struct holder_process process = {
		.dir = procfs_open((uint32_t)strtoul(pid, NULL, 10)),
		.record.header = {.type = RECORD_HOLDER, .size = sizeof(process.record)},
	};
	struct dirent *entry;
	DIR *fds = NULL;
	uint64_t inode;

	if (process.dir < 0)
		return;
	if (procfs_identify(process.dir, &process.record.process))
		fds = procfs_folder(process.dir, "fd");
	while (fds && (entry = readdir(fds))) {
		if (!socket_inode(dirfd(fds), entry->d_name, &inode))
			continue;
		process.record.fd = (uint32_t)strtoul(entry->d_name, NULL, 10);
		list_descriptor(&process, inodes, inode, sink);
	}
	if (fds)
		closedir(fds);
	close(process.dir);
}

void descriptors_list(struct pairs *inodes, const struct record_sink *sink)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	pairs_sort(inodes);
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			list_process(entry->d_name, inodes, sink);
	closedir(proc);
}
