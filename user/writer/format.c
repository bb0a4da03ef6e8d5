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

#define TIME_SECONDS  19
#define CLOCK_SECONDS 8

static void two_digits(char *text, unsigned int number)
{
	text[0] = (char)('0' + number / 10 % 10);
	text[1] = (char)('0' + number % 10);
}

static size_t digits_of(uint64_t number)
{
	uint64_t limit = 10;
	size_t digits = 1;

	for (; digits < FORMAT_DIGITS && number >= limit; limit *= 10)
		digits++;
	return digits;
}

void format_digits(char *text, uint64_t number, size_t digits)
{
	for (; digits >= 2; digits -= 2, number /= 100)
		two_digits(text + digits - 2, (unsigned int)(number % 100));
	if (digits)
		text[0] = (char)('0' + number % 10);
}

size_t format_number(char *text, uint64_t number)
{
	size_t digits = digits_of(number);

	format_digits(text, number, digits);
	return digits;
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

/* "2024-03-01T00:00:00", of which TIME_SECONDS. */
static void format_utc(char *text, uint64_t seconds)
{
	unsigned int of_day = (unsigned int)(seconds % 86400);

	format_date(text, seconds / 86400);
	text[10] = 'T';
	two_digits(text + 11, of_day / 3600);
	text[13] = ':';
	two_digits(text + 14, of_day / 60 % 60);
	text[16] = ':';
	two_digits(text + 17, of_day % 60);
}

/* "00:00:00", of which CLOCK_SECONDS. */
static void format_local(char *text, uint64_t seconds)
{
	time_t of_clock = (time_t)seconds;
	struct tm local;

	localtime_r(&of_clock, &local);
	two_digits(text, (unsigned int)local.tm_hour);
	text[2] = ':';
	two_digits(text + 3, (unsigned int)local.tm_min);
	text[5] = ':';
	two_digits(text + 6, (unsigned int)local.tm_sec);
}

/* The `size` bytes of a second, from what is known or anew. */
static void put_second(struct format_second *last, char *text, uint64_t seconds, size_t size,
		       void (*format)(char *text, uint64_t seconds))
{
	if (last->second != seconds || !last->text[0]) {
		format(last->text, seconds);
		last->second = seconds;
	}
	memcpy(text, last->text, size);
}

size_t format_time_after(struct format_second *last, char *text, uint64_t realtime_ns)
{
	unsigned int micros = (unsigned int)(realtime_ns % NS_PER_S / 1000);

	put_second(last, text, realtime_ns / NS_PER_S, TIME_SECONDS, format_utc);
	text += TIME_SECONDS;
	*text++ = '.';
	two_digits(text, micros / 10000);
	two_digits(text + 2, micros / 100 % 100);
	two_digits(text + 4, micros % 100);
	text[6] = 'Z';
	text[7] = 0;
	return TIME_SECONDS + 8;
}

size_t format_clock_after(struct format_second *last, char *text, uint64_t realtime_ns)
{
	unsigned int millis = (unsigned int)(realtime_ns % NS_PER_S / 1000000);

	put_second(last, text, realtime_ns / NS_PER_S, CLOCK_SECONDS, format_local);
	text += CLOCK_SECONDS;
	text[0] = '.';
	text[1] = (char)('0' + millis / 100);
	two_digits(text + 2, millis % 100);
	text[4] = 0;
	return CLOCK_SECONDS + 4;
}

size_t format_time(char *text, uint64_t realtime_ns)
{
	struct format_second none = {0};

	return format_time_after(&none, text, realtime_ns);
}

size_t format_clock(char *text, uint64_t realtime_ns)
{
	struct format_second none = {0};

	return format_clock_after(&none, text, realtime_ns);
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

/* Most are of one byte and one column, and need no look at the tables of Unicode. */
static bool is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

/*
 * The next character as it is, or its first byte escaped: those without width too, of which any
 * number would fit.
 */
static void next_cell(struct cell *cell, const uint8_t *bytes, size_t size)
{
	ucs4_t character;
	int taken, width;

	if (is_plain(bytes[0])) {
		*cell = (struct cell){{(char)bytes[0]}, 1, 1, 1};
		return;
	}
	taken = u8_mbtoucr(&character, bytes, size);
	width = taken > 0 && printable(character) ? uc_width(character, "UTF-8") : -1;

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
