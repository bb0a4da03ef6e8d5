/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own counters of TCP events, of this thread's network namespace. */
#ifndef TCPLINGER_COUNTERS_H
#define TCPLINGER_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/*
 * A whole record of the namespace `netns`, which this thread is in; 0 for what the kernel does not
 * count. False if they cannot be read.
 */
bool counters_read(struct record_counters *record, uint32_t netns);

/*
 * The values of `names` in a file like /proc/net/netstat; of what it does not have `values` are
 * left as they are. False if it cannot be read.
 */
bool counters_find(const char *path, const char *const *names, __u64 *values, size_t count);

#endif
