// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/namespace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/memory.h"
#include "source/clock.h"
#include "source/proc/counters.h"
#include "source/proc/procfs.h"

#define STAT_BYTES  (1 << 20) /* a line of 160 bytes for each CPU */
#define COLUMNS_MAX 64
#define HEXADECIMAL 16
#define TRACKING    "sys/net/netfilter/nf_conntrack_"

/* Where the values of a column go; NULL: nowhere. */
static __u64 *place_of(struct conntrack *conntrack, const char *name)
{
	if (strcmp(name, "insert_failed") == 0)
		return &conntrack->insert_failed;
	if (strcmp(name, "drop") == 0)
		return &conntrack->drop;
	return strcmp(name, "early_drop") == 0 ? &conntrack->early_drop : NULL;
}

static void add_line(__u64 *const *places, size_t count, char *line)
{
	char *rest, *word = strtok_r(line, " ", &rest);

	for (size_t i = 0; i < count && word; i++) {
		if (places[i])
			*places[i] += strtoull(word, NULL, HEXADECIMAL);
		word = strtok_r(NULL, " ", &rest);
	}
}

/* Names, then a line of hexadecimal figures for each CPU (nf_conntrack_standalone.c, ct_cpu_seq).
 */
static void add_lines(struct conntrack *conntrack, char *text)
{
	char *rest, *rest_of_line, *line = strtok_r(text, "\n", &rest), *word;
	__u64 *places[COLUMNS_MAX];
	size_t count = 0;

	word = line ? strtok_r(line, " ", &rest_of_line) : NULL;
	for (; word && count < COLUMNS_MAX; word = strtok_r(NULL, " ", &rest_of_line))
		places[count++] = place_of(conntrack, word);
	while ((line = strtok_r(NULL, "\n", &rest)))
		add_line(places, count, line);
}

/* 0: not told. */
static uint64_t number_of(int proc, const char *path)
{
	uint64_t number;

	return procfs_number(proc, path, &number) ? number : 0;
}

bool conntrack_read(int proc, struct conntrack *conntrack)
{
	char *text = memory_new(1, STAT_BYTES);
	bool there = procfs_read(proc, "thread-self/net/stat/nf_conntrack", text, STAT_BYTES) > 0;

	*conntrack = (struct conntrack){0};
	if (there) {
		add_lines(conntrack, text);
		conntrack->count = number_of(proc, TRACKING "count");
		conntrack->max = number_of(proc, TRACKING "max");
	}
	free(text);
	return there;
}

static void read_counters(struct record_namespace *record)
{
	static const char *const names[] = {"ListenOverflows", "ListenDrops"};
	__u64 values[LENGTH(names)] = {0};

	counters_find("/proc/thread-self/net/netstat", names, values, LENGTH(names));
	record->listen_overflows = values[0];
	record->listen_drops = values[1];
}

void namespace_read(struct record_namespace *record, uint32_t netns)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t somaxconn;

	*record = (struct record_namespace){
		.header = {RECORD_NAMESPACE, sizeof(*record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.netns = netns,
	};
	read_counters(record);
	if (proc < 0)
		return;
	if (procfs_number(proc, "sys/net/core/somaxconn", &somaxconn) && somaxconn <= UINT32_MAX)
		record->somaxconn = (uint32_t)somaxconn;
	record->tracks = conntrack_read(proc, &record->conntrack);
	close(proc);
}
