// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/json.h"

#include <math.h>
#include <stdio.h>
#include <unistr.h>

#include "writer/format.h"
#include "base/time.h"

static void put(struct json *json, const char *bytes, size_t size)
{
	output_bytes(json->output, bytes, size);
}

/*
 * Writes the comma and the key, and leaves room for a value of `size` bytes: where the value is to
 * be written. One reservation for all three: this is the hot path of every view.
 */
static char *begin(struct json *json, struct json_key key, size_t size)
{
	char *at = output_reserve(json->output, key.length + size + 4);

	if (json->comma)
		*at++ = ',';
	json->comma = true;
	if (!key.text)
		return at;
	*at++ = '"';
	memcpy(at, key.text, key.length);
	at += key.length;
	*at++ = '"';
	*at++ = ':';
	return at;
}

/* `at`: behind the value. */
static void end(struct json *json, const char *at)
{
	json->output->length = (size_t)(at - json->output->text);
}

void json_put(struct json *json, struct json_key key, const char *text, size_t size)
{
	char *at = begin(json, key, size);

	memcpy(at, text, size);
	end(json, at + size);
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

void json_put_open(struct json *json, struct json_key key, char bracket)
{
	json_put(json, key, &bracket, 1);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	put(json, &bracket, 1);
	json->comma = true;
}

void json_put_number(struct json *json, struct json_key key, uint64_t number)
{
	char *at = begin(json, key, FORMAT_DIGITS);

	end(json, at + format_number(at, number));
}

void json_put_integer(struct json *json, struct json_key key, int64_t number)
{
	char *at = begin(json, key, FORMAT_DIGITS + 1);

	if (number < 0)
		*at++ = '-';
	end(json, at + format_number(at, number < 0 ? -(uint64_t)number : (uint64_t)number));
}

void json_put_hex(struct json *json, struct json_key key, uint64_t number)
{
	static const char digits[] = "0123456789abcdef";
	char text[17], *at = text + sizeof(text) - 1;

	*at = 0;
	do
		*--at = digits[number & 15];
	while (number >>= 4);
	json_put_quoted(json, key, at, (size_t)(text + sizeof(text) - 1 - at));
}

void json_put_seconds(struct json *json, struct json_key key, uint64_t ns)
{
	char *at = begin(json, key, FORMAT_DIGITS + 10);

	at += format_number(at, ns / NS_PER_S);
	*at++ = '.';
	format_digits(at, ns % NS_PER_S, 9);
	end(json, at + 9);
}

void json_put_real(struct json *json, struct json_key key, double number)
{
	char text[400]; /* the longest double has 309 digits before the point */
	int length = snprintf(text, sizeof(text), "%.6f", number);

	if (!isfinite(number)) {
		json_put(json, key, "null", 4);
		return;
	}
	json_put(json, key, text, (size_t)length);
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

/* `size` bytes that need no escape. */
void json_put_quoted(struct json *json, struct json_key key, const char *text, size_t size)
{
	char *at = begin(json, key, size + 2);

	*at++ = '"';
	memcpy(at, text, size);
	at += size;
	*at++ = '"';
	end(json, at);
}

void json_put_string(struct json *json, struct json_key key, const char *bytes, size_t size)
{
	if (!bytes) {
		json_put(json, key, "null", 4);
		return;
	}
	size = strnlen(bytes, size);
	if (needs_no_escape(bytes, size)) {
		json_put_quoted(json, key, bytes, size);
		return;
	}
	json_put(json, key, "\"", 1);
	put_escaped(json, (const uint8_t *)bytes, size);
	put(json, "\"", 1);
}
