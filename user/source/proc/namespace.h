/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this thread's network namespace does to those who open connections: the limit of backlogs,
 * connections that listeners had no room for, connection tracking.
 */
#ifndef TCPLINGER_PROC_NAMESPACE_H
#define TCPLINGER_PROC_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/*
 * The figures of its connection tracking, on all CPUs; false if it has none: reading loads nothing.
 * `proc`: an open directory, /proc.
 */
bool conntrack_read(int proc, struct conntrack *conntrack);

/* A whole record of the namespace `netns`, which this thread is in; 0 for what is not told. */
void namespace_read(struct record_namespace *record, uint32_t netns);

#endif
