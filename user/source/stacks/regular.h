/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that others chose: opened only if they are regular, which takes no device or pipe. */
#ifndef TCPLINGER_REGULAR_H
#define TCPLINGER_REGULAR_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * A descriptor to read the regular file `path` below the directory `dir` (AT_FDCWD for an absolute
 * path), and what it is; -1 if it is anything else, or cannot be opened. `flags`: 0, or O_NOFOLLOW.
 * Nothing is done to what is not regular: a device is not even opened.
 */
int regular_open(int dir, const char *path, int flags, struct stat *stat);

#endif
