// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json.h"

#include <stdio.h>
#include <unistr.h>

#include "format.h"

#define NS_PER_S 1000000000ULL

static void put(struct json *json, const char *bytes, size_t size)
{
	output_bytes(json->output, bytes, size);
}

static void start(struct json *json, const char *key)
{
	if (json->comma)
		put(json, ",", 1);
	json->comma = true;
	if (!key)
		return;
	put(json, "\"", 1);
	put(json, key, strlen(key));
	put(json, "\":", 2);
}

void json_begin(struct json *json, struct output *output)
{
	*json = (struct json){.output = output};
	put(json, "{", 1);
}

void json_end(struct json *json)
{
	put(json, "}", 1);
	output_line(json->output);
}

void json_open(struct json *json, const char *key, char bracket)
{
	start(json, key);
	put(json, &bracket, 1);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	put(json, &bracket, 1);
	json->comma = true;
}

void json_null(struct json *json, const char *key)
{
	start(json, key);
	put(json, "null", 4);
}

void json_bool(struct json *json, const char *key, bool value)
{
	start(json, key);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	start(json, key);
	json->output->length += format_number(output_reserve(json->output, 20), value);
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
	char text[17];

	snprintf(text, sizeof(text), "%llx", (unsigned long long)value);
	json_plain(json, key, text);
}

void json_seconds(struct json *json, const char *key, uint64_t ns)
{
	uint64_t fraction = ns % NS_PER_S;
	char text[32];
	size_t length = format_number(text, ns / NS_PER_S);

	text[length++] = '.';
	for (uint64_t digit = NS_PER_S / 10; digit; digit /= 10)
		text[length++] = (char)('0' + fraction / digit % 10);
	start(json, key);
	put(json, text, length);
}

void json_real(struct json *json, const char *key, double value)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%.6f", value);

	start(json, key);
	put(json, text, (size_t)length);
}

static bool needs_no_escape(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return true;
}

static void put_ascii(struct json *json, unsigned char c)
{
	char text[8];

	if (c == '"' || c == '\\')
		put(json, (char[]){'\\', (char)c}, 2);
	else if (c < 0x20 || c == 0x7f)
		put(json, text, (size_t)snprintf(text, sizeof(text), "\\u%04x", c));
	else
		put(json, (char *)&c, 1);
}

/* One U+FFFD for each byte that belongs to no character. */
static void put_escaped(struct json *json, const uint8_t *bytes, size_t size)
{
	while (size) {
		ucs4_t character;
		int taken = u8_mbtoucr(&character, bytes, size);

		if (taken <= 0) {
			put(json, "\xef\xbf\xbd", 3);
			taken = 1;
		} else if (taken == 1) {
			put_ascii(json, bytes[0]);
		} else {
			put(json, (const char *)bytes, (size_t)taken);
		}
		bytes += taken;
		size -= (size_t)taken;
	}
}

void json_string(struct json *json, const char *key, const char *bytes, size_t size)
{
	if (!bytes) {
		json_null(json, key);
		return;
	}
	size = strnlen(bytes, size);
	start(json, key);
	put(json, "\"", 1);
	if (needs_no_escape(bytes, size))
		put(json, bytes, size);
	else
		put_escaped(json, (const uint8_t *)bytes, size);
	put(json, "\"", 1);
}

void json_plain(struct json *json, const char *key, const char *text)
{
	if (!text) {
		json_null(json, key);
		return;
	}
	start(json, key);
	put(json, "\"", 1);
	put(json, text, strlen(text));
	put(json, "\"", 1);
}
