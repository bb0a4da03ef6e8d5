// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/rows.h"

#include <stdlib.h>

#include "records.h"
#include "unit.h"

struct counter_row {
	struct row row;
	uint64_t count;
	uint64_t present;
};

struct table {
	struct processes processes;
	struct rows rows;
};

static struct counter_row *counter(struct row *row)
{
	return (struct counter_row *)row;
}

static bool is_present(const void *context, const struct row *row)
{
	(void)context;
	return ((const struct counter_row *)row)->present;
}

static uint64_t counted(const struct row *row)
{
	return ((const struct counter_row *)row)->count;
}

static void fold(void *context, struct row *other, const struct row *row)
{
	(void)context;
	counter(other)->count += ((const struct counter_row *)row)->count;
}

static void table_init(struct table *table, enum grouping by)
{
	struct rows_config config = {
		.bytes = sizeof(struct counter_row),
		.by = by,
		.is_present = is_present,
		.counted = counted,
		.fold = fold,
	};

	memset(table, 0, sizeof(*table));
	processes_init(&table->processes);
	rows_init(&table->rows, &config, &table->processes);
}

static int setup(void **state)
{
	struct table *table = malloc(sizeof(*table));

	assert_non_null(table);
	table_init(table, BY_PID);
	*state = table;
	return 0;
}

static int teardown(void **state)
{
	struct table *table = *state;

	rows_free(&table->rows);
	processes_free(&table->processes);
	free(table);
	return 0;
}

#define rows_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* Counted once, and gone since: longer idle, the lower its key. */
static struct counter_row *add_idle(struct table *table, uint64_t key)
{
	struct row *row = rows_add(&table->rows, key, 0);

	row->active_ns = key;
	counter(row)->count = 1;
	return counter(row);
}

static struct counter_row *add_present(struct table *table, uint64_t key, uint64_t present)
{
	struct counter_row *row = add_idle(table, key);

	row->present = present;
	return row;
}

static bool is_shown(const struct table *table, const struct counter_row *row)
{
	for (size_t i = 0; i < table->rows.shown_count; i++)
		if (table->rows.shown[i] == &row->row)
			return true;
	return false;
}

static void sum(void *context, struct row *row)
{
	*(uint64_t *)context += counter(row)->count;
}

static uint64_t sum_of(const struct table *table)
{
	uint64_t total = 0;

	rows_each(&table->rows, sum, &total);
	return total;
}

static void a_row_is_found_by_its_key_and_number(void **state)
{
	struct table *table = *state;
	struct counter_row *row = add_idle(table, 5);
	uint32_t number = rows_number(&table->rows, &row->row);

	assert_ptr_equal(rows_find(&table->rows, 5), row);
	assert_ptr_equal(rows_get(&table->rows, number), row);
	assert_null(rows_find(&table->rows, 6));
	assert_null(rows_get(&table->rows, 0));
	assert_null(rows_process(&table->rows, 0));
}

static void a_row_refers_to_its_process(void **state)
{
	struct table *table = *state;
	struct process_id id = process_of(7, "seven");
	uint32_t number = processes_number(&table->processes, &id);

	rows_add(&table->rows, 5, number);
	assert_int_equal(rows_process(&table->rows, number)->references, 1);
	assert_int_equal(rows_find(&table->rows, 5)->process, number);
	assert_null(rows_find(&table->rows, 5)->name);
}

static void the_row_of_a_group_has_its_name_and_no_process(void **state)
{
	struct process_id id = process_of(7, "seven");
	struct table table;
	uint32_t number;

	(void)state;
	table_init(&table, BY_COMM);
	number = processes_number(&table.processes, &id);
	assert_string_equal(rows_add(&table.rows, 5, number)->name, "seven");
	assert_int_equal(rows_find(&table.rows, 5)->process, 0);
	assert_int_equal(rows_process(&table.rows, number)->references, 0);
	assert_null(rows_add(&table.rows, 6, 0)->name); /* of nobody known */
	rows_free(&table.rows);
	processes_free(&table.processes);
}

static void what_is_present_is_shown_and_once_more_at_zero(void **state)
{
	struct table *table = *state;
	struct counter_row *row = add_present(table, 1, 2), *idle = add_idle(table, 2);

	rows_choose(&table->rows, false);
	rows_choose(&table->rows, false);
	assert_int_equal(table->rows.shown_count, 1);
	assert_true(is_shown(table, row));
	row->present = 0;
	rows_choose(&table->rows, false);
	assert_true(is_shown(table, row));
	rows_choose(&table->rows, false);
	assert_int_equal(table->rows.shown_count, 0);
	row->present = 1;
	rows_choose(&table->rows, false);
	assert_true(is_shown(table, row));
	assert_false(is_shown(table, idle));
	assert_int_equal(table->rows.seq, 5);
}

static void what_was_born_and_is_gone_is_shown_in_the_next_refresh(void **state)
{
	struct table *table = *state;
	struct counter_row *row = add_idle(table, 1);

	rows_choose(&table->rows, false);
	assert_true(is_shown(table, row));
	rows_choose(&table->rows, false);
	assert_false(is_shown(table, row));
	row->count++;
	rows_choose(&table->rows, false);
	assert_true(is_shown(table, row));
	rows_choose(&table->rows, false);
	assert_int_equal(table->rows.shown_count, 0);
}

/* It was made for what then came to nothing. */
static void a_row_that_never_had_anything_is_never_shown(void **state)
{
	struct table *table = *state;
	struct counter_row *row = add_idle(table, 1);

	row->count = 0;
	rows_choose(&table->rows, false);
	rows_choose(&table->rows, true);
	assert_int_equal(table->rows.shown_count, 0);
}

static void the_last_refresh_shows_all(void **state)
{
	struct table *table = *state;

	for (uint64_t key = 1; key <= 50; key++)
		add_present(table, key, key % 2);
	rows_choose(&table->rows, true);
	assert_int_equal(table->rows.shown_count, 50);
}

static void none_is_forgotten_while_there_are_not_too_many(void **state)
{
	struct table *table = *state;

	for (uint64_t key = 1; key <= ROWS_MAX; key++)
		add_idle(table, key);
	rows_choose(&table->rows, false);
	assert_null(rows_find(&table->rows, ROWS_OTHER));
	assert_int_equal(table->rows.pool.live, ROWS_MAX);
}

static void the_longest_idle_are_folded_into_one(void **state)
{
	struct table *table = *state;
	uint64_t folded, rows = ROWS_MAX + 1;

	for (uint64_t key = rows; key >= 1; key--)
		add_idle(table, key);
	rows_find(&table->rows, 3)->incomplete = true;
	rows_choose(&table->rows, false);
	folded = counter(rows_find(&table->rows, ROWS_OTHER))->count;
	assert_string_equal(rows_find(&table->rows, ROWS_OTHER)->name, "other");
	assert_true(rows_find(&table->rows, ROWS_OTHER)->incomplete);
	assert_in_range(folded, 1, ROWS_MAX / 2);
	for (uint64_t key = 1; key <= rows; key++)
		assert_true(!rows_find(&table->rows, key) == (key <= folded));
	assert_true(sum_of(table) == rows);
	assert_int_equal(table->rows.pool.live, rows - folded + 1);
}

/* For weeks: each wave is of other rows. */
static void the_one_is_never_forgotten_itself(void **state)
{
	struct table *table = *state;
	uint64_t key = 0;

	for (unsigned int wave = 1; wave <= 3; wave++) {
		const struct row *other;

		for (uint64_t i = 0; i < ROWS_MAX; i++)
			add_idle(table, ++key);
		rows_choose(&table->rows, false);
		assert_true(sum_of(table) == key);
		assert_in_range(table->rows.pool.live, 1, ROWS_MAX);
		other = rows_find(&table->rows, ROWS_OTHER);
		assert_true(!other == (wave == 1));
	}
	rows_choose(&table->rows, true);
	assert_true(is_shown(table, counter(rows_find(&table->rows, ROWS_OTHER))));
}

static void what_is_present_or_was_just_now_is_not_forgotten(void **state)
{
	struct table *table = *state;

	for (uint64_t key = 1; key <= 1000; key++)
		add_present(table, key, 1);
	rows_choose(&table->rows, false);
	for (uint64_t key = 1; key <= 500; key++)
		counter(rows_find(&table->rows, key))->present = 0;
	for (uint64_t key = 1001; key <= ROWS_MAX + 1; key++)
		add_idle(table, key);
	rows_choose(&table->rows, false);
	assert_in_range(table->rows.shown_count, 1000, ROWS_MAX);
	for (uint64_t key = 1; key <= 1000; key++)
		assert_non_null(rows_find(&table->rows, key));
	assert_null(rows_find(&table->rows, 1001));
}

/* More than that there may be, as long as they are. */
static void all_that_are_present_stay(void **state)
{
	struct table *table = *state;

	for (uint64_t key = 1; key <= ROWS_MAX + 5; key++)
		add_present(table, key, 1);
	rows_choose(&table->rows, false);
	assert_int_equal(table->rows.shown_count, ROWS_MAX + 5);
}

static void a_forgotten_row_releases_its_process(void **state)
{
	struct table *table = *state;
	struct process_id id = process_of(7, "seven");
	uint32_t number = processes_number(&table->processes, &id);

	counter(rows_add(&table->rows, 1, number))->count = 1;
	for (uint64_t key = 2; key <= ROWS_MAX + 1; key++)
		add_idle(table, key);
	rows_choose(&table->rows, false);
	assert_null(rows_find(&table->rows, 1));
	assert_int_equal(rows_process(&table->rows, number)->references, 0);
}

static double figure(const void *view, const struct row *row, const void *key)
{
	const struct counter_row *wanted = (const struct counter_row *)row;

	assert_ptr_equal(view, NULL);
	return (double)(strcmp(key, "present") == 0 ? wanted->present : wanted->count);
}

static void the_greatest_come_first_and_equals_by_their_keys(void **state)
{
	struct table *table = *state;
	struct row **shown;

	for (uint64_t key = 1; key <= 100; key++)
		add_present(table, key * 7919 % 101, 1 + key % 3);
	for (unsigned int times = 0; times < 3; times++) {
		rows_choose(&table->rows, false);
		rows_sort(&table->rows, figure, NULL, times ? "present" : "count");
		shown = table->rows.shown;
		for (size_t i = 1; i < table->rows.shown_count; i++) {
			double before = figure(NULL, shown[i - 1], times ? "present" : "count");
			double after = figure(NULL, shown[i], times ? "present" : "count");

			assert_true(before > after ||
				    (before == after && shown[i - 1]->key < shown[i]->key));
		}
	}
}

static void an_empty_table_can_be_chosen_and_sorted(void **state)
{
	struct table *table = *state;

	rows_choose(&table->rows, false);
	rows_sort(&table->rows, figure, NULL, "count");
	rows_choose(&table->rows, true);
	assert_int_equal(table->rows.shown_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rows_test(a_row_is_found_by_its_key_and_number),
		rows_test(a_row_refers_to_its_process),
		cmocka_unit_test(the_row_of_a_group_has_its_name_and_no_process),
		rows_test(what_is_present_is_shown_and_once_more_at_zero),
		rows_test(what_was_born_and_is_gone_is_shown_in_the_next_refresh),
		rows_test(a_row_that_never_had_anything_is_never_shown),
		rows_test(the_last_refresh_shows_all),
		rows_test(none_is_forgotten_while_there_are_not_too_many),
		rows_test(the_longest_idle_are_folded_into_one),
		rows_test(the_one_is_never_forgotten_itself),
		rows_test(what_is_present_or_was_just_now_is_not_forgotten),
		rows_test(all_that_are_present_stay),
		rows_test(a_forgotten_row_releases_its_process),
		rows_test(the_greatest_come_first_and_equals_by_their_keys),
		rows_test(an_empty_table_can_be_chosen_and_sorted),
	};

	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
