/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Call frame information (DWARF CFI), as libdw reads it from .eh_frame and .debug_frame. */
#ifndef TCPLINGER_CFI_H
#define TCPLINGER_CFI_H

#include <elfutils/libdw.h>

#include "source/stacks/unwind.h"

/*
 * The rule at the address, of the first of the tables that has one (each may be NULL); else
 * RULE_NONE. The tables count addresses as the file's symbols do.
 */
void cfi_rule(Dwarf_CFI *const *tables, size_t count, uint64_t address, struct unwind_rule *rule);

/* A step where the rule is RULE_COMPUTED, as of a signal's frame, or in a procedure linkage table.
 */
enum unwind_result cfi_step(Dwarf_CFI *const *tables, size_t count, uint64_t address,
			    struct unwind_cursor *cursor, const struct unwind_memory *memory);

#endif
