// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/jit.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "source/stacks/places.h"

#define PYTHON		     "py::"
#define JAVASCRIPT	     "JS:"
#define JAVASCRIPT_BEFORE_20 "LazyCompile:" /* Node's version */
#define JAVASCRIPT_TIERS     "~^+*"	    /* interpreted, and by which of V8's compilers */
#define TRAMPOLINE_3_12	     11 /* bytes, on x86-64: sub $8,%rsp; call *%rcx; add $8,%rsp; ret */

/* Its end is ":LINE:COLUMN": cuts them off, and says where they are; NULL: it has none. */
static char *cut_position(char *file)
{
	char *column = strrchr(file, ':'), *line = NULL;

	if (column) {
		*column = 0;
		line = strrchr(file, ':');
		*column = ':';
	}
	if (line)
		*line++ = 0;
	return line;
}

static void set_file(struct stack_frame *frame, const char *file)
{
	place_text(frame->file, file);
	frame->flags |= FRAME_FILE_KNOWN;
}

/* "py::NAME:FILE" (Python's perf_trampoline.c). */
static bool take_python(struct stack_frame *frame, char *name)
{
	char *file = strchr(name, ':');

	if (!file)
		return false;
	*file++ = 0;
	place_text(frame->symbol, name);
	set_file(frame, file);
	return true;
}

/*
 * "JS:", the tier, "NAME FILE:LINE:COLUMN" (V8's log.cc). That line is where the function begins,
 * and not where the call is: it only tells functions without a name apart.
 */
static bool take_javascript(struct stack_frame *frame, char *name)
{
	char nameless[FRAME_TEXT], *file, *position;

	if (*name && strchr(JAVASCRIPT_TIERS, *name))
		name++;
	file = strchr(name, ' ');
	position = file ? cut_position(++file) : NULL;
	if (!position)
		return false;
	file[-1] = 0;
	snprintf(nameless, sizeof(nameless), "(anonymous at %.64s)", position);
	place_text(frame->symbol, *name ? name : nameless);
	set_file(frame, file);
	return true;
}

static const struct {
	const char *prefix;
	bool (*take)(struct stack_frame *frame, char *name);
} languages[] = {
	{PYTHON, take_python},
	{JAVASCRIPT, take_javascript},
	{JAVASCRIPT_BEFORE_20, take_javascript},
};

static bool take_language(struct stack_frame *frame, char *name)
{
	for (size_t i = 0; i < LENGTH(languages); i++) {
		size_t length = strlen(languages[i].prefix);

		if (strncmp(name, languages[i].prefix, length) == 0)
			return languages[i].take(frame, name + length);
	}
	return false;
}

void jit_name(const struct perf_map *map, struct stack_frame *frame)
{
	const struct perf_map_entry *entry = perf_map_find(map, frame->address);
	char name[PERF_MAP_NAME];

	if (!entry)
		return;
	frame->offset = frame->address - entry->start;
	perf_map_name(map, entry, name);
	if (!take_language(frame, name)) {
		perf_map_name(map, entry, name);
		place_text(frame->symbol, name);
	}
}

/* Python 3.12 has a piece of code for each function, which pushes no frame pointer. */
static bool is_trampoline(const struct perf_map *map, uint64_t address)
{
	const struct perf_map_entry *entry = perf_map_find(map, address);
	char name[PERF_MAP_NAME];

	if (!entry || entry->end - entry->start != TRAMPOLINE_3_12 || ARCH_MACHINE != EM_X86_64)
		return false;
	perf_map_name(map, entry, name);
	return strncmp(name, PYTHON, strlen(PYTHON)) == 0;
}

/* Registers are as they were: it only calls. */
static enum unwind_result step_out_of_trampoline(struct unwind_cursor *cursor,
						 const struct unwind_memory *memory)
{
	struct unwind_rule rule = {.kind = RULE_SIMPLE,
				   .cfa_register = ARCH_SP,
				   .cfa_offset = 2 * sizeof(uint64_t),
				   .return_register = ARCH_PC};

	rule.registers[ARCH_PC].how = RECOVER_SAVED;
	rule.registers[ARCH_PC].offset = -(int32_t)sizeof(uint64_t);
	rule.registers[ARCH_SP].how = RECOVER_CFA;
	return unwind_by_rule(cursor, &rule, memory);
}

enum unwind_result jit_step(const struct perf_map *map, uint64_t address,
			    struct unwind_cursor *cursor, const struct unwind_memory *memory)
{
	return is_trampoline(map, address) ? step_out_of_trampoline(cursor, memory)
					   : unwind_by_frame_pointer(cursor, memory);
}
