// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/search.h"
#include "unit.h"

static uint64_t key_of(const void *item)
{
	return *(const uint64_t *)item;
}

static void the_place_is_that_of_the_first_not_below(void **state)
{
	static const uint64_t items[] = {2, 4, 4, 4, 9};
	static const size_t places[] = {0, 0, 0, 1, 1, 4, 4, 4, 4, 4, 5};

	(void)state;
	for (uint64_t key = 0; key < COUNT(places); key++)
		assert_int_equal(search_place(items, COUNT(items), sizeof(*items), key_of, key),
				 places[key]);
}

static void of_none_it_is_the_beginning(void **state)
{
	(void)state;
	assert_int_equal(search_place(NULL, 0, sizeof(uint64_t), key_of, 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_place_is_that_of_the_first_not_below),
		cmocka_unit_test(of_none_it_is_the_beginning),
	};

	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
