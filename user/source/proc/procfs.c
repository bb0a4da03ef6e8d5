// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_NS	    10000000ULL /* USER_HZ is 100 on every architecture that Linux knows */
#define START_FIELD 22		/* proc(5): (22) starttime */

long procfs_read(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (length < size - 1) {
		n = read(fd, text + length, size - 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	close(fd);
	text[length] = 0;
	return n < 0 ? -1 : (long)length;
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

/* comm may hold spaces and parentheses: it ends at the last ")". */
bool procfs_identify(int process, struct process_id *id)
{
	char text[1024], *open, *close, *field;

	if (procfs_read(process, "stat", text, sizeof(text)) <= 0)
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open)
		return false;
	*id = (struct process_id){.pid = (uint32_t)strtoul(text, NULL, 10)};
	if ((size_t)(close - open - 1) <= sizeof(id->comm))
		memcpy(id->comm, open + 1, (size_t)(close - open - 1));
	else
		memcpy(id->comm, open + 1, sizeof(id->comm));
	field = close + 1; /* before the third */
	for (int i = 3; i <= START_FIELD && field; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return false;
	/* `field` is at the space before the 23rd: go back to the start of the 22nd */
	do
		field--;
	while (field[-1] != ' ');
	id->start_ns = strtoull(field, NULL, 10) * TICK_NS;
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
	int process = procfs_open(record->process.pid);
	struct process_id now;
	ssize_t n;

	record->exe[0] = 0;
	record->cgroup[0] = 0;
	if (process < 0)
		return;
	if (procfs_identify(process, &now) &&
	    now.start_ns / TICK_NS == record->process.start_ns / TICK_NS) {
		n = readlinkat(process, "exe", record->exe, sizeof(record->exe) - 1);
		record->exe[n < 0 ? 0 : n] = 0;
		read_cgroup(process, record->cgroup, sizeof(record->cgroup));
	}
	close(process);
}
