// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/python.h"

#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "source/stacks/places.h"

#define LINE_TABLE_MAX	 (16 << 10) /* of a function of some thousand lines */
#define CODE_OBJECT_HEAD 208
#define CODE_UNIT	 2 /* bytes */
#define OBJECT_TYPE	 8 /* of every object; behind the count of its references */
#define OBJECT_SIZE	 16
#define TEXT_LENGTH	 16
#define TEXT_STATE	 32
#define BYTES_DATA	 32
#define IS_COMPACT_ASCII (3U << 5) /* of the state: its characters are right behind it */
#define FRAME_OF_C_STACK 3	   /* 3.12: one that is there for C alone */

/*
 * Include/cpython/{code,pystate}.h, Include/internal/pycore_{frame,interp,runtime}.h: these stay as
 * they are within a version.
 */
struct python_version {
	uint32_t number; /* PY_VERSION_HEX, its upper half */
	struct python_layout layout;
	uint8_t entry; /* what is in a frame behind which the interpreter returns to C */
	bool shim;     /* .., which is no function's */
	uint32_t first_line, file, name, lines, instructions; /* in a code object */
	uint32_t text;					      /* in a string of ASCII */
};

static const struct python_version versions[] = {
	{.number = 0x030b,
	 .layout = {.interpreters = 40,
		    .threads = 16,
		    .next_thread = 8,
		    .thread_id = 160,
		    .cframe = 56,
		    .current_frame = 8,
		    .code = 32,
		    .instruction = 56,
		    .previous = 48,
		    .entry = 68},
	 .entry = 1,
	 .first_line = 72,
	 .file = 112,
	 .name = 128,
	 .lines = 136,
	 .instructions = 184,
	 .text = 48},
	{.number = 0x030c,
	 .layout = {.interpreters = 40,
		    .threads = 72,
		    .next_thread = 8,
		    .thread_id = 144,
		    .cframe = 56,
		    .current_frame = 0,
		    .code = 0,
		    .instruction = 56,
		    .previous = 8,
		    .entry = 70},
	 .entry = FRAME_OF_C_STACK,
	 .shim = true,
	 .first_line = 68,
	 .file = 112,
	 .name = 128,
	 .lines = 136,
	 .instructions = 192,
	 .text = 40},
};

void python_find_symbols(const struct object *object, struct python_symbols *symbols)
{
	const struct {
		const char *name;
		uint64_t *value;
	} wanted[] = {{"_PyRuntime", &symbols->runtime},
		      {"Py_Version", &symbols->version},
		      {"PyCode_Type", &symbols->code_type}};
	Elf_Data *data = NULL;
	GElf_Shdr section;
	GElf_Sym symbol;

	*symbols = (struct python_symbols){0};
	if (!object_section(object, ".dynsym", &section, &data) || !data)
		return;
	for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(object->elf, section.sh_link, symbol.st_name);

		for (size_t j = 0; j < LENGTH(wanted) && name; j++)
			if (symbol.st_shndx != SHN_UNDEF && strcmp(name, wanted[j].name) == 0)
				*wanted[j].value = symbol.st_value;
	}
}

static bool read_memory(int memory, uint64_t address, void *to, size_t size)
{
	return address <= INT64_MAX && pread(memory, to, size, (off_t)address) == (ssize_t)size;
}

bool python_open(struct python *python, const struct python_symbols *symbols, uint64_t bias,
		 int memory, struct python_layout *layout)
{
	uint64_t number;

	if (!symbols->runtime || !symbols->version || !symbols->code_type ||
	    !read_memory(memory, symbols->version + bias, &number, sizeof(number)))
		return false;
	for (size_t i = 0; i < LENGTH(versions); i++)
		if (versions[i].number == number >> 16)
			python->version = &versions[i];
	if (!python->version)
		return false;
	python->code_type = symbols->code_type + bias;
	*layout = python->version->layout;
	layout->runtime = symbols->runtime + bias;
	return true;
}

bool python_enters(const struct python *python, uint8_t entry)
{
	return entry == python->version->entry;
}

bool python_is_shim(const struct python *python, uint8_t entry)
{
	return python->version->shim && python_enters(python, entry);
}

static uint64_t word_in(const uint8_t *object, uint32_t place)
{
	uint64_t word;

	memcpy(&word, object + place, sizeof(word));
	return word;
}

/* A string of ASCII; what is longer is cut. */
static bool read_text(const struct python *python, int memory, uint64_t address,
		      char text[FRAME_TEXT])
{
	uint8_t head[TEXT_STATE + sizeof(uint64_t)];
	char long_text[FRAME_TEXT + 1] = "";
	uint64_t length;

	if (!read_memory(memory, address, head, sizeof(head)) ||
	    (word_in(head, TEXT_STATE) & IS_COMPACT_ASCII) != IS_COMPACT_ASCII)
		return false;
	length = word_in(head, TEXT_LENGTH);
	if (length > FRAME_TEXT)
		length = FRAME_TEXT;
	if (!read_memory(memory, address + python->version->text, long_text, length))
		return false;
	place_text(text, long_text);
	return true;
}

/* Six bits each, the lowest first; bit 6: more follow. */
static bool read_varint(const uint8_t *table, size_t size, size_t *at, uint64_t *value)
{
	uint8_t byte = 1 << 6;

	*value = 0;
	for (unsigned int shift = 0; shift < 36 && byte & 1 << 6; shift += 6) {
		if (*at >= size)
			return false;
		byte = table[(*at)++];
		*value |= (uint64_t)(byte & 0x3f) << shift;
	}
	return true;
}

/* How an entry tells its line (Objects/locations.md): four bits of its first byte. */
enum line_form { ONE_LINE = 10, NO_COLUMNS = 13, LONG = 14, NO_LINE = 15 };

/* By how much the line changes. */
static bool read_line(const uint8_t *table, size_t size, size_t *at, unsigned int form,
		      int64_t *change)
{
	uint64_t value;

	*change = 0;
	if (form >= ONE_LINE && form < NO_COLUMNS)
		*change = (int64_t)form - ONE_LINE;
	if (form != NO_COLUMNS && form != LONG)
		return true;
	if (!read_varint(table, size, at, &value))
		return false;
	*change = value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
	return true;
}

/* The first byte of each entry, and no other, has its highest bit set. */
static void skip_rest(const uint8_t *table, size_t size, size_t *at)
{
	while (*at < size && !(table[*at] & 0x80))
		++*at;
}

uint32_t python_line(const uint8_t *table, size_t size, uint32_t first_line, uint64_t offset)
{
	uint64_t place = 0;
	int64_t line = first_line, change;

	for (size_t at = 0; at < size;) {
		uint8_t first = table[at++];
		unsigned int form = first >> 3 & 0xf;

		if (!(first & 0x80) || !read_line(table, size, &at, form, &change))
			return 0;
		skip_rest(table, size, &at);
		line += change;
		place += ((first & 7) + 1) * CODE_UNIT;
		if (offset < place)
			return form == NO_LINE || line < 0 || line > INT32_MAX ? 0 : (uint32_t)line;
	}
	return 0;
}

static uint32_t find_line(const struct python *python, int memory, const uint8_t *code,
			  uint64_t offset)
{
	uint64_t address = word_in(code, python->version->lines), size;
	uint8_t table[LINE_TABLE_MAX];
	uint32_t first_line;

	memcpy(&first_line, code + python->version->first_line, sizeof(first_line));
	if (!read_memory(memory, address + OBJECT_SIZE, &size, sizeof(size)))
		return 0;
	if (size > sizeof(table))
		size = sizeof(table);
	if (!read_memory(memory, address + BYTES_DATA, table, size))
		return 0;
	return python_line(table, size, first_line, offset);
}

/* Of the object's head; false if the instruction is not one of its code. */
static bool find_offset(const struct python *python, const struct python_frame *from,
			const uint8_t *code, uint64_t *offset)
{
	*offset = from->instruction - (from->code + python->version->instructions);
	return word_in(code, OBJECT_TYPE) == python->code_type &&
	       *offset / CODE_UNIT < word_in(code, OBJECT_SIZE);
}

bool python_frame(const struct python *python, int memory, const struct python_frame *from,
		  struct stack_frame *frame)
{
	uint8_t code[CODE_OBJECT_HEAD];
	uint64_t offset;

	*frame = (struct stack_frame){.address = from->instruction};
	if (!read_memory(memory, from->code, code, sizeof(code)) ||
	    !find_offset(python, from, code, &offset) ||
	    !read_text(python, memory, word_in(code, python->version->name), frame->symbol))
		return false;
	frame->offset = offset;
	if (!read_text(python, memory, word_in(code, python->version->file), frame->file))
		return true;
	frame->flags = FRAME_FILE_KNOWN;
	frame->line = find_line(python, memory, code, offset);
	return true;
}
