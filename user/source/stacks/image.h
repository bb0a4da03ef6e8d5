/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program as one process runs it: from it executes it to the next one, or to its end. */
#ifndef TCPLINGER_IMAGE_H
#define TCPLINGER_IMAGE_H

#include "raw_stack.h"
#include "source/stacks/library.h"
#include "source/stacks/perf_map.h"

struct image {
	struct process_id process;
	uint64_t number; /* struct raw_stack, `image` */
	struct library *library;
	struct maps maps;
	struct module **modules; /* of each mapping; NULL: not opened yet, or cannot be */
	bool *tried;		 /* .. which of the two */
	struct perf_map perf_map;
	struct places places; /* what that says, and addresses that nobody tells of */
	uint64_t read_ns;     /* when its mappings were; 0: never */
	uint64_t used_ns;
};

/* An address in it. */
struct image_code {
	struct module *module; /* NULL: of no ELF file */
	uint64_t address;      /* in that, as its symbols count; else in the process */
	bool mapped;	       /* there is code */
};

/* Nothing is read yet. Both outlive it. */
struct image *image_new(const struct process_id *process, uint64_t number, struct library *library);
void image_free(struct image *image);

/* Reads again where its code is, and what its JIT compiler says, if that is long enough ago. */
void image_refresh(struct image *image, uint64_t now_ns);

/* The code at an address. May read its mappings again, if the address is in none. */
struct image_code image_find(struct image *image, uint64_t address, uint64_t now_ns);

/* What is there. */
const struct place *image_place(struct image *image, const struct image_code *code);

/* From a frame whose code this is to its caller's. */
enum unwind_result image_step(struct image *image, const struct image_code *code,
			      struct unwind_cursor *cursor, const struct unwind_memory *memory);

/* Was there ever a look at its mappings? */
static inline bool image_known(const struct image *image)
{
	return image->maps.count > 0;
}

#endif
