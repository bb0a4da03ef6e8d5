// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/format.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

size_t format_number(char *text, uint64_t number)
{
	char digits[20];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	for (size_t i = 0; i < count; i++)
		text[i] = digits[count - 1 - i];
	return count;
}

static bool is_v4_mapped(const uint8_t *address)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

/* By hand: inet_ntop's sprintf was a tenth of what a transition costs. */
static size_t format_v4(char *text, const uint8_t *bytes)
{
	size_t length = 0;

	for (int i = 0; i < 4; i++) {
		if (i)
			text[length++] = '.';
		length += format_number(text + length, bytes[i]);
	}
	text[length] = 0;
	return length;
}

size_t format_address(char *text, const uint8_t *address)
{
	if (is_v4_mapped(address))
		return format_v4(text, address + 12);
	inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
	return strlen(text);
}

size_t format_endpoint(char *text, const uint8_t *address, uint16_t port)
{
	bool bracket = !is_v4_mapped(address);
	size_t length = 0;

	if (bracket)
		text[length++] = '[';
	length += format_address(text + length, address);
	if (bracket)
		text[length++] = ']';
	text[length++] = ':';
	if (port)
		length += format_number(text + length, port);
	else
		text[length++] = '*';
	text[length] = 0;
	return length;
}

static void two_digits(char *text, unsigned int number)
{
	text[0] = (char)('0' + number / 10 % 10);
	text[1] = (char)('0' + number % 10);
}

/* Howard Hinnant's civil-from-days: gmtime_r takes a lock, once for every line. */
static void format_date(char *text, uint64_t days)
{
	uint64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	unsigned int day = (unsigned int)(doy - (153 * mp + 2) / 5 + 1);
	unsigned int month = (unsigned int)(mp < 10 ? mp + 3 : mp - 9);
	unsigned int year = (unsigned int)(yoe + era * 400 + (month <= 2));

	two_digits(text, year / 100);
	two_digits(text + 2, year % 100);
	text[4] = '-';
	two_digits(text + 5, month);
	text[7] = '-';
	two_digits(text + 8, day);
}

size_t format_time(char *text, uint64_t realtime_ns)
{
	uint64_t seconds = realtime_ns / NS_PER_S;
	unsigned int of_day = (unsigned int)(seconds % 86400);
	unsigned int micros = (unsigned int)(realtime_ns % NS_PER_S / 1000);

	format_date(text, seconds / 86400);
	text[10] = 'T';
	two_digits(text + 11, of_day / 3600);
	text[13] = ':';
	two_digits(text + 14, of_day / 60 % 60);
	text[16] = ':';
	two_digits(text + 17, of_day % 60);
	text[19] = '.';
	two_digits(text + 20, micros / 10000);
	two_digits(text + 22, micros / 100 % 100);
	two_digits(text + 24, micros % 100);
	text[26] = 'Z';
	text[27] = 0;
	return 27;
}

void format_clock(char *text, uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	unsigned int millis = (unsigned int)(realtime_ns % NS_PER_S / 1000000);
	struct tm local;

	localtime_r(&seconds, &local);
	snprintf(text, FORMAT_TIME, "%02d:%02d:%02d.%03u", local.tm_hour, local.tm_min,
		 local.tm_sec, millis);
}

/*
 * Control, format (bidirectional overrides among them), surrogates, separators of lines: not for
 * terminals.
 */
static bool printable(ucs4_t character)
{
	return !uc_is_general_category_withtable(
		character, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp);
}

struct cell {
	char text[5];
	size_t bytes;  /* taken from the input */
	size_t length; /* of `text` */
	size_t columns;
};

/*
 * The next character as it is, or its first byte escaped: those without width too, of which any
 * number would fit.
 */
static void next_cell(struct cell *cell, const uint8_t *bytes, size_t size)
{
	ucs4_t character;
	int taken = u8_mbtoucr(&character, bytes, size);
	int width = taken > 0 && printable(character) ? uc_width(character, "UTF-8") : -1;

	if (width > 0) {
		*cell = (struct cell){
			.bytes = (size_t)taken, .length = (size_t)taken, .columns = (size_t)width};
		memcpy(cell->text, bytes, (size_t)taken);
		return;
	}
	cell->bytes = 1;
	cell->length = cell->columns = 4;
	snprintf(cell->text, sizeof(cell->text), "\\x%02x", bytes[0]);
}

size_t format_harmless(char *text, const char *bytes, size_t size, size_t columns)
{
	size_t used = 0, at = 0, end = strnlen(bytes, size);
	size_t last_used = 0; /* where `~` goes if it is cut: a column before the last, at most */
	char *last = text;

	while (at < end) {
		struct cell cell;

		next_cell(&cell, (const uint8_t *)bytes + at, end - at);
		if (used < columns) {
			last = text;
			last_used = used;
		}
		if (used + cell.columns > columns) {
			text = last;
			used = last_used;
			if (columns) {
				*text++ = '~';
				used++;
			}
			break;
		}
		memcpy(text, cell.text, cell.length);
		text += cell.length;
		used += cell.columns;
		at += cell.bytes;
	}
	*text = 0;
	return used;
}

void format_shorten(char *text, size_t columns)
{
	size_t length = strlen(text), tail;

	if (length <= columns || columns < 8)
		return;
	tail = columns / 2;
	text[columns - tail - 1] = '~';
	memmove(text + columns - tail, text + length - tail, tail + 1);
}
