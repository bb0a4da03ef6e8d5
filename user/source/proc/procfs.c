// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_NS	     10000000ULL /* USER_HZ is 100 on every architecture that Linux knows */
#define PARENT_FIELD 4		 /* (4) ppid */
#define UTIME_FIELD  14		 /* proc(5): (14) utime, (15) stime */
#define START_FIELD  22		 /* (22) starttime */
#define STACK_FIELD  28		 /* (28) startstack */

long procfs_read_from(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n = 0;

	while (length < size - 1) {
		n = read(fd, text + length, size - 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	text[length] = 0;
	return n < 0 ? -1 : (long)length;
}

long procfs_read(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	long length;

	if (fd < 0)
		return -1;
	length = procfs_read_from(fd, text, size);
	close(fd);
	return length;
}

bool procfs_number(int dir, const char *path, uint64_t *number)
{
	char text[64], *end;

	if (procfs_read(dir, path, text, sizeof(text)) < 0)
		return false;
	*number = strtoull(text, &end, 10);
	return end != text;
}

int procfs_open(uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int procfs_open_same(const struct process_id *process)
{
	int dir = procfs_open(process->pid);
	struct process_id now;

	if (dir < 0)
		return -1;
	if (procfs_identify(dir, &now) && now.start_ns / TICK_NS == process->start_ns / TICK_NS)
		return dir;
	close(dir);
	return -1;
}

DIR *procfs_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0)
		close(fd);
	return folder;
}

/* comm may hold spaces and parentheses: it ends at the last ")". proc(5) counts fields from 1. */
static bool stat_field(const char *text, int number, uint64_t *value)
{
	const char *field = strrchr(text, ')');

	for (int i = 2; i < number && field; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return false;
	*value = strtoull(field, NULL, 10);
	return true;
}

uint64_t procfs_ran_ns(int process)
{
	uint64_t user = 0, system = 0;
	char text[1024];

	if (procfs_read(process, "stat", text, sizeof(text)) <= 0 ||
	    !stat_field(text, UTIME_FIELD, &user) || !stat_field(text, UTIME_FIELD + 1, &system))
		return 0;
	return (user + system) * TICK_NS;
}

/* 0: it has gone. */
static uint64_t stat_number(int process, int number)
{
	uint64_t value = 0;
	char text[1024];

	if (procfs_read(process, "stat", text, sizeof(text)) <= 0 ||
	    !stat_field(text, number, &value))
		return 0;
	return value;
}

uint32_t procfs_parent(int process)
{
	return (uint32_t)stat_number(process, PARENT_FIELD);
}

uint64_t procfs_start_stack(int process)
{
	return stat_number(process, STACK_FIELD);
}

bool procfs_identify(int process, struct process_id *id)
{
	char text[1024], *open, *close;
	uint64_t start;

	if (procfs_read(process, "stat", text, sizeof(text)) <= 0)
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open || !stat_field(text, START_FIELD, &start))
		return false;
	*id = (struct process_id){.pid = (uint32_t)strtoul(text, NULL, 10),
				  .start_ns = start * TICK_NS};
	if ((size_t)(close - open - 1) <= sizeof(id->comm))
		memcpy(id->comm, open + 1, (size_t)(close - open - 1));
	else
		memcpy(id->comm, open + 1, sizeof(id->comm));
	return true;
}

/* "0::/path": the line of the v2 hierarchy (cgroups(7)). */
static void read_cgroup(int process, char *cgroup, size_t size)
{
	char text[4096], *line;

	if (procfs_read(process, "cgroup", text, sizeof(text)) <= 0)
		return;
	line = strstr(text, "0::/");
	if (!line || (line != text && line[-1] != '\n'))
		return;
	line += 3;
	line[strcspn(line, "\n")] = 0;
	if (strlen(line) < size)
		strcpy(cgroup, line);
}

void procfs_describe(struct record_process *record)
{
	int process = procfs_open_same(&record->process);
	ssize_t n;

	record->exe[0] = 0;
	record->cgroup[0] = 0;
	if (process < 0)
		return;
	n = readlinkat(process, "exe", record->exe, sizeof(record->exe) - 1);
	record->exe[n < 0 ? 0 : n] = 0;
	read_cgroup(process, record->cgroup, sizeof(record->cgroup));
	close(process);
}
