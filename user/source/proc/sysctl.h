/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which file and line sets a setting when the host boots, by sysctl.d(5): of files of one name the
 * first folder's, all in the order of their names, a later line over an earlier, a key over a
 * pattern. /etc/sysctl.conf comes last, as for sysctl --system, unless one of them is a link to it.
 */
#ifndef TCPLINGER_PROC_SYSCTL_H
#define TCPLINGER_PROC_SYSCTL_H

#include "record/sink.h"

/*
 * The answer to QUESTION_SYSCTLS: a record for each setting that a file sets, behind one that says
 * what could not be read. `root`: an open directory, / (a test has its own).
 */
void sysctls_answer(int root, const struct record_sink *sink);

#endif
