// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/top/lines.h"

#include <string.h>

#include "base/memory.h"

void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < LINES_KEPT; i++)
		free(lines->texts[i]);
	*lines = (struct lines){0};
}

static void add(struct lines *lines, const char *line, size_t length)
{
	char **place = &lines->texts[++lines->count % LINES_KEPT];

	*place = memory_resize(*place, length + 1, 1);
	memcpy(*place, line, length);
	(*place)[length] = 0;
}

void lines_add(struct lines *lines, const char *text, size_t length)
{
	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length;

		add(lines, text, line);
		line += !!end;
		text += line;
		length -= line;
	}
}

uint64_t lines_first(const struct lines *lines)
{
	return lines->count > LINES_KEPT ? lines->count - LINES_KEPT + 1 : 1;
}

const char *lines_get(const struct lines *lines, uint64_t number)
{
	return lines->texts[number % LINES_KEPT];
}
