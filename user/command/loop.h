/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waiting for what comes next, by the wall's clock. */
#ifndef TCPLINGER_LOOP_H
#define TCPLINGER_LOOP_H

#include <stddef.h>
#include <stdint.h>

#define LOOP_DESCRIPTORS 2

/*
 * Waits until one of `fds` (-1: none; LOOP_DESCRIPTORS at most) can be read, a signal comes, or
 * `until_ns` (CLOCK_MONOTONIC), but never longer than a line of output may wait.
 */
void loop_wait(const int *fds, size_t count, uint64_t until_ns);

#endif
