// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every text for people that stands in a table has a translation: each row is walked, and each one
 * without is named. Those in the midst of code are found by xgettext (tests/tools).
 */
#include "cli/option_table.h"
#include "unit.h"
#include "view/advice/internal.h"

static const struct language *chinese(void)
{
	const struct language *language;

	assert_true(language_find("zh", &language));
	return language;
}

/* As many "{key" and "[" in the one as in the other: what is a figure stays one. */
static bool has_the_same_figures(const char *text, const char *other)
{
	int left = 0;

	for (; *text; text++)
		left += *text == '[';
	for (; *other; other++)
		left -= *other == '[';
	return left == 0;
}

static bool key_stands_in(const char *key, const char *text)
{
	char braces[64];

	snprintf(braces, sizeof(braces), "{%.*s}", (int)strcspn(key, "|}"), key);
	return strstr(text, braces);
}

/* A figure of the translation that the text has not, or the other way round; NULL: there is none.
 */
static const char *stranger(const char *text, const char *other)
{
	for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{'))
		if (at[1 + strcspn(at + 1, "|}")] == '}' && !key_stands_in(at + 1, other))
			return at;
	return NULL;
}

static unsigned int check_text(const char *text)
{
	const char *translation;

	if (!text)
		return 0;
	translation = language_text(chinese(), text);
	if (translation == text)
		print_error("without a translation in po/zh_CN.po: %s\n", text);
	else if (!has_the_same_figures(text, translation) || stranger(translation, text) ||
		 stranger(text, translation))
		print_error("its translation has other figures: %s\n", text);
	else
		return 0;
	return 1;
}

static unsigned int check_table(const struct table *table)
{
	unsigned int without = 0;

	for (size_t i = 0; table && i < table->count; i++)
		if (member_sorts(&table->members[i]))
			without += check_text(table->members[i].help);
	return without;
}

static unsigned int check_command(const struct command *command)
{
	return check_text(command->summary) + check_text(command->description) +
	       check_table(command->table);
}

static void every_command_has_a_translation(void **state)
{
	unsigned int without = check_text(default_command->description);

	(void)state;
	for (size_t i = 0; i < command_count; i++)
		without += check_command(commands[i]);
	assert_int_equal(without, 0);
}

static void every_option_has_a_translation(void **state)
{
	unsigned int without = 0;

	(void)state;
	for (size_t i = 0; i < OPTIONS; i++)
		without += check_text(option_rows[i].help);
	assert_int_equal(without, 0);
}

static unsigned int check_words(const struct words *words)
{
	unsigned int without = check_text(words->text);

	for (size_t i = 0; i < WORDS_LIST; i++)
		without += check_text(words->helps[i]);
	/* names of settings stay what they are */
	for (size_t i = 0; i < WORDS_LIST; i++)
		if (words->does_not_help[i] && strchr(words->does_not_help[i], ' '))
			without += check_text(words->does_not_help[i]);
	return without;
}

static void every_advice_has_a_translation(void **state)
{
	unsigned int without = 0;

	(void)state;
	for (size_t i = 0; i < SAYINGS; i++)
		without += check_words(&words[i]);
	for (size_t i = 0; software_help(i); i++)
		without += check_text(software_help(i));
	assert_int_equal(without, 0);
}

static void what_is_not_judged_has_a_translation(void **state)
{
	unsigned int without = 0;

	(void)state;
	for (unsigned int want = 0; want < WANTS; want++)
		without += check_text(not_seen(want)) + check_text(lack_of(want));
	for (unsigned int i = 0; i < SEVERITIES; i++)
		without += check_text(severity_name(i));
	assert_int_equal(without, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_a_translation),
		cmocka_unit_test(every_option_has_a_translation),
		cmocka_unit_test(every_advice_has_a_translation),
		cmocka_unit_test(what_is_not_judged_has_a_translation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
