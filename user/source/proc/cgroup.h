/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths of cgroups by the id that BPF reports: also of processes that are gone. */
#ifndef TCPLINGER_CGROUP_H
#define TCPLINGER_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where the v2 hierarchy is mounted, or the v1 hierarchy of `controller`; the caller frees. NULL:
 * nowhere.
 */
char *cgroup_find_mount(const char *controller);

struct cgroups {
	int root; /* the mounted root of the v2 hierarchy; -1: none */
	char *root_path;
};

void cgroups_open(struct cgroups *cgroups);
void cgroups_close(struct cgroups *cgroups);

/* The path below the root, beginning with "/"; false if there is no such cgroup (any more). */
bool cgroups_path(const struct cgroups *cgroups, uint64_t id, char *path, size_t size);

/*
 * The path below the root of the cgroup that a user means: by that path, or by the one in a mounted
 * cgroupfs. It points into `text`. NULL if there is no such cgroup; where none is mounted that
 * cannot be told, and any is taken.
 */
const char *cgroup_resolve(const char *text);

#endif
