/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the threads of a process were found to do, in JSON and in a sentence. */
#ifndef TCPLINGER_VIEW_THREADS_H
#define TCPLINGER_VIEW_THREADS_H

#include "base/time.h"
#include "view/text.h"
#include "writer/json.h"

/* All of its threads are: nothing of it can go on. */
bool threads_are_stopped(const struct process_facts *facts);
bool threads_are_frozen(const struct process_facts *facts);

/* `ns` of the time since the look before; < 0: not known. */
double threads_share(const struct process_facts *facts, uint64_t ns);

/* `threads` to `starved` of an `evidence`: null where nobody looked. */
void threads_write(struct json *json, const struct process_facts *facts,
		   const struct clock_offsets *clocks);

/* `names` of it alone. */
void threads_write_names(struct json *json, const struct process_facts *facts);

/* "; 5 of 6 threads wait in futex, most of them worker-*"; nothing where the kernel does not tell.
 */
void threads_say(struct sentence *sentence, const struct process_facts *facts);

#endif
