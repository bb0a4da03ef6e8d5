// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ELF files as nobody's linker makes them: their symbols, lines, inlined functions and CFI. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macros.h"
#include "fuzz.h"
#include "source/stacks/cfi.h"
#include "source/stacks/debug_info.h"

#define STACK 0x10000

static void check_frames(const struct debug_info *info, uint64_t address)
{
	struct stack_frame frames[SCOPES_MAX];
	uint32_t count = debug_info_frames(info, address, true, frames);

	must(count >= 1 && count <= SCOPES_MAX);
	for (uint32_t i = 0; i < count; i++)
		must(memchr(frames[i].symbol, 0, FRAME_TEXT) &&
		     memchr(frames[i].file, 0, FRAME_TEXT));
}

static void try_step(const struct debug_info *info, uint64_t address)
{
	uint64_t words[64];
	struct unwind_memory memory = {(const uint8_t *)words, STACK, sizeof(words)};
	struct unwind_cursor cursor = {.known = (1ULL << ARCH_REGISTERS) - 1};
	struct unwind_rule rule;

	for (size_t i = 0; i < LENGTH(words); i++)
		words[i] = STACK + 8 * i;
	for (size_t i = 0; i < ARCH_REGISTERS; i++)
		cursor.registers[i] = STACK + 8 * i;
	debug_info_rule(info, address, &rule);
	if (rule.kind == RULE_SIMPLE)
		unwind_by_rule(&cursor, &rule, &memory);
	else
		cfi_step(info->cfi, LENGTH(info->cfi), address, &cursor, &memory);
}

static void try_addresses(const struct debug_info *info)
{
	for (size_t i = 0; i < info->symtab.count && i < 16; i++) {
		check_frames(info, info->symtab.items[i].start);
		try_step(info, info->symtab.items[i].start + 4);
	}
	for (size_t i = 0; i < info->units.count && i < 16; i++) {
		check_frames(info, info->units.items[i].start);
		check_frames(info, info->units.items[i].end - 1);
		try_step(info, info->units.items[i].start);
	}
	for (uint64_t i = 0; i < info->go.functions && i < 16; i++) {
		check_frames(info, info->go.text + 64 * i);
		try_step(info, info->go.text + 64 * i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct debug_info info;

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	if (debug_info_open(&info, fd, "/nonexistent", "/usr/bin/x")) {
		try_addresses(&info);
		debug_info_close(&info);
	}
	return 0;
}
