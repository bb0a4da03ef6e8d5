/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is at an address of a program, once it has been found out. */
#ifndef TCPLINGER_PLACES_H
#define TCPLINGER_PLACES_H

#include <stdbool.h>

#include "base/index.h"
#include "base/pool.h"
#include "stack.h"

/*
 * The function at `address`, and those inlined there, innermost first; at least one, of which
 * perhaps nothing is known. In the frames, addresses and offsets are those of `address`.
 */
struct place {
	uint64_t address;
	struct stack_frame *frames;
	uint32_t count;
	uint32_t reserved;
};

struct places {
	struct pool pool;
	struct index index;
};

void places_init(struct places *places);
void places_free(struct places *places);

/* NULL: not there. Valid until places_free or places_clear. */
const struct place *places_find(const struct places *places, uint64_t address);

/* Copies the frames; the address is not there yet. */
const struct place *places_add(struct places *places, uint64_t address,
			       const struct stack_frame *frames, uint32_t count);

void places_clear(struct places *places);

/* Copies a text into one of a frame, cut as stack.h says. */
void place_text(char text[FRAME_TEXT], const char *from);

#endif
