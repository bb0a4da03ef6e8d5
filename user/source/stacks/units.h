/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which compilation unit an address belongs to. .debug_aranges would say, but only gcc writes it:
 * this is made of what the units say themselves.
 */
#ifndef TCPLINGER_UNITS_H
#define TCPLINGER_UNITS_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_range {
	uint64_t start;
	uint64_t end;
	Dwarf_Die die;
};

/* By address. All zero: none. */
struct units {
	struct unit_range *items;
	size_t count;
};

/*
 * Units whose rest is in another file (split DWARF) are left out: where that is, they say
 * themselves, and it would be opened. Lives no longer than `dwarf`.
 */
void units_read(struct units *units, Dwarf *dwarf);
void units_free(struct units *units);

/* The unit's DIE; false: none. */
bool units_find(const struct units *units, uint64_t address, Dwarf_Die *die);

#endif
