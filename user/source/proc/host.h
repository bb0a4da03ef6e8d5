/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What TCP of all network namespaces takes together, and how busy the CPUs are. */
#ifndef TCPLINGER_PROC_HOST_H
#define TCPLINGER_PROC_HOST_H

#include "record.h"

/*
 * A whole record; FACTS_UNKNOWN for what is not there, or may not be read. `proc`: an open
 * directory, /proc.
 */
void host_read(int proc, struct record_host *record);

#endif
