// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/memory.h"
#include "base/time.h"
#include "source/clock.h"
#include "source/proc/procfs.h"

#define SLABS_BYTES (1 << 20) /* of 200 lines of 120 bytes */
#define AMOUNT_MAX  (1ULL << 60)

static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* net/ipv4/proc.c: "TCP: inuse 5 orphan 0 tw 2 alloc 6 mem 1"; the second, fourth, fifth: of all.
 */
static void read_sockets(int proc, __u64 *values)
{
	uint32_t orphans, sockets, pages;
	char text[1024], *line;

	if (procfs_read(proc, "thread-self/net/sockstat", text, sizeof(text)) <= 0)
		return;
	line = strstr(text, "TCP:");
	if (!line ||
	    sscanf(line, "TCP: inuse %*u orphan %" SCNu32 " tw %*u alloc %" SCNu32 " mem %" SCNu32,
		   &orphans, &sockets, &pages) != 3)
		return;
	values[HOST_ORPHANS] = orphans;
	values[HOST_SOCKETS] = sockets;
	values[HOST_MEMORY_BYTES] = pages * page_bytes();
}

static void read_memory_limit(int proc, __u64 *values)
{
	uint64_t pages;
	char text[128];

	if (procfs_read(proc, "sys/net/ipv4/tcp_mem", text, sizeof(text)) > 0 &&
	    sscanf(text, "%*u %*u %" SCNu64, &pages) == 1 && pages < AMOUNT_MAX / page_bytes())
		values[HOST_MEMORY_LIMIT] = pages * page_bytes();
}

/* kernel/sched/psi.c: "some avg10=0.12 avg60=0.05 avg300=0.01 total=123456", in microseconds. */
static void read_pressure(int proc, __u64 *values)
{
	uint32_t whole, hundredths;
	uint64_t total;
	char text[512];

	if (procfs_read(proc, "pressure/cpu", text, sizeof(text)) <= 0 ||
	    sscanf(text,
		   "some avg10=%" SCNu32 ".%2" SCNu32
		   " avg60=%*u.%*u avg300=%*u.%*u total=%" SCNu64,
		   &whole, &hundredths, &total) != 3)
		return;
	if (whole > 100 || total > AMOUNT_MAX / NS_PER_US)
		return;
	values[HOST_STARVED_SHARE] = whole * 100 + hundredths;
	values[HOST_STARVED_NS] = total * NS_PER_US;
}

/* A slab of minisockets, as far as slabinfo(5) tells it in a line. */
struct slabs {
	uint64_t object_bytes;
	uint64_t pages_each;
	uint64_t count;
};

static bool find_slabs(const char *text, const char *name, struct slabs *slabs)
{
	const char *line = strstr(text, name);

	return line &&
	       sscanf(line + strlen(name),
		      "%*u %*u %" SCNu64 " %*u %" SCNu64
		      " : tunables %*u %*u %*u : slabdata %*u %" SCNu64,
		      &slabs->object_bytes, &slabs->pages_each, &slabs->count) == 3 &&
	       slabs->object_bytes < UINT32_MAX && slabs->pages_each < UINT16_MAX &&
	       slabs->count < UINT32_MAX;
}

/* For root alone. Slabs of this kind are shared with nothing else: SLAB_TYPESAFE_BY_RCU. */
static void add_slabs(const char *text, __u64 *values)
{
	static const char *const names[] = {"\ntw_sock_TCP ", "\ntw_sock_TCPv6 "};

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct slabs slabs;

		if (!find_slabs(text, names[i], &slabs))
			continue;
		if (values[HOST_TIMEWAIT_BYTES] == FACTS_UNKNOWN) {
			values[HOST_TIMEWAIT_BYTES] = 0;
			values[HOST_TIMEWAIT_SIZE] = slabs.object_bytes;
		}
		values[HOST_TIMEWAIT_BYTES] += slabs.count * slabs.pages_each * page_bytes();
	}
}

static void read_slabs(int proc, __u64 *values)
{
	char *text = memory_new(1, SLABS_BYTES);

	if (procfs_read(proc, "slabinfo", text, SLABS_BYTES) > 0)
		add_slabs(text, values);
	free(text);
}

void host_read(int proc, struct record_host *record)
{
	*record = (struct record_host){
		.header = {RECORD_HOST, sizeof(*record), 0, clock_now_ns(CLOCK_MONOTONIC)},
	};
	for (unsigned int i = 0; i < HOST_FIGURES; i++)
		record->values[i] = FACTS_UNKNOWN;
	read_sockets(proc, record->values);
	read_memory_limit(proc, record->values);
	read_pressure(proc, record->values);
	read_slabs(proc, record->values);
}
