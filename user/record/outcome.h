/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a transition means: whether connect() failed and why, whether close() made it, whether a
 * minisocket was refused. Decided here, by what the programs show of the socket, and not in BPF:
 * the verifier follows each way that a decision opens, and a start takes as long as that.
 */
#ifndef TCPLINGER_OUTCOME_H
#define TCPLINGER_OUTCOME_H

#include <stdbool.h>

#include "record.h"

/*
 * Completes a record as it came from the kernel. `refusals_told`: a program saw each refusal of a
 * minisocket; else what should have become one, and was not broken off, seems refused.
 */
void outcome_resolve(struct record_transition *record, bool refusals_told);

#endif
