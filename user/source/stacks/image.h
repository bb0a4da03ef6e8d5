/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program as one process runs it: from it executes it to the next one, or to its end. */
#ifndef TCPLINGER_IMAGE_H
#define TCPLINGER_IMAGE_H

#include "raw_stack.h"
#include "source/stacks/library.h"
#include "source/stacks/perf_map.h"

struct image {
	struct process_id process;
	uint64_t number;      /* struct raw_stack, `image` */
	uint64_t start_stack; /* .., 0: not told */
	struct library *library;
	struct maps maps;
	struct module **modules; /* of each mapping; NULL: not opened yet, or cannot be */
	bool *tried;		 /* .. which of the two */
	struct perf_map perf_map;
	struct python python;
	struct places places; /* what that says, and addresses that nobody tells of */
	uint64_t read_ns;     /* when its mappings were; 0: never */
	uint64_t used_ns;
};

/* An address in it. */
struct image_code {
	struct module *module; /* NULL: of no ELF file */
	uint64_t address;      /* in that, as its symbols count; else in the process */
	uint64_t bias;	       /* by which it is more in the process */
	bool mapped;	       /* there is code */
};

/* Nothing is read yet. Both outlive it. */
struct image *image_new(const struct process_id *process, uint64_t number, uint64_t start_stack,
			struct library *library);
void image_free(struct image *image);

/* Reads again where its code is, and what its JIT compiler says, if that is long enough ago. */
void image_refresh(struct image *image, uint64_t now_ns);

/* The code at an address. May read its mappings again, if the address is in none. */
struct image_code image_find(struct image *image, uint64_t address, uint64_t now_ns);

/* What is there. */
const struct place *image_place(struct image *image, const struct image_code *code);

/* The directory of the process, to be closed; -1: it has gone, or executes another program. */
int image_open(const struct image *image);

/* The process's memory, to be closed; -1: it has gone, or may not be read. */
int image_open_memory(const struct image *image);

/* Is this the code of a Python that is known? `layout`: what the kernel side has to know. */
bool image_finds_python(struct image *image, const struct image_code *code,
			struct python_layout *layout);

/* From a frame whose code this is to its caller's. */
enum unwind_result image_step(struct image *image, const struct image_code *code,
			      struct unwind_cursor *cursor, const struct unwind_memory *memory);

/* Was there ever a look at its mappings? */
static inline bool image_known(const struct image *image)
{
	return image->maps.count > 0;
}

#endif
