// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/go_table.h"

#include <string.h>

#include "base/macros.h"
#include "base/search.h"

#define MAGIC_1_18 0xfffffff0
#define MAGIC_1_20 0xfffffff1
#define STEPS_MAX  (1 << 16) /* of one function's values */

/* A number of functions, and of files, an address, five places: words behind the first eight bytes.
 */
enum header_word { FUNCTIONS, FILE_COUNT, TEXT, NAMES, UNITS, FILES, VALUES, TABLE, HEADER_WORDS };

/* What is told of a function, in words of four bytes. */
enum function_word { ENTRY, NAME, ARGUMENTS, DEFER, SIZES, FILE_NUMBERS, LINES, DATA, UNIT };

#define WORD	  sizeof(uint32_t)
#define LONG_WORD sizeof(uint64_t)
#define NO_FILE	  UINT32_MAX

struct function {
	uint64_t place;
	uint64_t start;
};

static bool read_bytes(const struct go_table *table, uint64_t place, void *to, size_t size)
{
	if (place > table->size || size > table->size - place)
		return false;
	memcpy(to, table->bytes + place, size);
	return true;
}

static uint32_t word_at(const struct go_table *table, uint64_t place)
{
	uint32_t word;

	return read_bytes(table, place, &word, sizeof(word)) ? word : 0;
}

/* NULL: it has no end, or is empty. */
static const char *text_at(const struct go_table *table, uint64_t place)
{
	if (place >= table->size || !table->bytes[place] ||
	    !memchr(table->bytes + place, 0, table->size - place))
		return NULL;
	return (const char *)table->bytes + place;
}

static bool find_section(const struct object *object, Elf_Data **data)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	GElf_Shdr header;

	for (size_t i = 0; i < LENGTH(names); i++)
		if (object_section(object, names[i], &header, data) && *data && (*data)->d_buf)
			return true;
	return false;
}

static bool take_header(struct go_table *table)
{
	uint64_t words[HEADER_WORDS];
	uint32_t magic = word_at(table, 0);
	uint8_t sizes[4]; /* two zeros, the quantum, the size of an address */

	if ((magic != MAGIC_1_18 && magic != MAGIC_1_20) ||
	    !read_bytes(table, WORD, sizes, sizeof(sizes)) || sizes[3] != LONG_WORD ||
	    !read_bytes(table, LONG_WORD, words, sizeof(words)))
		return false;
	table->quantum = sizes[2];
	table->functions = words[FUNCTIONS];
	table->text = words[TEXT];
	table->names = words[NAMES];
	table->units = words[UNITS];
	table->files = words[FILES];
	table->values = words[VALUES];
	table->table = words[TABLE];
	return table->table < table->size &&
	       table->functions < (table->size - table->table) / (2 * WORD);
}

void go_table_read(struct go_table *table, const struct object *object)
{
	Elf_Data *data;
	GElf_Shdr text;

	*table = (struct go_table){0};
	if (!find_section(object, &data))
		return;
	table->bytes = data->d_buf;
	table->size = data->d_size;
	if (!take_header(table))
		*table = (struct go_table){0};
	else if (!table->text && object_section(object, ".text", &text, NULL))
		table->text = text.sh_addr; /* of one that is moved when it is loaded */
}

static uint64_t entry_of(const void *item)
{
	uint32_t entry;

	memcpy(&entry, item, sizeof(entry));
	return entry;
}

/* The table is sorted by entries; behind the last is where the code ends. */
static bool find_function(const struct go_table *table, uint64_t address, struct function *function)
{
	uint64_t offset = address - table->text, at;
	const uint8_t *items;

	if (!table->size || address < table->text)
		return false;
	items = table->bytes + table->table;
	at = search_place(items, table->functions + 1, 2 * WORD, entry_of, offset + 1);
	if (!at || at > table->functions)
		return false;
	function->start = table->text + entry_of(items + (at - 1) * 2 * WORD);
	function->place = table->table + entry_of(items + (at - 1) * 2 * WORD + WORD);
	return function->place < table->size;
}

static uint32_t field_of(const struct go_table *table, const struct function *function,
			 enum function_word word)
{
	return word_at(table, function->place + word * WORD);
}

static bool read_varint(const struct go_table *table, uint64_t *place, uint32_t *value)
{
	uint8_t byte = 0x80;

	*value = 0;
	for (unsigned int shift = 0; shift < 35 && byte & 0x80; shift += 7) {
		if (!read_bytes(table, (*place)++, &byte, 1))
			return false;
		if (shift < 32)
			*value |= (uint32_t)(byte & 0x7f) << shift;
	}
	return !(byte & 0x80);
}

/* The lowest bit is the sign. */
static uint32_t signed_delta(uint32_t value)
{
	return value & 1 ? ~(value >> 1) : value >> 1;
}

/* What a table of values says of the address: by how much it changes, and after how many bytes. */
static bool find_value(const struct go_table *table, const struct function *function,
		       enum function_word which, uint64_t address, uint32_t *value)
{
	uint64_t place = table->values + field_of(table, function, which);
	uint64_t until = function->start;
	uint32_t change, bytes;

	*value = UINT32_MAX;
	if (!field_of(table, function, which))
		return false;
	for (int i = 0; i < STEPS_MAX; i++) {
		if (!read_varint(table, &place, &change) || (i && !change) ||
		    !read_varint(table, &place, &bytes))
			return false;
		*value += signed_delta(change);
		until += (uint64_t)bytes * table->quantum;
		if (address < until)
			return true;
	}
	return false;
}

/* A unit's files are numbers of its own. */
static const char *find_file(const struct go_table *table, const struct function *function,
			     uint64_t address)
{
	uint32_t number, file;

	if (!find_value(table, function, FILE_NUMBERS, address, &number))
		return NULL;
	file = word_at(table,
		       table->units + ((uint64_t)field_of(table, function, UNIT) + number) * WORD);
	return file == NO_FILE ? NULL : text_at(table, table->files + file);
}

bool go_table_find(const struct go_table *table, uint64_t address, struct go_place *place)
{
	struct function function;

	*place = (struct go_place){0};
	if (!find_function(table, address, &function))
		return false;
	place->function = text_at(table, table->names + field_of(table, &function, NAME));
	place->start = function.start;
	place->file = find_file(table, &function, address);
	if (!place->file || !find_value(table, &function, LINES, address, &place->line) ||
	    place->line > INT32_MAX)
		place->line = 0;
	return place->function != NULL;
}

#if defined(__x86_64__)
/* The frame is as large as the stack pointer has been moved, the frame pointer is at its top. */
bool go_table_rule(const struct go_table *table, uint64_t address, struct unwind_rule *rule)
{
	struct function function;
	uint32_t size;

	if (!find_function(table, address, &function) ||
	    !find_value(table, &function, SIZES, address, &size) || size > INT32_MAX / 2)
		return false;
	*rule = (struct unwind_rule){.address = address,
				     .kind = RULE_SIMPLE,
				     .cfa_register = ARCH_SP,
				     .cfa_offset = (int32_t)(size + LONG_WORD),
				     .return_register = ARCH_PC};
	rule->registers[ARCH_PC].how = RECOVER_SAVED;
	rule->registers[ARCH_PC].offset = -(int32_t)LONG_WORD;
	rule->registers[ARCH_SP].how = RECOVER_CFA;
	rule->registers[ARCH_FP].how = size ? RECOVER_SAVED : RECOVER_SAME;
	rule->registers[ARCH_FP].offset = -2 * (int32_t)LONG_WORD;
	return true;
}
#else
/* Go's frames on arm64 have frame pointers, which are enough. */
bool go_table_rule(const struct go_table *table, uint64_t address, struct unwind_rule *rule)
{
	(void)table;
	(void)address;
	(void)rule;
	return false;
}
#endif
