/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this process and this kernel lack, in words. */
#ifndef TCPLINGER_PRIVILEGE_H
#define TCPLINGER_PRIVILEGE_H

#include <stdbool.h>

#include "source.h"

/* False, with the reason, where BPF tracing cannot work: no BTF, or a capability is missing. */
bool privilege_for_bpf(struct refusal *refusal);

/* The reason why loading or attaching failed with `error` (positive errno). */
void privilege_explain(struct refusal *refusal, const char *what, int error);

#endif
