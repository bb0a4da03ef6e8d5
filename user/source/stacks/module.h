/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file that processes have code of: what has been found out about addresses in it, for all who
 * run it. What that takes is read when something new is asked, and given back a while later.
 */
#ifndef TCPLINGER_MODULE_H
#define TCPLINGER_MODULE_H

#include <sys/stat.h>

#include "source/stacks/debug_info.h"
#include "source/stacks/places.h"
#include "source/stacks/python.h"
#include "source/stacks/unwind.h"

struct module {
	struct stat file;
	int fd; /* -1: it is no ELF file */
	char *path;
	const char *folder; /* of debug files */
	struct object_layout layout;
	struct debug_info info;
	bool open;	   /* `info` is */
	uint64_t spent_ns; /* on lines of its DWARF */
	struct places places;
	struct pool rules; /* struct unwind_rule */
	struct index rule_of;
	uint32_t references; /* of processes that have it mapped */
	uint64_t used_ns;
};

/* Takes the descriptor of the file. `path`: where its processes see it; `folder` outlives it. */
struct module *module_new(int fd, const struct stat *file, const char *path, const char *folder);
void module_free(struct module *module);

/* Is it the same file, not written to since? */
bool module_is(const struct module *module, const struct stat *file);

/* The address, as its symbols count, of an offset in the file; false if it is no ELF file, or no
 * code is there. */
bool module_address(struct module *module, uint64_t offset, uint64_t *address);

/* What is at the address. */
const struct place *module_place(struct module *module, uint64_t address);

/* From a frame whose code is at the address to its caller's. */
enum unwind_result module_step(struct module *module, uint64_t address,
			       struct unwind_cursor *cursor, const struct unwind_memory *memory);

/* What tells that it is Python's interpreter; all 0 where it is not. */
void module_python(struct module *module, struct python_symbols *symbols);

/* How many bytes the file's debugging information takes now. */
uint64_t module_bytes(const struct module *module);

/* Gives those back, until something is asked that is not known. */
void module_rest(struct module *module);

#endif
