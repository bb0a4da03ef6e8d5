// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A view of one kind of row: what is said once of a figure serves JSON, sorting, columns and rows.
 */
#include <stddef.h>

#include "base/macros.h"
#include "records.h"
#include "unit.h"
#include "view/column.h"

struct toy_row {
	struct row row;
	uint32_t now;
	uint64_t ever;
	uint64_t age_ns;
	uint32_t kinds[2];
};

static struct value half(const void *view, const void *row)
{
	uint32_t now = ((const struct toy_row *)row)->now;

	(void)view;
	return value_real(now != 0, now / 2.0);
}

static const char *kind_name(unsigned int kind)
{
	return kind ? "odd" : "even";
}

static void write_note(struct json *json, const struct member *member, const void *view,
		       const void *row)
{
	(void)row;
	json_plain(json, member->key, view);
}

static const struct dimension kinds = {kind_name, 0, 2};

static const struct member members[] = {
	{"now", .kind = FIGURE_GAUGE, MEMBER_AT(struct toy_row, now), .present = true,
	 .title = "NOW"},
	{"ever", .kind = FIGURE_COUNTER, MEMBER_AT(struct toy_row, ever)},
	{"age_s", .kind = FIGURE_GAUGE, .unit = UNIT_SECONDS, MEMBER_AT(struct toy_row, age_ns)},
	{"half", .kind = FIGURE_GAUGE, .value = half, .title = "HALF"},
	{"kinds", .kind = FIGURE_COUNTER, MEMBER_AT(struct toy_row, kinds[0]), .dimension = &kinds},
	{"note", .write = write_note},
};
static const struct table table = {"toy", members, LENGTH(members)};
static const struct clock_offsets clocks = {1709251200 * (int64_t)SECOND, 0};

static const char *ended(struct output *output)
{
	*output_reserve(output, 1) = 0;
	return output->text;
}

static void the_object_has_the_members_in_their_order(void **state)
{
	struct toy_row row = {.now = 3, .ever = 9, .age_ns = 1500000000, .kinds = {4, 5}};
	struct output output;

	(void)state;
	output_init(&output, -1, NULL);
	table_show_row(&table, &output, "x", &row.row, 3 * SECOND, 7, &clocks);
	assert_string_equal(ended(&output),
			    "{\"type\":\"toy\",\"time\":\"2024-03-01T00:00:03.000000Z\",\"seq\":7,"
			    "\"now\":3,\"ever\":9,\"age_s\":1.500000000,\"half\":1.500000,"
			    "\"kinds\":{\"even\":4,\"odd\":5},\"note\":\"x\"}\n");
	output_free(&output);
}

static void what_is_not_known_is_null_and_less_than_anything(void **state)
{
	struct toy_row row = {0}, other = {.now = 1};
	const struct member *member = table_find(&table, "half");
	struct output output;

	(void)state;
	output_init(&output, -1, NULL);
	table_show_row(&table, &output, "x", &row.row, 0, 1, &clocks);
	assert_non_null(strstr(ended(&output), "\"half\":null,"));
	assert_true(member_order(member, NULL, &row) < member_order(member, NULL, &other));
	output_free(&output);
}

static void only_figures_of_one_number_sort(void **state)
{
	(void)state;
	assert_non_null(table_find(&table, "now"));
	assert_non_null(table_find(&table, "half"));
	assert_null(table_find(&table, "kinds"));
	assert_null(table_find(&table, "note"));
	assert_null(table_find(&table, "nothing"));
}

static void a_row_is_present_and_counted_by_its_figures(void **state)
{
	struct toy_row row = {.ever = 9, .age_ns = 5, .kinds = {4, 5}};

	(void)state;
	assert_false(table_is_present(&table, NULL, &row));
	assert_true(table_counted(&table, &row) == 18);
	row.now = 1;
	assert_true(table_is_present(&table, NULL, &row));
}

static void shout(char *text, const void *view, const void *row)
{
	(void)view;
	(void)row;
	snprintf(text, CELL, "%s", "loud");
}

static void columns_have_the_figures_titles_and_a_dash_for_what_is_not_known(void **state)
{
	static const struct column items[] = {
		{.figure = "now", .width = 5},
		{.figure = "half", .width = 6, .wide = true},
		{.title = "OWN", .width = 5, .cell = shout},
	};
	static const struct columns columns = {&table, items, LENGTH(items)};
	struct toy_row row = {0};
	struct output output;

	(void)state;
	output_init(&output, -1, NULL);
	columns_header(&columns, &output, false);
	columns_row(&columns, &output, false, NULL, &row);
	columns_header(&columns, &output, true);
	columns_row(&columns, &output, true, NULL, &row);
	assert_string_equal(ended(&output), "   NOW   HALF   OWN"
					    "     0      -  loud"
					    "   NOW   OWN"
					    "     0  loud");
	output_free(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_object_has_the_members_in_their_order),
		cmocka_unit_test(what_is_not_known_is_null_and_less_than_anything),
		cmocka_unit_test(only_figures_of_one_number_sort),
		cmocka_unit_test(a_row_is_present_and_counted_by_its_figures),
		cmocka_unit_test(columns_have_the_figures_titles_and_a_dash_for_what_is_not_known),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
