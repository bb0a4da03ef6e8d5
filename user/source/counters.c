// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * net/ipv4/proc.c: /proc/net/snmp and /proc/net/netstat are pairs of lines with one prefix, names
 * first, values below. Which names there are differs by kernel.
 */
#include "counters.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "procfs.h"

#define NETSTAT_BYTES 32768

static const char *const names[COUNTERS] = {
	[COUNTER_TIME_WAIT_OVERFLOW] = "TCPTimeWaitOverflow",
};

static void take(__u64 *values, const char *name, const char *value)
{
	for (int i = 0; i < COUNTERS; i++)
		if (strcmp(names[i], name) == 0)
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

bool counters_read(__u64 *values)
{
	char text[NETSTAT_BYTES], *rest, *name_line, *value_line;

	if (procfs_read(AT_FDCWD, "/proc/thread-self/net/netstat", text, sizeof(text)) <= 0)
		return false;
	memset(values, 0, COUNTERS * sizeof(*values));
	name_line = strtok_r(text, "\n", &rest);
	value_line = strtok_r(NULL, "\n", &rest);
	while (name_line && value_line) {
		take_lines(values, name_line, value_line);
		name_line = strtok_r(NULL, "\n", &rest);
		value_line = strtok_r(NULL, "\n", &rest);
	}
	return true;
}
