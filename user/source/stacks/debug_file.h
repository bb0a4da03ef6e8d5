/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Debugging information that is in a file of its own, below a folder as /usr/lib/debug is one. Only
 * there, and by no other means: nothing is asked of a debuginfod server.
 */
#ifndef TCPLINGER_DEBUG_FILE_H
#define TCPLINGER_DEBUG_FILE_H

#include <stdbool.h>

#include "source/stacks/object.h"

#define DEBUG_FOLDER "/usr/lib/debug"

/*
 * The file that belongs to `object`, which is `path` in its file system: by its build-id, else by
 * its .gnu_debuglink. False if there is none; the caller closes what is opened.
 */
bool debug_file_open(const char *folder, const struct object *object, const char *path,
		     struct object *debug);

/*
 * What dwz(1) took out of several files, `object` among them: without it, libdw would look for it
 * wherever the file says. True if there is no such, or it was opened; `supplement->fd` is -1 where
 * there is none.
 */
bool debug_file_open_supplement(const char *folder, const struct object *object,
				struct object *supplement);

#endif
