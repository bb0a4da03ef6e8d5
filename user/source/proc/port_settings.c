// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/port_settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/clock.h"
#include "source/proc/procfs.h"

#define SETTING(name)	    "/proc/sys/net/ipv4/" name
#define REUSE_DELAY_MS	    1000 /* of kernels without tcp_tw_reuse_delay (before 6.17) */
#define RESERVED_TEXT_BYTES 65536

static void reserve(struct record_ports *record, unsigned long from, unsigned long to)
{
	for (unsigned long port = from; port <= to && port < PORTS; port++)
		record->reserved[port >> 3] |= (__u8)(1 << (port & 7));
}

/* proc_do_large_bitmap (kernel/sysctl.c) prints "8080,9148-9150". */
static void read_reserved(struct record_ports *record)
{
	char *text = malloc(RESERVED_TEXT_BYTES), *at = text, *end;

	if (!text || procfs_read(AT_FDCWD, SETTING("ip_local_reserved_ports"), text,
				 RESERVED_TEXT_BYTES) <= 0) {
		free(text);
		return;
	}
	for (;;) {
		unsigned long from = strtoul(at, &end, 10), to = from;

		if (end == at)
			break;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		reserve(record, from, to);
		if (*end != ',')
			break;
		at = end + 1;
	}
	free(text);
}

bool port_settings_read(struct record_ports *record, uint32_t netns)
{
	unsigned int low, high;
	uint64_t number;
	char text[64];

	if (procfs_read(AT_FDCWD, SETTING("ip_local_port_range"), text, sizeof(text)) <= 0 ||
	    sscanf(text, "%u %u", &low, &high) != 2 || low > high || high >= PORTS)
		return false;
	memset(record, 0, sizeof(*record));
	record->header = (struct record_header){RECORD_PORTS, sizeof(*record), 0,
						clock_now_ns(CLOCK_MONOTONIC)};
	record->netns = netns;
	record->low = (__u16)low;
	record->high = (__u16)high;
	if (procfs_number(AT_FDCWD, SETTING("tcp_tw_reuse"), &number))
		record->tw_reuse = (__u32)number;
	record->tw_reuse_delay_ms = REUSE_DELAY_MS;
	if (procfs_number(AT_FDCWD, SETTING("tcp_tw_reuse_delay"), &number))
		record->tw_reuse_delay_ms = (__u32)number;
	read_reserved(record);
	return true;
}
