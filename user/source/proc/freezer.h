/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the cgroup of a process is frozen, by v2 or by v1. */
#ifndef TCPLINGER_FREEZER_H
#define TCPLINGER_FREEZER_H

#include <stdbool.h>

/* Where the hierarchies are mounted; NULL: nowhere. */
struct freezer {
	char *unified; /* v2 */
	char *legacy;  /* v1, of the controller `freezer` */
};

void freezer_open(struct freezer *freezer);
void freezer_close(struct freezer *freezer);

/* `process`: its directory. False also where it is not known. */
bool freezer_has_frozen(const struct freezer *freezer, int process);

#endif
