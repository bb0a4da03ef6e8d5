/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a Go program knows of its own functions, also where it was stripped (.gopclntab; Go's
 * src/runtime/symtab.go and src/debug/gosym): names, files, lines, and how large frames are. Of
 * Go 1.18 and later.
 */
#ifndef TCPLINGER_GO_TABLE_H
#define TCPLINGER_GO_TABLE_H

#include "source/stacks/object.h"
#include "source/stacks/unwind.h"

/* All zero: none. What it points to is the object's. */
struct go_table {
	const uint8_t *bytes;
	size_t size;
	uint64_t text; /* where the program's code begins; functions are told from there */
	uint64_t functions, names, units, files, values, table; /* a number, and places in it */
	uint8_t quantum;					/* bytes that addresses go on by */
};

void go_table_read(struct go_table *table, const struct object *object);

struct go_place {
	const char *function;
	uint64_t start;
	const char *file; /* NULL: not told */
	uint32_t line;	  /* 0: not told */
};

/* The function that holds the address; false: none. */
bool go_table_find(const struct go_table *table, uint64_t address, struct go_place *place);

/* False: it tells of no frame there. */
bool go_table_rule(const struct go_table *table, uint64_t address, struct unwind_rule *rule);

#endif
