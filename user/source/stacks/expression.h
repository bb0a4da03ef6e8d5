/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DWARF expressions, as far as call frame information has them: they compute, and do not loop. */
#ifndef TCPLINGER_EXPRESSION_H
#define TCPLINGER_EXPRESSION_H

#include <elfutils/libdw.h>

#include "source/stacks/unwind.h"

/* What they may ask for. */
struct expression {
	const struct unwind_cursor *cursor;
	const struct unwind_memory *memory;
	uint64_t cfa;
	bool cfa_known;
};

/* False: it has what is not known here, or asks for what is not there. */
bool expression_value(const struct expression *expression, const Dwarf_Op *ops, size_t count,
		      uint64_t *value);

/* The same of one that says where a value is: in memory, in a register, or itself. */
bool expression_load(const struct expression *expression, const Dwarf_Op *ops, size_t count,
		     uint64_t *value);

#endif
