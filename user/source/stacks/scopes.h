/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The function that an address is in, and the functions inlined there, by debugging information. */
#ifndef TCPLINGER_SCOPES_H
#define TCPLINGER_SCOPES_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#define SCOPES_MAX 16

/*
 * Outermost first, the function itself, then what is inlined in it, one in the other. How many;
 * 0: it is not told.
 */
size_t scopes_find(Dwarf_Die *unit, uint64_t address, Dwarf_Die scopes[SCOPES_MAX]);

/* The function's name, mangled where there is such a one; NULL: not told. The object's. */
const char *scope_name(Dwarf_Die *scope);

/* Where an inlined one was called; NULL and 0 where that is not told. */
const char *scope_call_file(Dwarf_Die *unit, Dwarf_Die *scope);
uint32_t scope_call_line(Dwarf_Die *scope);

#endif
