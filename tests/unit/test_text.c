// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines of text: where they are wrapped, and that nothing of them is lost. */
#include <stdlib.h>

#include "records.h"
#include "view/text.h"
#include "unit.h"

/* Terminated; the caller frees it. */
static char *wrapped(size_t used, size_t indent, const char *text, unsigned int columns)
{
	struct output output;

	text_draft(&output);
	text_wrap(&output, used, indent, text, columns);
	*output_reserve(&output, 1) = 0;
	return output.text;
}

static void check_wrapped(size_t used, size_t indent, const char *text, unsigned int columns,
			  const char *wanted)
{
	char *got = wrapped(used, indent, text, columns);

	assert_string_equal(got, wanted);
	free(got);
}

static void a_line_that_fits_stays_one(void **state)
{
	(void)state;
	check_wrapped(0, 4, "one two three four", 18, "one two three four\n");
	check_wrapped(10, 4, "one two three four", 28, "one two three four\n");
	check_wrapped(0, 4, "", 80, "\n");
}

static void a_longer_one_is_wrapped_between_words(void **state)
{
	(void)state;
	check_wrapped(0, 4, "one two three four", 17, "one two three\n    four\n");
	check_wrapped(10, 10, "one two three four", 20, "one two\n          three four\n");
}

static void chinese_is_wrapped_between_characters(void **state)
{
	(void)state;
	check_wrapped(0, 2, "应用程序没有关闭连接，等待超时", 20,
		      "应用程序没有关闭连\n  接，等待超时\n");
	/* no line begins with a stop, nor is a word of another script parted */
	check_wrapped(0, 2, "应用程序没有关闭连接。CLOSE_WAIT不会消失", 20,
		      "应用程序没有关闭连\n  接。CLOSE_WAIT不会\n  消失\n");
}

static void without_a_terminal_it_stays_one(void **state)
{
	char text[3000] = "", *got;

	(void)state;
	while (strlen(text) + 5 < sizeof(text))
		strcat(text, "word ");
	strcat(text, "end");
	got = wrapped(0, 8, text, 0);
	assert_memory_equal(got, text, strlen(text));
	assert_string_equal(got + strlen(text), "\n");
	free(got);
}

static void a_word_that_is_too_long_is_broken_and_not_cut(void **state)
{
	(void)state;
	check_wrapped(0, 2, "a 0123456789abcdef z", 10, "a\n  01234567\n  89abcdef\n  z\n");
}

static void wide_characters_take_their_columns(void **state)
{
	(void)state;
	check_wrapped(0, 0, "漢字 漢字 漢字", 9, "漢字 漢字\n漢字\n");
	check_wrapped(0, 0, "漢字漢字漢", 8, "漢字漢字\n漢\n");
}

static void blanks_between_columns_end_no_line(void **state)
{
	(void)state;
	check_wrapped(0, 2, "left      right", 12, "left\n  right\n");
}

static void a_colour_takes_no_column(void **state)
{
	(void)state;
	check_wrapped(0, 2, "\033[31mone two\033[0m", 8, "\033[31mone two\033[0m\n");
}

/* However narrow, something of it is on each line. */
static void the_narrowest_terminal_ends(void **state)
{
	(void)state;
	for (unsigned int columns = 1; columns < 20; columns++) {
		char *got = wrapped(8, 8, "one two threeandmore four", columns);

		assert_non_null(strstr(got, "four\n"));
		free(got);
	}
}

static void a_sentence_of_any_length_is_shown_whole(void **state)
{
	struct sentence sentence = {0};
	struct output output;

	(void)state;
	for (unsigned int i = 0; i < 300; i++)
		say(&sentence, "%u ", 1000 + i);
	text_draft(&output);
	text_sentence(&output, &sentence, 0);
	*output_reserve(&output, 1) = 0;
	assert_memory_equal(output.text, "        1000 1001 ", 18);
	assert_non_null(strstr(output.text, " 1298 1299"));
	assert_int_equal(text_lines(&output), 1);
	output.length = 0;
	text_sentence(&output, &sentence, 80);
	assert_int_equal(text_lines(&output), 22); /* 14 on each */
	output_free(&output);
}

static void one_is_singular(void **state)
{
	struct sentence sentence = {0};

	(void)state;
	say_shown(&sentence, (struct shown){.count = 1, .all = 13}, "socket");
	say(&sentence, ", ");
	say_shown(&sentence, (struct shown){.count = 0}, "socket");
	say(&sentence, ", ");
	say_shown(&sentence, (struct shown){1, 13, true}, "socket");
	say(&sentence, ", ");
	say_shown(&sentence, (struct shown){0, 1, true}, "socket");
	assert_string_equal(sentence.text, "1 socket, 0 sockets, 1 of 13 sockets, 0 of 1 socket");
}

static void check_losses(uint64_t shown, bool refreshes, struct losses losses, const char *wanted)
{
	struct sentence sentence = {0};

	say_losses(&sentence, shown, refreshes, &losses);
	assert_string_equal(sentence.text, wanted);
}

static void what_was_shown_and_lost_agrees_in_number(void **state)
{
	(void)state;
	check_losses(1, true, (struct losses){.ring_full = 1, .relists = 2},
		     "1 refresh shown, lost 1 record (ring full 1, skipped 0, map full 0, no "
		     "memory 0, refused 0), relists 2");
	check_losses(2, true, (struct losses){1, 2, 3, 4, 5, 6, 7},
		     "2 refreshes shown, lost 15 records (ring full 1, skipped 2, map full 3, no "
		     "memory 4, refused 5), relists 6, stacks dropped 7");
	check_losses(1, false, (struct losses){0},
		     "1 transition shown, lost 0 records (ring full 0, skipped 0, map full 0, no "
		     "memory 0, refused 0), relists 0");
	check_losses(0, false, (struct losses){0},
		     "0 transitions shown, lost 0 records (ring full 0, skipped 0, map full 0, no "
		     "memory 0, refused 0), relists 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_fits_stays_one),
		cmocka_unit_test(a_longer_one_is_wrapped_between_words),
		cmocka_unit_test(chinese_is_wrapped_between_characters),
		cmocka_unit_test(without_a_terminal_it_stays_one),
		cmocka_unit_test(a_word_that_is_too_long_is_broken_and_not_cut),
		cmocka_unit_test(wide_characters_take_their_columns),
		cmocka_unit_test(blanks_between_columns_end_no_line),
		cmocka_unit_test(a_colour_takes_no_column),
		cmocka_unit_test(the_narrowest_terminal_ends),
		cmocka_unit_test(a_sentence_of_any_length_is_shown_whole),
		cmocka_unit_test(one_is_singular),
		cmocka_unit_test(what_was_shown_and_lost_agrees_in_number),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
