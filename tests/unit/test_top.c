// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the screen of `top` is made of, without a screen. */
#include <curses.h>
#include <stdio.h>

#include "command/top/course.h"
#include "command/top/lines.h"
#include "command/top/list.h"
#include "command/top/prompt.h"
#include "unit.h"

static void add(struct list *list, uint64_t key, size_t part, double figure, const char *line)
{
	struct item *item = list_add(list, key, part);

	item->figures[1] = figure;
	item->line = list_keep(list, line, strlen(line));
	item->more = list_keep(list, "", 0);
}

/* A heading, then rows of these keys. */
static void fill(struct list *list, const char *keys)
{
	list_clear(list);
	add(list, 0, 0, 0, "HEADING");
	for (const char *key = keys; *key; key++) {
		char line[] = {'r', 'o', 'w', ' ', *key, 0};

		add(list, (uint64_t)*key, 0, *key, line);
	}
	list_settle(list);
}

static uint64_t chosen(const struct list *list)
{
	const struct item *item = list_chosen(list);

	return item ? item->key : 0;
}

static void the_cursor_passes_over_headings(void **state)
{
	struct list list = {0};

	(void)state;
	fill(&list, "abc");
	assert_int_equal(chosen(&list), 'a');
	list_move(&list, -1);
	assert_int_equal(chosen(&list), 'a');
	list_move(&list, 2);
	assert_int_equal(chosen(&list), 'c');
	list_move(&list, 5);
	assert_int_equal(chosen(&list), 'c');
	list_go(&list, 0);
	assert_int_equal(chosen(&list), 'a');
	list_go(&list, 99);
	assert_int_equal(chosen(&list), 'c');
	list_free(&list);
}

static void a_second_heading_is_passed_over_too(void **state)
{
	struct list list = {0};

	(void)state;
	fill(&list, "ab");
	add(&list, 0, 1, 0, "OTHERS");
	add(&list, 'x', 1, 0, "row x");
	list_move(&list, 2);
	assert_int_equal(chosen(&list), 'x');
	list_move(&list, -1);
	assert_int_equal(chosen(&list), 'b');
	list_free(&list);
}

static void a_row_keeps_its_place_on_the_screen(void **state)
{
	struct list list = {0};

	(void)state;
	fill(&list, "abcdefgh");
	list_move(&list, 5);
	list_show(&list, 4);
	assert_int_equal(list.at - list.top, 3);
	fill(&list, "fabcdegh"); /* it goes to the top */
	assert_int_equal(chosen(&list), 'f');
	list_show(&list, 4);
	assert_int_equal(list.top, 0);
	fill(&list, "habcdefg"); /* and down again */
	assert_int_equal(chosen(&list), 'f');
	list_show(&list, 4);
	assert_true(list.at >= list.top && list.at < list.top + 4);
	list_free(&list);
}

static void a_row_that_is_gone_leaves_the_cursor_there(void **state)
{
	struct list list = {0};

	(void)state;
	fill(&list, "abcd");
	list_move(&list, 1);
	fill(&list, "acd");
	assert_int_equal(chosen(&list), 'c');
	fill(&list, "a");
	assert_int_equal(chosen(&list), 'a');
	fill(&list, "");
	assert_null(list_chosen(&list));
	fill(&list, "z");
	assert_int_equal(chosen(&list), 'z');
	list_free(&list);
}

static void an_empty_list_can_be_moved_in(void **state)
{
	struct list list = {0};

	(void)state;
	list_settle(&list);
	list_move(&list, 1);
	list_move(&list, -1);
	list_go(&list, 3);
	list_show(&list, 10);
	assert_null(list_chosen(&list));
	assert_false(list_search(&list, "x"));
	list_free(&list);
}

static void a_search_goes_round(void **state)
{
	struct list list = {0};

	(void)state;
	fill(&list, "abab");
	assert_true(list_search(&list, "ROW B"));
	assert_int_equal(list.at, 2);
	assert_true(list_search(&list, "row b"));
	assert_int_equal(list.at, 4);
	assert_true(list_search(&list, "row b"));
	assert_int_equal(list.at, 2);
	assert_false(list_search(&list, "nothing"));
	assert_false(list_search(&list, "HEADING"));
	list_free(&list);
}

static void rows_are_sorted_below_their_heading(void **state)
{
	struct list list = {0};

	(void)state;
	fill(&list, "bca");
	add(&list, 0, 1, 0, "OTHERS");
	add(&list, 'z', 1, 0, "row z");
	list_sort(&list, 0, 1, false);
	assert_int_equal(list.items[0].key, 0);
	assert_int_equal(list.items[1].key, 'c');
	assert_int_equal(list.items[3].key, 'a');
	assert_int_equal(list.items[4].key, 0);
	list_sort(&list, 0, 1, true);
	assert_int_equal(list.items[1].key, 'a');
	assert_int_equal(list.items[5].key, 'z');
	list_free(&list);
}

static void note(struct courses *courses, uint64_t second, uint64_t key, double value)
{
	if (!courses_begin(courses, second * 1000000000ULL))
		return;
	courses_note(courses, key, value);
	courses_end(courses);
}

static void a_course_is_drawn_against_its_greatest(void **state)
{
	struct courses courses;
	char text[COURSE_BYTES];

	(void)state;
	courses_init(&courses);
	note(&courses, 3, 7, 0);
	note(&courses, 6, 7, 1);
	note(&courses, 7, 7, 100); /* too early */
	note(&courses, 9, 7, 800);
	note(&courses, 12, 7, 400);
	assert_true(course_draw(&courses, 7, 4, true, text) == 800);
	assert_string_equal(text, " .#=");
	course_draw(&courses, 7, 3, false, text);
	assert_string_equal(text, "▁█▄");
	courses_free(&courses);
}

static void what_is_not_there_has_no_course(void **state)
{
	struct courses courses;
	char text[COURSE_BYTES];

	(void)state;
	courses_init(&courses);
	note(&courses, 3, 7, 5);
	note(&courses, 6, 8, 5); /* 7 is gone */
	assert_true(course_draw(&courses, 7, 4, true, text) == 0);
	assert_string_equal(text, "");
	assert_true(course_draw(&courses, 8, 4, true, text) == 5);
	assert_string_equal(text, "   #");
	courses_free(&courses);
}

static void courses_are_bounded(void **state)
{
	struct courses courses;

	(void)state;
	courses_init(&courses);
	for (uint64_t second = 3; second < 9; second += 3) {
		courses_begin(&courses, second * 1000000000ULL);
		for (uint64_t key = 1; key < 3 * COURSES_MAX; key++)
			courses_note(&courses, key * second, 1);
		courses_end(&courses);
		assert_int_equal(courses.pool.live, second == 3 ? COURSES_MAX : courses.pool.live);
	}
	courses_begin(&courses, 99 * 1000000000ULL);
	courses_end(&courses);
	assert_int_equal(courses.pool.live, 0);
	courses_free(&courses);
}

static void the_last_lines_are_kept(void **state)
{
	struct lines lines = {0};
	char line[32];

	(void)state;
	assert_true(lines_first(&lines) > lines.count);
	lines_add(&lines, "one\ntwo\n", 8);
	assert_int_equal(lines.count, 2);
	assert_string_equal(lines_get(&lines, 1), "one");
	for (int i = 3; i <= LINES_KEPT + 10; i++) {
		snprintf(line, sizeof(line), "%d\n", i);
		lines_add(&lines, line, strlen(line));
	}
	assert_int_equal(lines_first(&lines), 11);
	assert_string_equal(lines_get(&lines, 11), "11");
	assert_string_equal(lines_get(&lines, lines.count), "1010");
	lines_free(&lines);
}

static void type(struct prompt *prompt, const char *text)
{
	for (; *text; text++)
		prompt_key(prompt, (unsigned char)*text);
}

static void a_line_is_typed_and_erased(void **state)
{
	struct prompt prompt;

	(void)state;
	prompt_open(&prompt, PROMPT_FILTER, "--lport 80");
	type(&prompt, " -4");
	assert_string_equal(prompt.text, "--lport 80 -4");
	prompt_key(&prompt, KEY_BACKSPACE);
	assert_string_equal(prompt.text, "--lport 80 -");
	prompt_key(&prompt, 'W' & 0x1f);
	assert_string_equal(prompt.text, "--lport 80 ");
	prompt_key(&prompt, 'U' & 0x1f);
	assert_string_equal(prompt.text, "");
	prompt_key(&prompt, KEY_BACKSPACE);
	prompt_key(&prompt, 'W' & 0x1f);
	assert_string_equal(prompt.text, "");
	type(&prompt, "a中");
	prompt_key(&prompt, 0x7f);
	assert_string_equal(prompt.text, "a");
	assert_false(prompt_key(&prompt, KEY_UP));
}

static void a_line_is_bounded(void **state)
{
	struct prompt prompt;

	(void)state;
	prompt_open(&prompt, PROMPT_SEARCH, "");
	for (int i = 0; i < 2 * PROMPT_MAX; i++)
		prompt_key(&prompt, 'x');
	assert_int_equal(strlen(prompt.text), PROMPT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cursor_passes_over_headings),
		cmocka_unit_test(a_second_heading_is_passed_over_too),
		cmocka_unit_test(a_row_keeps_its_place_on_the_screen),
		cmocka_unit_test(a_row_that_is_gone_leaves_the_cursor_there),
		cmocka_unit_test(an_empty_list_can_be_moved_in),
		cmocka_unit_test(a_search_goes_round),
		cmocka_unit_test(rows_are_sorted_below_their_heading),
		cmocka_unit_test(a_course_is_drawn_against_its_greatest),
		cmocka_unit_test(what_is_not_there_has_no_course),
		cmocka_unit_test(courses_are_bounded),
		cmocka_unit_test(the_last_lines_are_kept),
		cmocka_unit_test(a_line_is_typed_and_erased),
		cmocka_unit_test(a_line_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
