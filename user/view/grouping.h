/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rows are by: --by pid|comm|exe|cgroup|container. */
#ifndef TCPLINGER_GROUPING_H
#define TCPLINGER_GROUPING_H

#include "model/process.h"

enum grouping { BY_PID, BY_COMM, BY_EXE, BY_CGROUP, BY_CONTAINER, GROUPINGS };

/* "pid", ...: the words of --by. */
extern const char *const grouping_names[GROUPINGS];

/*
 * The name of the group that a process belongs to, "" if it has none or is unknown. Valid while the
 * process is; `text` has room for a comm.
 */
const char *grouping_name(enum grouping by, const struct process *process, char text[17]);

/* A number for the group: of the process itself by pid, else of its name. 0: no group. */
uint64_t grouping_key(enum grouping by, const struct process *process);

#endif
