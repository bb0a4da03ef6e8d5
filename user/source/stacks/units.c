// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/units.h"

#include <dwarf.h>

#include "base/memory.h"
#include "base/search.h"

#define UNITS_MAX  (1U << 16)
#define RANGES_MAX (1U << 18)

static bool is_split(Dwarf_Die *die, uint8_t type)
{
	return type == DW_UT_skeleton || type == DW_UT_split_compile || type == DW_UT_split_type ||
	       dwarf_hasattr(die, DW_AT_dwo_name) || dwarf_hasattr(die, DW_AT_GNU_dwo_name);
}

static void add(struct units *units, uint64_t start, uint64_t end, const Dwarf_Die *die)
{
	if (start >= end || units->count == RANGES_MAX)
		return;
	if (!(units->count & (units->count - 1)))
		units->items = memory_resize(units->items, units->count ? 2 * units->count : 1,
					     sizeof(*units->items));
	units->items[units->count++] = (struct unit_range){start, end, *die};
}

static void add_ranges(struct units *units, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t next = 0;

	for (size_t i = 0; i < RANGES_MAX; i++) {
		next = dwarf_ranges(die, next, &base, &start, &end);
		if (next <= 0)
			return;
		add(units, start, end, die);
	}
}

static int by_start(const void *a, const void *b)
{
	const struct unit_range *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

void units_read(struct units *units, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t type;

	*units = (struct units){0};
	for (size_t i = 0; i < UNITS_MAX; i++) {
		if (dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, NULL) != 0)
			break;
		if (dwarf_tag(&die) == DW_TAG_compile_unit && !is_split(&die, type))
			add_ranges(units, &die);
	}
	if (units->count)
		qsort(units->items, units->count, sizeof(*units->items), by_start);
}

void units_free(struct units *units)
{
	free(units->items);
	*units = (struct units){0};
}

static uint64_t start_of(const void *range)
{
	return ((const struct unit_range *)range)->start;
}

bool units_find(const struct units *units, uint64_t address, Dwarf_Die *die)
{
	size_t count = search_place(units->items, units->count, sizeof(*units->items), start_of,
				    address + 1);

	if (!count || address >= units->items[count - 1].end)
		return false;
	*die = units->items[count - 1].die;
	return true;
}
