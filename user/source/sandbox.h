/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this process will never do again. */
#ifndef TCPLINGER_SANDBOX_H
#define TCPLINGER_SANDBOX_H

#include <stdbool.h>

/*
 * From here on, for good: no program is started, no file opened for writing, made or removed, no
 * other process touched, no connection made. Descriptors that are open already stay as they are.
 * Needs PR_SET_NO_NEW_PRIVS. False, with errno, if the kernel takes no filter; nothing is forbidden
 * then.
 */
bool sandbox_enter(void);

#endif
