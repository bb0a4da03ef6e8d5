/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the host and its network namespaces are set to, and at: settings, what the kernel counts,
 * the files that set it up at boot. Nothing of it is about one connection.
 */
#ifndef TCPLINGER_HOST_H
#define TCPLINGER_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* What was told of a namespace: first and last, so that it is known what has grown meanwhile. */
struct host_netns {
	uint32_t netns;
	uint64_t told_ns;		    /* when something was told last */
	struct record_settings settings;    /* no type: not told; likewise below */
	struct record_namespace first_seen; /* listeners, connection tracking */
	struct record_namespace seen;
	struct record_counters first_counted;
	struct record_counters counted;
};

/* Of more namespaces, those that were told of longest ago are forgotten. */
#define HOST_NAMESPACES 1024

struct host {
	struct host_netns *namespaces;
	size_t count;
	struct record_host first; /* no type: not told */
	struct record_host last;
	struct record_sysctl sysctls[SETTINGS]; /* line 0: no file sets it */
	bool sysctls_told;
	uint32_t unread; /* files, folders: what stands there is not known */
};

void host_free(struct host *host);

/* The records. */
void host_set_up(struct host *host, const struct record_settings *record);
void host_sees(struct host *host, const struct record_namespace *record);
void host_counts(struct host *host, const struct record_counters *record);
void host_is_at(struct host *host, const struct record_host *record);
void host_boots_with(struct host *host, const struct record_sysctl *record);

/* A stream begins anew: nothing is known. */
void host_begin(struct host *host);

/* NULL: nothing was told of it. Valid until the next record. */
const struct host_netns *host_netns(const struct host *host, uint32_t netns);

/* False where it is not known, or there is no such setting: `value` is 0 then. */
bool host_setting(const struct host *host, uint32_t netns, enum setting setting, uint64_t *value);
bool host_figure(const struct host *host, enum host_figure figure, uint64_t *value);

/* By how much a counter of a namespace has grown since it was first told; 0: or not known. */
uint64_t host_grew(const struct host *host, uint32_t netns, enum counter counter);

/* How long, of the time watched (else of the last 10 s), some task waited for a CPU: 0 to 1. */
bool host_starved_share(const struct host *host, double *share);

/* The line that sets it at boot; NULL: none, as far as files could be read. */
const struct record_sysctl *host_sysctl(const struct host *host, enum setting setting);

#endif
