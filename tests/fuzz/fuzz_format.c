// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hostile strings, in text and in JSON: harmless, valid, and no longer than promised. */
#include <stdlib.h>
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

#include "writer/format.h"
#include "fuzz.h"
#include "writer/json.h"

#define COLUMNS_MAX 32

static void must_be_printable(const char *text, size_t size)
{
	must(!u8_check((const uint8_t *)text, size));
	for (size_t i = 0; i < size; i++)
		must((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void try_harmless(const char *bytes, size_t size, size_t columns)
{
	char *text = malloc(4 * columns + 1); /* what the header asks for, no more */
	size_t used = format_harmless(text, bytes, size, columns);

	must(used <= columns);
	must_be_printable(text, strlen(text));
	must((size_t)u8_strwidth((const uint8_t *)text, "UTF-8") == used);
	free(text);
}

static void try_json(const char *bytes, size_t size)
{
	struct output output;
	struct json json;

	output_init(&output, -1, NULL);
	json_begin(&json, &output);
	json_string(&json, "s", bytes, size);
	must_be_printable(output.text, output.length);
	/* nothing inside ends the string: every quote and backslash is escaped */
	for (size_t i = strlen("{\"s\":\""); i < output.length - 1; i++) {
		must(output.text[i] != '"');
		if (output.text[i] == '\\')
			i += output.text[i + 1] == 'u' ? 5 : 1;
	}
	must(output.text[output.length - 1] == '"');
	output_free(&output);
}

static void try_endpoint(const char *bytes, size_t columns)
{
	char text[FORMAT_ENDPOINT];
	uint16_t port;

	memcpy(&port, bytes + 16, sizeof(port));
	must(format_endpoint(text, (const uint8_t *)bytes, port) == strlen(text));
	format_shorten(text, columns);
	must(columns < 8 || strlen(text) <= columns);
}

static void try_times(const char *bytes)
{
	char text[FORMAT_TIME];
	uint64_t ns;

	memcpy(&ns, bytes, sizeof(ns));
	must(format_time(text, ns) == strlen(text));
	format_clock(text, ns);
	must(strlen(text) == strlen("HH:MM:SS.mmm"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes;
	size_t columns;

	if (!size)
		return 0;
	columns = data[0] % (COLUMNS_MAX + 1);
	size--;
	bytes = malloc(size ? size : 1);
	memcpy(bytes, data + 1, size);
	try_harmless(bytes, size, columns);
	try_json(bytes, size);
	if (size >= 18) {
		try_endpoint(bytes, columns);
		try_times(bytes);
	}
	free(bytes);
	return 0;
}
