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
#include "base/memory.h"
#include "base/search.h"
#include "source/proc/procfs.h"

void inodes_add(struct inodes *inodes, uint64_t inode, uint64_t cookie)
{
	if (inodes->count == inodes->capacity) {
		inodes->capacity = inodes->capacity ? inodes->capacity * 2 : 64;
		inodes->items =
			memory_resize(inodes->items, inodes->capacity, sizeof(*inodes->items));
	}
	inodes->items[inodes->count++] = (struct inode_cookie){inode, cookie};
}

static int compare(const void *a, const void *b)
{
	const struct inode_cookie *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

void inodes_sort(struct inodes *inodes)
{
	if (inodes->count)
		qsort(inodes->items, inodes->count, sizeof(*inodes->items), compare);
}

void inodes_free(struct inodes *inodes)
{
	free(inodes->items);
	*inodes = (struct inodes){0};
}

static uint64_t inode_of(const void *item)
{
	return ((const struct inode_cookie *)item)->inode;
}

const struct inode_cookie *inodes_find(const struct inodes *inodes, uint64_t inode)
{
	size_t low =
		search_place(inodes->items, inodes->count, sizeof(*inodes->items), inode_of, inode);

	if (low == inodes->count || inodes->items[low].inode != inode)
		return NULL;
	return &inodes->items[low];
}

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

static void list_descriptor(struct holder_process *process, const struct inodes *inodes,
			    uint64_t inode, const struct record_sink *sink)
{
	const struct inode_cookie *item = inodes_find(inodes, inode);
	const struct inode_cookie *end = inodes->items + inodes->count;

	for (; item && item < end && item->inode == inode; item++) {
		describe(process, sink);
		process->record.cookie = item->cookie;
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

static void list_process(const char *pid, const struct inodes *inodes,
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

void descriptors_list(struct inodes *inodes, const struct record_sink *sink)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	inodes_sort(inodes);
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			list_process(entry->d_name, inodes, sink);
	closedir(proc);
}
