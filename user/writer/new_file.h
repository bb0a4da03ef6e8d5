/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file that is there whole or not at all: written under another name in the same folder, which it
 * changes for its own when it is done. A file of that name is replaced then, and not before. What
 * is no regular file, a pipe or a device, is written to as it is, and so is stdout, "-".
 */
#ifndef TCPLINGER_NEW_FILE_H
#define TCPLINGER_NEW_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct new_file {
	char *path;    /* that of a link leads to */
	char *written; /* where it is meanwhile; NULL: nowhere */
	int fd;
};

/*
 * Makes the file, of `mode` less the umask, or of that of the one that is to be replaced. False,
 * with errno, if it cannot be made.
 */
bool new_file_begin(struct new_file *file, const char *path, mode_t mode);

/* On the disk, then in its place. False, with errno: it is as if nothing had been written. */
bool new_file_finish(struct new_file *file);

/* If it is not finished, nothing is left of it. */
void new_file_free(struct new_file *file);

#endif
