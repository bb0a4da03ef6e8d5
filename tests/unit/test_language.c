// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/language.h"
#include "unit.h"

static const struct language *chinese(void)
{
	const struct language *language;

	assert_true(language_find("zh", &language));
	return language;
}

static void a_language_is_found_by_its_name(void **state)
{
	const struct language *language = chinese();

	(void)state;
	assert_non_null(language);
	assert_true(language_find("en", &language));
	assert_null(language);
	assert_false(language_find("xx", &language));
	assert_false(language_find("", &language));
	assert_false(language_find("zh_CN", &language));
}

static void a_locale_has_a_language(void **state)
{
	static const char *const of_chinese[] = {"zh",		"zh_CN",	   "zh_CN.UTF-8",
						 "zh_CN.utf8",	"zh_CN.UTF-8@pin", "zh.UTF-8",
						 "zh_CN@pinyin"};
	static const char *const of_none[] = {"",	   "C",		  "POSIX",
					      "C.UTF-8",   "en_US.UTF-8", "zh_TW.UTF-8",
					      "zh_CN.GBK", "zhx",	  "zh_CN.UTF-16"};

	(void)state;
	for (size_t i = 0; i < COUNT(of_chinese); i++)
		check(language_of_locale(of_chinese[i]) == chinese(), "%s", of_chinese[i]);
	for (size_t i = 0; i < COUNT(of_none); i++)
		check(!language_of_locale(of_none[i]), "%s", of_none[i]);
}

static void a_text_is_looked_up(void **state)
{
	(void)state;
	assert_string_equal(language_text(chinese(), "Options:"), "选项：");
	assert_string_equal(language_text(chinese(), "show the version"), "显示版本");
	assert_string_equal(language_text(NULL, "Options:"), "Options:");
}

static void what_has_no_translation_stays(void **state)
{
	static const char *const texts[] = {"", "Option", "Options:x", "~", "\001"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_ptr_equal(language_text(chinese(), texts[i]), texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_language_is_found_by_its_name),
		cmocka_unit_test(a_locale_has_a_language),
		cmocka_unit_test(a_text_is_looked_up),
		cmocka_unit_test(what_has_no_translation_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
