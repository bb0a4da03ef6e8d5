// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A walk of our own: libdw's dwarf_getscopes() calls itself for each level, of which a hostile file
 * has as many as it likes, and follows siblings wherever they lead.
 */
#include "source/stacks/scopes.h"

#include <dwarf.h>
#include <stdbool.h>

#define DEPTH  64
#define VISITS (1U << 20) /* DIEs looked at for one address */

struct walk {
	uint64_t address;
	Dwarf_Die *scopes;
	size_t count;
	Dwarf_Die levels[DEPTH];
	size_t depth; /* of what is looked at */
	size_t floor; /* above this the address was found to be below: there is no way back */
};

static bool has_code(int tag)
{
	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

static bool has_functions(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* Is the address in it, or may it be? */
static bool is_worth_entering(struct walk *walk, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	if (!has_code(tag))
		return !walk->count && has_functions(tag);
	if (dwarf_haspc(die, walk->address) != 1)
		return false;
	walk->floor = walk->depth + 1;
	if ((tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) &&
	    walk->count < SCOPES_MAX)
		walk->scopes[walk->count++] = *die;
	return true;
}

static bool enter(struct walk *walk)
{
	if (walk->depth + 1 == DEPTH ||
	    dwarf_child(&walk->levels[walk->depth], &walk->levels[walk->depth + 1]) != 0)
		return false;
	walk->depth++;
	return true;
}

/* Only forward: what leads back is no tree. */
static bool go_on(struct walk *walk)
{
	for (;;) {
		Dwarf_Die *die = &walk->levels[walk->depth];
		const void *before = die->addr;

		if (dwarf_siblingof(die, die) == 0 &&
		    (const char *)die->addr > (const char *)before)
			return true;
		if (walk->depth <= walk->floor)
			return false;
		walk->depth--;
	}
}

size_t scopes_find(Dwarf_Die *unit, uint64_t address, Dwarf_Die scopes[SCOPES_MAX])
{
	struct walk walk = {.address = address, .scopes = scopes};

	if (dwarf_child(unit, &walk.levels[0]) != 0)
		return 0;
	for (size_t i = 0; i < VISITS; i++) {
		if (is_worth_entering(&walk, &walk.levels[walk.depth]) && enter(&walk))
			continue;
		if (walk.depth < walk.floor || !go_on(&walk))
			break;
	}
	return walk.count;
}

static const char *string_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

const char *scope_name(Dwarf_Die *scope)
{
	const char *name = string_of(scope, DW_AT_linkage_name);

	return name ? name : string_of(scope, DW_AT_name);
}

static uint64_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;

	return dwarf_formudata(dwarf_attr(die, name, &attribute), &number) == 0 ? number : 0;
}

const char *scope_call_file(Dwarf_Die *unit, Dwarf_Die *scope)
{
	uint64_t number = number_of(scope, DW_AT_call_file);
	Dwarf_Files *files;
	size_t count;

	if (dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count)
		return NULL;
	return dwarf_filesrc(files, number, NULL, NULL);
}

uint32_t scope_call_line(Dwarf_Die *scope)
{
	uint64_t line = number_of(scope, DW_AT_call_line);

	return line <= INT32_MAX ? (uint32_t)line : 0;
}
