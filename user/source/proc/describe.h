/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Describes each process to the sink when it is first met: exe and cgroup, while it can still be
 * asked.
 */
#ifndef TCPLINGER_DESCRIBE_H
#define TCPLINGER_DESCRIBE_H

#include "source/proc/cgroup.h"
#include "source/source.h"

struct describer {
	struct cgroups cgroups;
	struct described *slots;
	uint64_t descriptions;
};

void describer_open(struct describer *describer);
void describer_close(struct describer *describer);

/*
 * Sends a RECORD_PROCESS unless it did so lately; again if it is `current`, met just now, and has
 * another comm than then: it may have called exec().
 */
void describe_process(struct describer *describer, const struct record_sink *sink,
		      const struct process_id *process, bool current);

#endif
