/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that an ELF file, and the debug file that belongs to it, tell about its code. */
#ifndef TCPLINGER_DEBUG_INFO_H
#define TCPLINGER_DEBUG_INFO_H

#include "source/stacks/go_table.h"
#include "source/stacks/object.h"
#include "source/stacks/scopes.h"
#include "source/stacks/symtab.h"
#include "source/stacks/units.h"

/* All zero: nothing was read yet. */
struct debug_info {
	struct object object;
	struct object debug;	  /* fd -1: none */
	struct object supplement; /* of that which has the DWARF; fd -1: none */
	struct symtab symtab;
	struct units units;
	struct go_table go;
	Dwarf_CFI *cfi[2]; /* of .eh_frame, .debug_frame; each may be NULL */
	uint64_t bytes;	   /* about what it takes of our memory */
};

/*
 * Takes the descriptor. False, and nothing is open, where it is no ELF file of this architecture.
 * `path`: where it is in its file system; `folder`: where debug files are.
 */
bool debug_info_open(struct debug_info *info, int fd, const char *folder, const char *path);
void debug_info_close(struct debug_info *info);

/*
 * What is at the address: frames of the function and of those that are inlined there, innermost
 * first, SCOPES_MAX at most; one at least, in which perhaps nothing is filled in. Of `address` and
 * `module` nothing is. `lines`: files and lines, too, and inlined functions, which cost more.
 */
uint32_t debug_info_frames(const struct debug_info *info, uint64_t address, bool lines,
			   struct stack_frame frames[SCOPES_MAX]);

/* How to get from a frame at the address to its caller's; RULE_NONE: it does not tell. */
void debug_info_rule(const struct debug_info *info, uint64_t address, struct unwind_rule *rule);

#endif
