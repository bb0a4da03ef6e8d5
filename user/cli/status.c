// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/status.h"

#include <stdarg.h>
#include <stdio.h>

#include "writer/format.h"

#define COLUMNS 1000

static void complain(const char *format, va_list arguments)
{
	char message[COLUMNS], text[4 * COLUMNS + 1];

	vsnprintf(message, sizeof(message), format, arguments);
	format_harmless(text, message, sizeof(message), COLUMNS);
	fprintf(stderr, "tcplinger: %s\n", text);
}

int fail(enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	return status;
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
}
