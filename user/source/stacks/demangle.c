// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libiberty's demangler, which debuggers use. A short symbol can stand for a name of gigabytes, as
 * it may refer to its own parts: so it is told to write to us, and left when there is no more room.
 */
#include "source/stacks/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#define SYMBOL_MAX 1024 /* what is longer stays as it is */
#define MORE	   "..."

struct page {
	char *text;
	size_t size;
	size_t length;
	jmp_buf full;
};

/* libiberty keeps nothing but what is on the stack meanwhile: it may be left here. */
static void write_part(const char *part, size_t length, void *context)
{
	struct page *page = context;
	size_t room = page->size - 1 - page->length;

	memcpy(page->text + page->length, part, length < room ? length : room);
	page->length += length < room ? length : room;
	page->text[page->length] = 0;
	if (length > room)
		longjmp(page->full, 1);
}

static void mark_cut(char *text, size_t size)
{
	memcpy(text + size - sizeof(MORE), MORE, sizeof(MORE));
}

static bool demangled(struct page *page, const char *symbol)
{
	page->text[0] = 0;
	if (setjmp(page->full)) {
		mark_cut(page->text, page->size);
		return true;
	}
	return rust_demangle_callback(symbol, DMGL_NO_OPTS, write_part, page) ||
	       cplus_demangle_v3_callback(symbol, DMGL_NO_OPTS, write_part, page);
}

char *demangle(char *text, size_t size, const char *symbol)
{
	struct page page = {.text = text, .size = size};
	size_t length = strlen(symbol);

	if (symbol[0] == '_' && length <= SYMBOL_MAX && demangled(&page, symbol))
		return text;
	memcpy(text, symbol, length < size ? length + 1 : size);
	if (length >= size)
		mark_cut(text, size);
	return text;
}
