/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stacks that were unwound once, known again by their return addresses: a microsecond or two where
 * unwinding takes a millisecond. A frame of compiled code is as long each time that it calls from
 * the same place; where one is found not to be, all that goes through it is unwound each time.
 */
#ifndef TCPLINGER_KNOWN_H
#define TCPLINGER_KNOWN_H

#include <stdbool.h>

#include "base/index.h"
#include "source/stacks/stacks.h"

#define KNOWN_STEPS 65536 /* more are forgotten, all at once */

struct known {
	struct pool steps;
	struct index index;
};

void known_init(struct known *known);
void known_free(struct known *known);

/* What was added for a stack like this; 0: it is not known. */
uint64_t known_find(const struct known *known, const struct raw_stack *raw);

/* Of the stack `raw`, which was unwound so, it is `id` that is remembered. */
void known_add(struct known *known, const struct raw_stack *raw, const struct stack_walk *walk,
	       uint64_t id);

/* Code may change, where it is made or loaded at run time. */
void known_forget(struct known *known);

#endif
