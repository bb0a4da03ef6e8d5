// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/error_text.h"

#include <errno.h>

#include "unit.h"

static const struct {
	int error;
	const char *text;
} errors[] = {
	{EPERM, "EPERM: Operation not permitted"},
	{ENOENT, "ENOENT: No such file or directory"},
	{EINVAL, "EINVAL: Invalid argument"},
	{EOPNOTSUPP, "EOPNOTSUPP: Operation not supported"},
	{ENOTSUPP, "ENOTSUPP: Operation not supported by this kernel"},
	{525, "error 525, which has no name"},
	{9999, "error 9999, which has no name"},
	{-1, "error -1, which has no name"},
};

static void each_has_its_name_and_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		char text[ERROR_TEXT_SIZE];

		assert_string_equal(error_text(errors[i].error, text, sizeof(text)),
				    errors[i].text);
		assert_string_equal(text, errors[i].text);
	}
}

static void what_does_not_fit_is_cut(void **state)
{
	char text[8];

	(void)state;
	assert_string_equal(error_text(EPERM, text, sizeof(text)), "EPERM: ");
	assert_string_equal(error_text(ENOTSUPP, text, sizeof(text)), "ENOTSUP");
}

static void all_fit(void **state)
{
	char text[1024];

	(void)state;
	for (int error = 0; error < 1024; error++)
		assert_in_range(strlen(error_text(error, text, sizeof(text))), 1,
				ERROR_TEXT_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_name_and_text),
		cmocka_unit_test(what_does_not_fit_is_cut),
		cmocka_unit_test(all_fit),
	};

	return cmocka_run_group_tests_name("error_text", tests, NULL, NULL);
}
