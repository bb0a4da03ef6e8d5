// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/debug_info.h"

#include <dwarf.h>
#include <string.h>

#include "base/macros.h"
#include "source/stacks/cfi.h"
#include "source/stacks/debug_file.h"
#include "source/stacks/demangle.h"
#include "source/stacks/places.h"

#define LINE_BYTES_MAX (2U << 20) /* of a unit's line program: libdw makes 72 of each, or more */
#define SYMBOL_BYTES   100	  /* what a symbol takes, with its name */

static bool has(const struct object *object, const char *section)
{
	GElf_Shdr header;

	return object_section(object, section, &header, NULL) && header.sh_type != SHT_NOBITS;
}

/*
 * What has DWARF, with all that it refers to: libdw would open by itself what is missing, wherever
 * the file says that it is.
 */
static bool open_dwarf(struct debug_info *info, struct object *object, const char *folder)
{
	if (!debug_file_open_supplement(folder, object, &info->supplement) ||
	    !object_open_dwarf(object))
		return false;
	if (info->supplement.fd < 0)
		return true;
	if (object_open_dwarf(&info->supplement))
		dwarf_setalt(object->dwarf, info->supplement.dwarf);
	return info->supplement.dwarf != NULL;
}

static void read_dwarf(struct debug_info *info, struct object *object, const char *folder)
{
	if (!open_dwarf(info, object, folder))
		return;
	units_read(&info->units, object->dwarf);
	info->cfi[1] = dwarf_getcfi(object->dwarf);
	info->bytes += object_debug_bytes(object);
	if (info->supplement.fd >= 0)
		info->bytes += object_debug_bytes(&info->supplement);
}

static void read_symbols(struct debug_info *info)
{
	bool apart = info->debug.fd >= 0 && !has(&info->object, ".symtab");

	symtab_read(&info->symtab, apart ? &info->debug : &info->object);
	info->bytes += info->symtab.count * SYMBOL_BYTES;
}

static void read_exceptions(struct debug_info *info)
{
	GElf_Shdr header;

	if (!object_section(&info->object, ".eh_frame", &header, NULL) ||
	    header.sh_size > OBJECT_SECTION_BYTES)
		return;
	info->cfi[0] = dwarf_getcfi_elf(info->object.elf);
	info->bytes += header.sh_size;
}

bool debug_info_open(struct debug_info *info, int fd, const char *folder, const char *path)
{
	bool apart;

	*info = (struct debug_info){.debug.fd = -1, .supplement.fd = -1};
	if (!object_open(&info->object, fd))
		return false;
	apart = !has(&info->object, ".debug_info") && !has(&info->object, ".zdebug_info") &&
		debug_file_open(folder, &info->object, path, &info->debug);
	read_dwarf(info, apart ? &info->debug : &info->object, folder);
	read_symbols(info);
	read_exceptions(info);
	go_table_read(&info->go, &info->object);
	return true;
}

void debug_info_close(struct debug_info *info)
{
	units_free(&info->units);
	symtab_free(&info->symtab);
	if (info->cfi[0])
		dwarf_cfi_end(info->cfi[0]);
	object_close(&info->debug);
	object_close(&info->object);
	object_close(&info->supplement);
	*info = (struct debug_info){.object.fd = -1, .debug.fd = -1, .supplement.fd = -1};
}

/* The length of the unit's line program is the first thing in it. */
static bool has_fitting_lines(const struct debug_info *info, Dwarf_Die *unit)
{
	const struct object *object = info->debug.fd >= 0 ? &info->debug : &info->object;
	Dwarf_Attribute attribute;
	GElf_Shdr header;
	Elf_Data *data;
	Dwarf_Word offset;
	uint32_t length;

	/* libdw has unpacked it, and given it its present name */
	if (dwarf_formudata(dwarf_attr(unit, DW_AT_stmt_list, &attribute), &offset) != 0 ||
	    (!object_section(object, ".debug_line", &header, &data) &&
	     !object_section(object, ".zdebug_line", &header, &data)) ||
	    !data || !data->d_buf || data->d_size < sizeof(length) ||
	    offset > data->d_size - sizeof(length))
		return false;
	memcpy(&length, (const char *)data->d_buf + offset, sizeof(length));
	return length <= LINE_BYTES_MAX;
}

static void set_source(struct stack_frame *frame, const char *file, uint32_t line)
{
	if (!file)
		return;
	place_text(frame->file, file);
	frame->flags |= FRAME_FILE_KNOWN;
	frame->line = line;
}

static void set_line(struct stack_frame *frame, Dwarf_Die *unit, uint64_t address)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	int number;

	if (line && dwarf_lineno(line, &number) == 0 && number > 0)
		set_source(frame, dwarf_linesrc(line, NULL, NULL), (uint32_t)number);
}

static void set_symbol(struct stack_frame *frame, const char *name, uint64_t offset)
{
	char *version;

	demangle(frame->symbol, sizeof(frame->symbol), name);
	version = strchr(frame->symbol, '@');
	if (version && version != frame->symbol)
		*version = 0;
	frame->offset = offset;
}

static void set_scope(struct stack_frame *frame, Dwarf_Die *scope, uint64_t address)
{
	const char *name = scope_name(scope);
	Dwarf_Addr entry;

	if (!name)
		return;
	if (dwarf_entrypc(scope, &entry) != 0 || entry > address)
		entry = address;
	set_symbol(frame, name, address - entry);
}

/* Innermost first: the line is that of the address, in all others that of the next one's call. */
static uint32_t set_scopes(const struct debug_info *info, Dwarf_Die *unit, uint64_t address,
			   struct stack_frame frames[SCOPES_MAX])
{
	Dwarf_Die scopes[SCOPES_MAX];
	size_t count = scopes_find(unit, address, scopes);

	if (has_fitting_lines(info, unit))
		set_line(&frames[0], unit, address);
	for (size_t i = 0; i < count; i++) {
		Dwarf_Die *scope = &scopes[count - 1 - i];

		frames[i].flags |= i + 1 < count ? FRAME_INLINED : 0;
		set_scope(&frames[i], scope, address);
		if (i + 1 < count && frames[0].line)
			set_source(&frames[i + 1], scope_call_file(unit, scope),
				   scope_call_line(scope));
	}
	return count ? (uint32_t)count : 1;
}

static void set_go(const struct debug_info *info, uint64_t address, struct stack_frame *frame)
{
	struct go_place place;

	if (!go_table_find(&info->go, address, &place))
		return;
	place_text(frame->symbol, place.function);
	frame->offset = address - place.start;
	set_source(frame, place.file, place.line);
}

void debug_info_rule(const struct debug_info *info, uint64_t address, struct unwind_rule *rule)
{
	cfi_rule(info->cfi, LENGTH(info->cfi), address, rule);
	if (rule->kind == RULE_NONE && info->go.size)
		go_table_rule(&info->go, address, rule);
}

uint32_t debug_info_frames(const struct debug_info *info, uint64_t address, bool lines,
			   struct stack_frame frames[SCOPES_MAX])
{
	const struct symbol *symbol = symtab_find(&info->symtab, address);
	uint32_t count = 1;
	Dwarf_Die unit;

	memset(frames, 0, SCOPES_MAX * sizeof(*frames));
	if (lines && units_find(&info->units, address, &unit))
		count = set_scopes(info, &unit, address, frames);
	if (symbol)
		set_symbol(&frames[count - 1], symbol->name, address - symbol->start);
	else if (!frames[0].symbol[0])
		set_go(info, address, &frames[0]);
	for (uint32_t i = 0; i < count; i++) {
		frames[i].build_id_length = info->object.build_id_length;
		memcpy(frames[i].build_id, info->object.build_id, info->object.build_id_length);
	}
	return count;
}
