/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The functions that an ELF file names in its symbol table. */
#ifndef TCPLINGER_SYMTAB_H
#define TCPLINGER_SYMTAB_H

#include "source/stacks/object.h"

struct symbol {
	uint64_t start;
	uint64_t end;	  /* start: its size is not told; it ends where the next one starts */
	const char *name; /* mangled; the object's */
	uint8_t rank;	  /* of two at one address the greater is shown */
};

/* By address. All zero: none. */
struct symtab {
	struct symbol *items;
	size_t count;
};

/* Of .symtab, or of .dynsym where that is not there. Lives no longer than the object. */
void symtab_read(struct symtab *symtab, const struct object *object);
void symtab_free(struct symtab *symtab);

/* What holds the address; NULL: nothing. */
const struct symbol *symtab_find(const struct symtab *symtab, uint64_t address);

#endif
