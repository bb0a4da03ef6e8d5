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

static void take(__u64 *values, const char *name, const char *value)
{
	for (int i = 0; i < COUNTERS; i++)
		if (strcmp(counter_name((unsigned int)i), name) == 0)
			values[i] = strtoull(value, NULL, 10);
}

/* Walks a line of names and the line of values under it, word by word. */
static void take_lines(__u64 *values, char *name_line, char *value_line)
{
	char *name_rest, *value_rest;
	char *name = strtok_r(name_line, " ", &name_rest);
	char *value = strtok_r(value_line, " ", &value_rest);

	while (name && value) {
		take(values, name, value);
		name = strtok_r(NULL, " ", &name_rest);
		value = strtok_r(NULL, " ", &value_rest);
	}
}

static bool read_pairs(__u64 *values, const char *path)
{
	char text[FILE_BYTES], *rest, *name_line, *value_line;

	if (procfs_read(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return false;
	name_line = strtok_r(text, "\n", &rest);
	value_line = strtok_r(NULL, "\n", &rest);
	while (name_line && value_line) {
		take_lines(values, name_line, value_line);
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
	*record = (struct record_counters){
		.header = {RECORD_COUNTERS, sizeof(*record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.netns = netns,
		.netns_cookie = netns_cookie(),
	};
	if (!read_minisockets(&record->values[COUNTER_MINISOCKETS]) ||
	    !read_pairs(record->values, "/proc/thread-self/net/snmp") ||
	    !read_pairs(record->values, "/proc/thread-self/net/netstat"))
		return false;
	record->read_ns = clock_now_ns(CLOCK_MONOTONIC);
	return true;
}
