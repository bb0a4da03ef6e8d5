/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc says of a process now: its descriptors, and what its threads wait in. */
#ifndef TCPLINGER_FACTS_H
#define TCPLINGER_FACTS_H

#include "record.h"

/* Reads the descriptors of `process` and their limit. Unknown where it is gone or may not be looked
 * at. */
void facts_read_descriptors(const struct process_id *process, struct process_facts *facts);

/* Reads what its threads wait in, at most FACTS_THREADS of them. */
#define FACTS_THREADS 256
void facts_read_threads(const struct process_id *process, struct process_facts *facts);

#endif
