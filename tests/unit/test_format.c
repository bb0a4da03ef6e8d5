// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>
#include <unistr.h>
#include <uniwidth.h>

#include "writer/format.h"
#include "records.h"
#include "unit.h"

static void numbers_are_decimal(void **state)
{
	static const uint64_t numbers[] = {0, 1, 9, 10, 65535, 4294967296, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		char text[21] = "", expected[21];
		size_t length = format_number(text, numbers[i]);

		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)numbers[i]);
		text[length] = 0;
		assert_string_equal(text, expected);
	}
}

struct endpoint {
	const char *address;
	uint16_t port;
	const char *text, *endpoint;
};

static const struct endpoint endpoints[] = {
	{"10.0.0.5", 80, "10.0.0.5", "10.0.0.5:80"},
	{"0.0.0.0", 0, "0.0.0.0", "0.0.0.0:*"},
	{"255.255.255.255", 65535, "255.255.255.255", "255.255.255.255:65535"},
	{"::ffff:10.0.0.5", 80, "10.0.0.5", "10.0.0.5:80"},
	{"::1", 443, "::1", "[::1]:443"},
	{"::", 0, "::", "[::]:*"},
	{"2001:db8::1", 1, "2001:db8::1", "[2001:db8::1]:1"},
	{"2001:db8:1111:2222:3333:4444:5555:6666", 65535, "2001:db8:1111:2222:3333:4444:5555:6666",
	 "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"},
	{"64:ff9b::1.2.3.4", 80, "64:ff9b::102:304", "[64:ff9b::102:304]:80"},
};

static void addresses_are_shown_as_people_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(endpoints); i++) {
		char text[INET6_ADDRSTRLEN];
		uint8_t address[16];

		address_of(address, endpoints[i].address);
		assert_int_equal(format_address(text, address), strlen(endpoints[i].text));
		assert_string_equal(text, endpoints[i].text);
	}
}

static void an_endpoint_has_its_port_behind_the_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(endpoints); i++) {
		char text[FORMAT_ENDPOINT];
		uint8_t address[16];

		address_of(address, endpoints[i].address);
		assert_int_equal(format_endpoint(text, address, endpoints[i].port),
				 strlen(endpoints[i].endpoint));
		assert_string_equal(text, endpoints[i].endpoint);
	}
}

static void every_address_is_read_back_as_the_same(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[INET6_ADDRSTRLEN];
		uint8_t address[16], back[16];
		size_t length;

		for (int i = 0; i < 16; i++)
			address[i] = random_next(&seed) % 3 ? 0 : (uint8_t)random_next(&seed);
		if (round % 2) {
			memset(address, 0, 10);
			memset(address + 10, 0xff, 2);
		}
		length = format_address(text, address);
		assert_int_equal(length, strlen(text));
		address_of(back, text);
		assert_memory_equal(address, back, sizeof(back));
	}
}

static void a_long_endpoint_keeps_both_its_ends(void **state)
{
	char text[FORMAT_ENDPOINT] = "[2001:db8:1111:2222:3333:4444:5555:6666]:443";

	(void)state;
	format_shorten(text, 21);
	assert_string_equal(text, "[2001:db8:~:6666]:443");
}

static void shortening_yields_exactly_the_columns(void **state)
{
	static const char whole[] = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";

	(void)state;
	for (size_t columns = 8; columns < sizeof(whole); columns++) {
		char text[FORMAT_ENDPOINT];

		memcpy(text, whole, sizeof(whole));
		format_shorten(text, columns);
		assert_int_equal(strlen(text), columns);
		assert_true(strchr(text, '~') || columns == sizeof(whole) - 1);
	}
}

static void what_fits_is_not_shortened(void **state)
{
	char text[FORMAT_ENDPOINT] = "255.255.255.255:65535";

	(void)state;
	format_shorten(text, 21);
	assert_string_equal(text, "255.255.255.255:65535");
}

static void expected_time(char *text, uint64_t ns)
{
	time_t seconds = (time_t)(ns / SECOND);
	char date[FORMAT_TIME];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, FORMAT_TIME + 16, "%s.%06uZ", date, (unsigned int)(ns % SECOND / 1000));
}

static void check_time(uint64_t ns)
{
	char text[FORMAT_TIME], expected[FORMAT_TIME + 16];
	size_t length = format_time(text, ns);

	assert_int_equal(length, strlen(text));
	expected_time(expected, ns);
	assert_string_equal(text, expected);
}

static void times_agree_with_gmtime_at_the_turns(void **state)
{
	/* seconds: the epoch, leap days of 1972, 2000, 2024, no leap days of 2100 and 2200 */
	static const uint64_t turns[] = {0,	     68169600,	 951782400,  951868800,
					 1709164800, 1709251200, 4107456000, 4107542400,
					 7263129600, 2147483648, 4294967296, 18446744073};

	(void)state;
	for (size_t i = 0; i < COUNT(turns); i++) {
		check_time(turns[i] * SECOND);
		if (turns[i])
			check_time(turns[i] * SECOND - 1);
		check_time(turns[i] * SECOND + 999);
		check_time(turns[i] * SECOND + 1000);
	}
	check_time(UINT64_MAX);
}

static void times_agree_with_gmtime_at_many_instants(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (int i = 0; i < 100000; i++)
		check_time(random_next(&seed));
}

static void every_day_of_four_centuries_agrees_with_gmtime(void **state)
{
	(void)state;
	for (uint64_t day = 0; day < 146097 + 366; day++)
		check_time(day * 86400 * SECOND);
}

static void the_clock_is_local_time_with_milliseconds(void **state)
{
	char text[FORMAT_TIME];

	(void)state;
	setenv("TZ", "UTC-5:30", 1);
	tzset();
	format_clock(text, 1709251199 * SECOND + 999999999);
	assert_string_equal(text, "05:29:59.999");
	setenv("TZ", "UTC", 1);
	tzset();
	format_clock(text, 0);
	assert_string_equal(text, "00:00:00.000");
}

struct harmless {
	const char *bytes;
	size_t columns;
	const char *text;
};

static const struct harmless harmless[] = {
	{"", 15, ""},
	{"nginx", 15, "nginx"},
	{"kworker/0:1-ev ", 15, "kworker/0:1-ev "},
	{"a\\b\"c", 15, "a\\b\"c"},
	/* controls */
	{"a\nb", 15, "a\\x0ab"},
	{"a\tb\r", 15, "a\\x09b\\x0d"},
	{"\033[31m", 15, "\\x1b[31m"},
	{"\177", 15, "\\x7f"},
	/* C1 controls as UTF-8: U+009B is an escape sequence's beginning */
	{"\xc2\x9b"
	 "31m",
	 15, "\\xc2\\x9b31m"},
	{"\xc2\x85", 15, "\\xc2\\x85"},
	/* bidirectional overrides and marks, zero-width characters, the byte order mark */
	{"a\xe2\x80\xae"
	 "b",
	 15, "a\\xe2\\x80\\xaeb"},
	{"\xe2\x81\xa6", 15, "\\xe2\\x81\\xa6"},
	{"\xe2\x80\x8f", 15, "\\xe2\\x80\\x8f"},
	{"\xe2\x80\x8b", 15, "\\xe2\\x80\\x8b"},
	{"\xef\xbb\xbf", 15, "\\xef\\xbb\\xbf"},
	/* separators of lines and paragraphs */
	{"\xe2\x80\xa8", 15, "\\xe2\\x80\\xa8"},
	{"\xe2\x80\xa9", 15, "\\xe2\\x80\\xa9"},
	/* broken UTF-8: a lone continuation, a lone lead, overlong, a surrogate, too large */
	{"\x80", 15, "\\x80"},
	{"\xc3", 15, "\\xc3"},
	{"\xc3("
	 "a",
	 15, "\\xc3(a"},
	{"\xc0\xaf", 15, "\\xc0\\xaf"},
	{"\xed\xa0\x80", 15, "\\xed\\xa0\\x80"},
	{"\xf4\x90\x80\x80", 16, "\\xf4\\x90\\x80\\x80"},
	{"\xff\xfe", 15, "\\xff\\xfe"},
	/* printable */
	{"caf\xc3\xa9", 15, "caf\xc3\xa9"},
	{"\xe6\x97\xa5\xe6\x9c\xac", 15, "\xe6\x97\xa5\xe6\x9c\xac"},
	{"\xf0\x9f\x90\xa7", 15, "\xf0\x9f\x90\xa7"},
	/* cut */
	{"abcdef", 6, "abcdef"},
	{"abcdefg", 6, "abcde~"},
	{"abcdef\n", 6, "abcde~"},
	{"caf\xc3\xa9s", 4, "caf~"},
	/* a wide character is not cut in half */
	{"\xe6\x97\xa5\xe6\x9c\xac", 4, "\xe6\x97\xa5\xe6\x9c\xac"},
	{"\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5~"},
	{"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4, "\xe6\x97\xa5~"},
};

static void hostile_strings_are_made_harmless(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(harmless); i++) {
		char text[4 * 16 + 1];

		format_harmless(text, harmless[i].bytes, 64, harmless[i].columns);
		check(strcmp(text, harmless[i].text) == 0, "%zu: \"%s\" is not \"%s\"", i, text,
		      harmless[i].text);
	}
}

static void a_string_without_an_end_is_taken_up_to_its_size(void **state)
{
	char text[4 * 16 + 1];

	(void)state;
	assert_int_equal(format_harmless(text, "0123456789abcdefgarbage", 16, 16), 16);
	assert_string_equal(text, "0123456789abcdef");
	/* a character that begins in it and ends behind it */
	format_harmless(text, "abc\xc3\xa9", 4, 16);
	assert_string_equal(text, "abc\\xc3");
}

/* What the columns behind it are aligned by. */
static void the_columns_taken_are_those_that_the_terminal_shows(void **state)
{
	static const char *const bytes[] = {
		"nginx",
		"0123456789abcdef0123456789abcdef",
		"\001\002\003\004\005",
		"a\001b\002c\003d\004e",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"ab\xe6\x97\xa5\001",
		"a\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9",
		"e\xcc\x81\xcc\x81\xcc\x81x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bytes); i++) {
		for (size_t columns = 1; columns <= 20; columns++) {
			char text[256];
			size_t used = format_harmless(text, bytes[i], 64, columns);
			size_t shown = (size_t)u8_strwidth((const uint8_t *)text, "UTF-8");

			check(used <= columns, "%zu: %zu columns of %zu", i, used, columns);
			check(used == shown, "%zu: says %zu, shows %zu of %zu: \"%s\"", i, used,
			      shown, columns, text);
		}
	}
}

/* The header promises it: combining characters take no column, and there may be any number. */
static void never_more_bytes_are_written_than_the_columns_allow(void **state)
{
	char bytes[200] = "e", text[512];

	(void)state;
	for (size_t at = 1; at + 2 < sizeof(bytes); at += 2)
		memcpy(bytes + at, "\xcc\x81", 2);
	for (size_t columns = 0; columns <= 20; columns++) {
		format_harmless(text, bytes, sizeof(bytes), columns);
		check(strlen(text) <= 4 * columns, "%zu bytes for %zu columns", strlen(text),
		      columns);
	}
}

static void any_bytes_become_harmless(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char bytes[16], text[256];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)random_next(&seed);
		format_harmless(text, bytes, sizeof(bytes), 15);
		assert_null(u8_check((const uint8_t *)text, strlen(text)));
		for (const char *at = text; *at; at++)
			assert_false((unsigned char)*at < 0x20 || *at == 0x7f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(addresses_are_shown_as_people_write_them),
		cmocka_unit_test(an_endpoint_has_its_port_behind_the_address),
		cmocka_unit_test(every_address_is_read_back_as_the_same),
		cmocka_unit_test(a_long_endpoint_keeps_both_its_ends),
		cmocka_unit_test(shortening_yields_exactly_the_columns),
		cmocka_unit_test(what_fits_is_not_shortened),
		cmocka_unit_test(times_agree_with_gmtime_at_the_turns),
		cmocka_unit_test(times_agree_with_gmtime_at_many_instants),
		cmocka_unit_test(every_day_of_four_centuries_agrees_with_gmtime),
		cmocka_unit_test(the_clock_is_local_time_with_milliseconds),
		cmocka_unit_test(hostile_strings_are_made_harmless),
		cmocka_unit_test(a_string_without_an_end_is_taken_up_to_its_size),
		cmocka_unit_test(the_columns_taken_are_those_that_the_terminal_shows),
		cmocka_unit_test(never_more_bytes_are_written_than_the_columns_allow),
		cmocka_unit_test(any_bytes_become_harmless),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
