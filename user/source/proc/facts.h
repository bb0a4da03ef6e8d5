/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc says of a process now: its descriptors, and what its threads wait in. */
#ifndef TCPLINGER_FACTS_H
#define TCPLINGER_FACTS_H

#include "source/proc/freezer.h"
#include "source/proc/looks.h"

/* What is kept from one look to the next. */
struct facts_reader {
	struct freezer freezer;
	struct looks looks;
};

void facts_open(struct facts_reader *reader);
void facts_close(struct facts_reader *reader);

/* Reads the descriptors of `process` and their limit. Unknown where it is gone or may not be looked
 * at. */
void facts_read_descriptors(const struct process_id *process, struct process_facts *facts);

/* Reads what its threads do, at most FACTS_THREADS of them; leaves the descriptors as they are. */
#define FACTS_THREADS LOOKS_THREADS
void facts_read_threads(struct facts_reader *reader, const struct process_id *process,
			uint64_t time_ns, struct process_facts *facts);

/* The same of a directory that is like the one of a process. */
void facts_read_folder(struct facts_reader *reader, int dir, const struct process_id *process,
		       uint64_t time_ns, struct process_facts *facts);

#endif
