/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From whom a process descends, as /proc says now: whose parent has ended descends from init. */
#ifndef TCPLINGER_ANCESTORS_H
#define TCPLINGER_ANCESTORS_H

#include "record.h"

/* Fills facts->ancestors: its parent first. None where it is gone or /proc does not tell. */
void ancestors_read(const struct process_id *process, struct process_facts *facts);

#endif
