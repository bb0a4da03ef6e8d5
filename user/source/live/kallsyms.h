/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own addresses, from /proc/kallsyms: read once, at the start. */
#ifndef TCPLINGER_KALLSYMS_H
#define TCPLINGER_KALLSYMS_H

#include <stdbool.h>

#include "source/live/end_reason.h"

struct kallsyms {
	uint64_t tw_timer_handler; /* 0: not found, or hidden from us (CAP_SYSLOG, kptr_restrict) */
	struct end_ranges ends;
};

/* The caller frees, also after false: the file cannot be read, or hides addresses. */
bool kallsyms_read(struct kallsyms *kallsyms);
void kallsyms_free(struct kallsyms *kallsyms);

#endif
