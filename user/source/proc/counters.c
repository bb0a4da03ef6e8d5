// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * net/ipv4/proc.c: /proc/net/snmp and /proc/net/netstat are pairs of lines with one prefix, names
 * first, values below. Which names there are differs by kernel. /proc/net/sockstat has names and
 * values in one line for each protocol.
 */
#include "source/proc/counters.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/clock.h"
#include "record/names.h"
#include "source/proc/procfs.h"

#define FILE_BYTES 32768

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* include/uapi/asm-generic/socket.h, since 5.14 */
#endif

/* Names that are looked for, and where their values go. */
struct wanted {
	const char *const *names;
	__u64 *values;
	size_t count;
};

static void take(const struct wanted *wanted, const char *name, const char *value)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->names[i], name) == 0)
			wanted->values[i] = strtoull(value, NULL, 10);
}

/* Walks a line of names and the line of values under it, word by word. */
static void take_lines(const struct wanted *wanted, char *name_line, char *value_line)
{
	char *name_rest, *value_rest;
	char *name = strtok_r(name_line, " ", &name_rest);
	char *value = strtok_r(value_line, " ", &value_rest);

	while (name && value) {
		take(wanted, name, value);
		name = strtok_r(NULL, " ", &name_rest);
		value = strtok_r(NULL, " ", &value_rest);
	}
}

bool counters_find(const char *path, const char *const *names, __u64 *values, size_t count)
{
	char text[FILE_BYTES], *rest, *name_line, *value_line;
	struct wanted wanted = {names, values, count};

	if (procfs_read(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return false;
	name_line = strtok_r(text, "\n", &rest);
	value_line = strtok_r(NULL, "\n", &rest);
	while (name_line && value_line) {
		take_lines(&wanted, name_line, value_line);
		name_line = strtok_r(NULL, "\n", &rest);
		value_line = strtok_r(NULL, "\n", &rest);
	}
	return true;
}

static bool read_minisockets(__u64 *count)
{
	char text[1024], *line;
	unsigned int tw;

	if (procfs_read(AT_FDCWD, "/proc/thread-self/net/sockstat", text, sizeof(text)) <= 0)
		return false;
	line = strstr(text, "\nTCP:");
	if (!line || sscanf(line, "\nTCP: inuse %*u orphan %*u tw %u", &tw) != 1)
		return false;
	*count = tw;
	return true;
}

/*
 * Of a namespace that goes, the inode number is given to the next: its cookie is not. Any socket
 * tells it; the sandbox allows this kind.
 */
static uint64_t netns_cookie(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) != 0)
		cookie = 0;
	close(fd);
	return cookie;
}

bool counters_read(struct record_counters *record, uint32_t netns)
{
	const char *names[COUNTERS];

	*record = (struct record_counters){
		.header = {RECORD_COUNTERS, sizeof(*record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.netns = netns,
		.netns_cookie = netns_cookie(),
	};
	for (unsigned int i = 0; i < COUNTERS; i++)
		names[i] = counter_name(i);
	if (!read_minisockets(&record->values[COUNTER_MINISOCKETS]) ||
	    !counters_find("/proc/thread-self/net/snmp", names, record->values, COUNTERS) ||
	    !counters_find("/proc/thread-self/net/netstat", names, record->values, COUNTERS))
		return false;
	record->read_ns = clock_now_ns(CLOCK_MONOTONIC);
	return true;
}
