/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this process will never do again. */
#ifndef TCPLINGER_SANDBOX_H
#define TCPLINGER_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/* What can be lifted of what is forbidden: each lifts what it names, and nothing else. */
enum sandbox_permission {
	SANDBOX_ACCEPT = 1 << 0,      /* connections, of a listener that is there already */
	SANDBOX_THREADS = 1 << 1,     /* are started; no process is */
	SANDBOX_WRITE_FILES = 1 << 2, /* opened for writing, made, emptied */
	SANDBOX_RENAME = 1 << 3,      /* files and folders */
	SANDBOX_UNLINK = 1 << 4,      /* files, not folders */
};

/* What is taken into it. Nothing is taken in case. */
struct sandbox {
	uint32_t allows;       /* enum sandbox_permission */
	uint64_t capabilities; /* bit 1 << CAP_* */
};

/* What either asks for. */
static inline struct sandbox sandbox_join(struct sandbox one, struct sandbox other)
{
	return (struct sandbox){one.allows | other.allows, one.capabilities | other.capabilities};
}

/*
 * From here on, for good, but for what is allowed (enum sandbox_permission): no program is started,
 * no file opened for writing, made or removed, no other process touched, no connection made.
 * Descriptors that are open already stay as they are. Holds for all threads of this
 * process. Needs PR_SET_NO_NEW_PRIVS. False, with errno, if the kernel takes no filter; nothing is
 * forbidden then.
 */
bool sandbox_enter(uint32_t allows);

#endif
