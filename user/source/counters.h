/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own counters of TCP events, of this thread's network namespace. */
#ifndef TCPLINGER_COUNTERS_H
#define TCPLINGER_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/* Fills `values` (COUNTERS of them), 0 for what the kernel does not count; false if it cannot be
 * read. */
bool counters_read(__u64 *values);

#endif
