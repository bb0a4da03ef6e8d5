// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/html.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void escape(struct output *output, const char *text)
{
	for (; *text; text++) {
		const char *instead = entity(*text);

		if (instead)
			output_string(output, instead);
		else
			output_bytes(output, text, 1);
	}
}

void html_text(struct output *output, const char *text)
{
	size_t size = strlen(text);
	char *harmless = memory_new(4 * size + 2, 1);

	format_harmless(harmless, text, size, SIZE_MAX);
	escape(output, harmless);
	free(harmless);
}

void html_say(struct output *output, const char *format, ...)
{
	char text[HTML_SAID];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	html_text(output, text);
}

void html_element(struct output *output, const char *open, const char *tag, const char *text)
{
	output_string(output, open);
	html_text(output, text);
	output_format(output, "</%s>", tag);
}
