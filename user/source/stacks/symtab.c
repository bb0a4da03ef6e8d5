// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/symtab.h"

#include <string.h>

#include "base/memory.h"
#include "base/search.h"

#define SYMBOLS_MAX (1U << 20)
#define NESTED	    16 /* symbols in a row that are looked at for one that holds the address */

/* What is one function under several names is known by the public one. */
static uint8_t rank_of(const GElf_Sym *symbol)
{
	uint8_t rank = GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE ? 0 : 4;

	if (GELF_ST_BIND(symbol->st_info) == STB_GLOBAL)
		return rank + 2;
	return GELF_ST_BIND(symbol->st_info) == STB_WEAK ? rank + 1 : rank;
}

static bool is_code(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS && symbol->st_value &&
	       (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

/* arm64 marks code and data in it with $x and $d. */
static bool is_name(const char *name)
{
	return name && name[0] && name[0] != '$';
}

static int by_start(const void *a, const void *b)
{
	const struct symbol *one = a, *other = b;

	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return one->rank != other->rank ? one->rank - other->rank : strcmp(one->name, other->name);
}

static void add(struct symtab *symtab, const GElf_Sym *symbol, const char *name)
{
	uint64_t end = symbol->st_value + symbol->st_size;

	if (is_code(symbol) && is_name(name) && end >= symbol->st_value)
		symtab->items[symtab->count++] =
			(struct symbol){symbol->st_value, end, name, rank_of(symbol)};
}

void symtab_read(struct symtab *symtab, const struct object *object)
{
	Elf_Data *data = NULL;
	GElf_Shdr section;
	GElf_Sym symbol;
	size_t count;

	*symtab = (struct symtab){0};
	if ((!object_section(object, ".symtab", &section, &data) || !data) &&
	    (!object_section(object, ".dynsym", &section, &data) || !data))
		return;
	count = data->d_size / sizeof(Elf64_Sym);
	if (count > SYMBOLS_MAX)
		count = SYMBOLS_MAX;
	symtab->items = memory_new(count + 1, sizeof(*symtab->items));
	for (size_t i = 0; i < count; i++)
		if (gelf_getsym(data, (int)i, &symbol))
			add(symtab, &symbol,
			    elf_strptr(object->elf, section.sh_link, symbol.st_name));
	qsort(symtab->items, symtab->count, sizeof(*symtab->items), by_start);
}

void symtab_free(struct symtab *symtab)
{
	free(symtab->items);
	*symtab = (struct symtab){0};
}

static uint64_t start_of(const void *symbol)
{
	return ((const struct symbol *)symbol)->start;
}

const struct symbol *symtab_find(const struct symtab *symtab, uint64_t address)
{
	size_t count = search_place(symtab->items, symtab->count, sizeof(*symtab->items), start_of,
				    address + 1);
	size_t last = count > NESTED ? count - NESTED : 0;

	for (size_t i = count; i > last; i--) {
		const struct symbol *symbol = &symtab->items[i - 1];

		if (address < symbol->end || (i == count && symbol->start == symbol->end))
			return symbol;
	}
	return NULL;
}
