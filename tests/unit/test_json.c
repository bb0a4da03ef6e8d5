// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <unistr.h>

#include "writer/json.h"
#include "unit.h"

struct line {
	struct output output;
	struct json json;
};

static int setup(void **state)
{
	struct line *line = calloc(1, sizeof(*line));

	output_init(&line->output, -1, NULL);
	json_begin(&line->json, &line->output);
	*state = line;
	return 0;
}

static int teardown(void **state)
{
	struct line *line = *state;

	output_free(&line->output);
	free(line);
	return 0;
}

static void expect(struct line *line, const char *expected)
{
	json_end(&line->json);
	output_bytes(&line->output, "", 1);
	assert_string_equal(line->output.text, expected);
}

static void an_object_is_a_line(void **state)
{
	expect(*state, "{}\n");
}

static void commas_are_between_and_nowhere_else(void **state)
{
	struct line *line = *state;
	struct json *json = &line->json;

	json_null(json, "a");
	json_bool(json, "b", true);
	json_bool(json, "c", false);
	json_open(json, "d", '{');
	json_close(json, '}');
	json_open(json, "e", '[');
	json_number(json, NULL, 1);
	json_open(json, NULL, '{');
	json_number(json, "f", 2);
	json_close(json, '}');
	json_open(json, NULL, '[');
	json_close(json, ']');
	json_close(json, ']');
	json_plain(json, "g", "h");
	expect(line, "{\"a\":null,\"b\":true,\"c\":false,\"d\":{},\"e\":[1,{\"f\":2},[]],"
		     "\"g\":\"h\"}\n");
}

static void numbers_are_exact(void **state)
{
	struct line *line = *state;

	json_number(&line->json, "a", 0);
	json_number(&line->json, "b", UINT64_MAX);
	json_hex(&line->json, "c", 0xdeadbeefULL);
	json_hex(&line->json, "d", UINT64_MAX);
	json_integer(&line->json, "e", -1);
	json_integer(&line->json, "f", INT64_MIN);
	expect(line, "{\"a\":0,\"b\":18446744073709551615,\"c\":\"deadbeef\","
		     "\"d\":\"ffffffffffffffff\",\"e\":-1,"
		     "\"f\":-9223372036854775808}\n");
}

struct seconds {
	uint64_t ns;
	const char *text;
};

static void seconds_are_exact_to_the_nanosecond(void **state)
{
	static const struct seconds rows[] = {
		{0, "0.000000000"},
		{1, "0.000000001"},
		{999999999, "0.999999999"},
		{1000000000, "1.000000000"},
		{60000000001, "60.000000001"},
		{9007199254740993, "9007199.254740993"}, /* no double holds it */
		{UINT64_MAX, "18446744073.709551615"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct line *line = *state;
		char expected[64];

		line->output.length = 0;
		json_begin(&line->json, &line->output);
		json_seconds(&line->json, "s", rows[i].ns);
		snprintf(expected, sizeof(expected), "{\"s\":%s}\n", rows[i].text);
		expect(line, expected);
	}
}

static void reals_are_plain_numbers(void **state)
{
	struct line *line = *state;

	json_real(&line->json, "a", 0.5);
	json_real(&line->json, "b", -1.25);
	json_real(&line->json, "c", 1e12);
	expect(line, "{\"a\":0.500000,\"b\":-1.250000,\"c\":1000000000000.000000}\n");
}

/* Division by nothing: JSON has no word for it but null. */
static void what_is_no_number_is_null(void **state)
{
	struct line *line = *state;
	double zero = 0;

	json_real(&line->json, "a", zero / zero);
	json_real(&line->json, "b", 1 / zero);
	expect(line, "{\"a\":null,\"b\":null}\n");
}

struct string {
	const char *bytes;
	const char *text;
};

#define FFFD "\xef\xbf\xbd"

static void strings_are_valid_whatever_they_hold(void **state)
{
	static const struct string rows[] = {
		{"", ""},
		{"nginx", "nginx"},
		{"a\"b\\c/d", "a\\\"b\\\\c/d"},
		{"\b\f\n\r\t", "\\u0008\\u000c\\u000a\\u000d\\u0009"},
		{"\001\037\177", "\\u0001\\u001f\\u007f"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"\xe6\x97\xa5", "\xe6\x97\xa5"},
		{"\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7"},
		{"\xef\xbf\xbf", "\xef\xbf\xbf"}, /* U+FFFF: no character, but valid */
		/* broken: each byte is U+FFFD */
		{"\x80", FFFD},
		{"a\xff"
		 "b",
		 "a" FFFD "b"},
		{"\xc3", FFFD},
		{"\xc3(", FFFD "("},
		{"\xc0\xaf", FFFD FFFD},
		{"\xed\xa0\x80", FFFD FFFD FFFD},
		{"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD},
		{"\xe6\x97", FFFD FFFD},
		{"\xe6\x97\"", FFFD FFFD "\\\""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct line *line = *state;
		char expected[128];

		line->output.length = 0;
		json_begin(&line->json, &line->output);
		json_string(&line->json, "s", rows[i].bytes, 64);
		snprintf(expected, sizeof(expected), "{\"s\":\"%s\"}\n", rows[i].text);
		expect(line, expected);
	}
}

static void a_string_without_an_end_is_taken_up_to_its_size(void **state)
{
	struct line *line = *state;

	json_string(&line->json, "a", "0123456789abcdefgarbage", 16);
	json_string(&line->json, "b", "abc\xc3\xa9", 4); /* ends in the middle of a character */
	json_string(&line->json, "c", "abc\0def", 7);
	expect(line, "{\"a\":\"0123456789abcdef\",\"b\":\"abc" FFFD "\",\"c\":\"abc\"}\n");
}

static void no_string_is_null(void **state)
{
	struct line *line = *state;

	json_string(&line->json, "a", NULL, 16);
	json_plain(&line->json, "b", NULL);
	expect(line, "{\"a\":null,\"b\":null}\n");
}

static void any_bytes_become_valid_utf8(void **state)
{
	struct line *line = *state;
	uint64_t seed = 13;

	for (int round = 0; round < 20000; round++) {
		char bytes[16];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)random_next(&seed);
		line->output.length = 0;
		json_string(&line->json, "s", bytes, sizeof(bytes));
		assert_null(u8_check((const uint8_t *)line->output.text, line->output.length));
		for (size_t i = 0; i < line->output.length; i++)
			assert_true((unsigned char)line->output.text[i] >= 0x20);
	}
}

static void lines_longer_than_the_buffer_are_whole(void **state)
{
	struct line *line = *state;
	enum { NUMBERS = 100000 };

	json_open(&line->json, "a", '[');
	for (int i = 0; i < NUMBERS; i++)
		json_number(&line->json, NULL, 7);
	json_close(&line->json, ']');
	assert_int_equal(line->output.length, strlen("{\"a\":[") + 2 * NUMBERS - 1 + 1);
	for (int i = 0; i < NUMBERS; i++)
		assert_int_equal(line->output.text[strlen("{\"a\":[") + 2 * (size_t)i], '7');
}

#define line_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		line_test(an_object_is_a_line),
		line_test(commas_are_between_and_nowhere_else),
		line_test(numbers_are_exact),
		line_test(seconds_are_exact_to_the_nanosecond),
		line_test(reals_are_plain_numbers),
		line_test(what_is_no_number_is_null),
		line_test(strings_are_valid_whatever_they_hold),
		line_test(a_string_without_an_end_is_taken_up_to_its_size),
		line_test(no_string_is_null),
		line_test(any_bytes_become_valid_utf8),
		line_test(lines_longer_than_the_buffer_are_whole),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
