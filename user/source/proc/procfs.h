/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc says. */
#ifndef TCPLINGER_PROCFS_H
#define TCPLINGER_PROCFS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/*
 * Reads a small file below the directory `dir` (AT_FDCWD for an absolute path) into `text`,
 * terminated. The number of bytes, or -1 with errno.
 */
long procfs_read(int dir, const char *path, char *text, size_t size);

/* The same of what is open, from where it is. */
long procfs_read_from(int fd, char *text, size_t size);

/* The first number in such a file; false if it cannot be read or holds none. */
bool procfs_number(int dir, const char *path, uint64_t *number);

/* An open directory of the process, which pins it against reuse of its pid; -1 with errno. */
int procfs_open(uint32_t pid);

/* The same of a certain process; -1 also if its pid is another one's now. */
int procfs_open_same(const struct process_id *process);

/* The folder `name` in the directory `dir`, to be closed with closedir; NULL with errno. */
DIR *procfs_folder(int dir, const char *name);

/* The pid of its parent; 0: none, or not told. */
uint32_t procfs_parent(int process);

/* How long all threads of the process ran, those that ended too: to two hundredths of a second. */
uint64_t procfs_ran_ns(int process);

/* Where the stack of its first thread began, which no two programs have in common; 0: not told. */
uint64_t procfs_start_stack(int process);

/*
 * Who the process is: pid, start (to a hundredth of a second), comm of its leader, all from its
 * stat. False if it is gone.
 */
bool procfs_identify(int process, struct process_id *id);

/*
 * exe and cgroup of the process `record->process`, "" where unknown; both "" if it is another one
 * now.
 */
void procfs_describe(struct record_process *record);

#endif
