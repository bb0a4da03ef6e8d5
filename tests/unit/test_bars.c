// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Histograms for people. */
#include "view/timewait/bars.h"
#include "view/text.h"
#include "unit.h"

#define MS 1000000ULL

/* The lines below the title, each up to its bar; the caller frees `output`. */
static const char *shown(struct output *output, const uint64_t *lives_ms, size_t count)
{
	struct histogram_scale scale;
	struct histogram histogram = {0};
	const char *title_end;

	for (size_t i = 0; i < count; i++)
		histogram_add(&histogram, lives_ms[i] * MS);
	histogram_scale_log2(&scale, &histogram, 0, 12);
	text_draft(output);
	bars_show(output, "lived", &histogram, &scale, 80);
	histogram_free(&histogram);
	*output_reserve(output, 1) = 0;
	title_end = strchr(output->text, '\n');
	assert_non_null(title_end);
	return title_end + 1;
}

#define FULL  "|########################################| "
#define EMPTY "|                                        | "

static void a_gap_of_one_bucket_is_shown(void **state)
{
	static const uint64_t lives[] = {3, 12};
	struct output output;

	(void)state;
	assert_string_equal(shown(&output, lives, COUNT(lives)),
			    "             0 - 4.1ms  " FULL "1\n"
			    "         4.1ms - 8.2ms  " EMPTY "0\n"
			    "         8.2ms - 16ms   " FULL "1\n");
	output_free(&output);
}

static void a_longer_gap_is_marked(void **state)
{
	static const uint64_t lives[] = {3, 50};
	struct output output;

	(void)state;
	assert_string_equal(shown(&output, lives, COUNT(lives)),
			    "             0 - 4.1ms  " FULL "1\n"
			    "              ...\n"
			    "          33ms - 66ms   " FULL "1\n");
	output_free(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gap_of_one_bucket_is_shown),
		cmocka_unit_test(a_longer_gap_is_marked),
	};

	return cmocka_run_group_tests_name("bars", tests, NULL, NULL);
}
