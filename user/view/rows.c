// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/rows.h"

#include "base/memory.h"

#define ROWS_KEPT (ROWS_MAX / 10 * 9) /* of those too many, so that it is not done each time */

void common_note(struct common *common, uint32_t value)
{
	if (!common->known) {
		common->known = true;
		common->value = value;
	} else if (common->value != value) {
		common->mixed = true;
	}
}

void rows_init(struct rows *rows, const struct rows_config *config, struct processes *processes)
{
	*rows = (struct rows){.config = *config, .processes = processes};
	pool_init(&rows->pool, config->bytes);
	index_init(&rows->index, &rows->pool);
}

void rows_watch(struct rows *rows, void (*forgotten)(void *context, struct row *row), void *context)
{
	rows->forgotten = forgotten;
	rows->context = context;
}

const struct process *rows_process(const struct rows *rows, uint32_t number)
{
	return processes_get(rows->processes, number);
}

static void release(struct rows *rows, struct row *row)
{
	if (rows->config.clear)
		rows->config.clear(rows->config.context, row);
	processes_release(rows->processes, row->process);
	free(row->name);
}

static void release_each(void *context, struct row *row)
{
	release(context, row);
}

void rows_free(struct rows *rows)
{
	rows_each(rows, release_each, rows);
	index_free(&rows->index);
	pool_free(&rows->pool);
	free(rows->shown);
}

struct row *rows_get(const struct rows *rows, uint32_t number)
{
	return number ? pool_get(&rows->pool, number) : NULL;
}

uint32_t rows_number(const struct rows *rows, const struct row *row)
{
	return index_find(&rows->index, row->key);
}

struct row *rows_find(const struct rows *rows, uint64_t key)
{
	return rows_get(rows, index_find(&rows->index, key));
}

static void name_group(struct rows *rows, struct row *row, uint32_t number)
{
	const struct process *process = rows_process(rows, number);
	enum grouping by = rows->config.by;
	char text[17];

	if (by == BY_PID) {
		row->process = number;
		processes_reference(rows->processes, number);
	} else if (grouping_key(by, process)) {
		row->name = memory_string(grouping_name(by, process, text));
	}
}

void rows_own(struct rows *rows, struct row *row, uint32_t number)
{
	if (rows->config.by == BY_PID && row->process == number)
		return;
	processes_release(rows->processes, row->process);
	free(row->name);
	row->process = 0;
	row->name = NULL;
	name_group(rows, row, number);
}

struct row *rows_add(struct rows *rows, uint64_t key, uint32_t number)
{
	uint32_t row_number = pool_add(&rows->pool);
	struct row *row = pool_get(&rows->pool, row_number);

	row->key = key;
	name_group(rows, row, number);
	index_add(&rows->index, row_number);
	return row;
}

void rows_each(const struct rows *rows, void (*visit)(void *context, struct row *row),
	       void *context)
{
	for (uint32_t i = pool_next(&rows->pool, 0); i; i = pool_next(&rows->pool, i))
		visit(context, rows_get(rows, i));
}

static bool is_present(const struct rows *rows, const struct row *row)
{
	return rows->config.is_present && rows->config.is_present(rows->config.context, row);
}

static uint64_t counted(const struct rows *rows, const struct row *row)
{
	return rows->config.counted ? rows->config.counted(row) : 0;
}

/* What was born and is gone since the refresh before was never present: only counters tell. */
static bool is_due(const struct rows *rows, const struct row *row)
{
	return row->was_present || is_present(rows, row) || counted(rows, row) != row->counted;
}

struct idle {
	const struct rows *rows;
	struct row **rows_found;
	size_t count;
};

static void find_idle(void *context, struct row *row)
{
	struct idle *idle = context;

	if (row->key != ROWS_OTHER && !row->was_present && !is_present(idle->rows, row))
		idle->rows_found[idle->count++] = row;
}

static int longer_idle(const void *a, const void *b)
{
	const struct row *left = *(struct row *const *)a, *right = *(struct row *const *)b;

	return (left->active_ns > right->active_ns) - (left->active_ns < right->active_ns);
}

static struct row *other_of(struct rows *rows)
{
	struct row *other = rows_find(rows, ROWS_OTHER);

	if (other)
		return other;
	other = rows_add(rows, ROWS_OTHER, 0);
	other->name = memory_string("other");
	return other;
}

static void forget(struct rows *rows, struct row *row)
{
	uint32_t number = rows_number(rows, row);

	if (rows->forgotten)
		rows->forgotten(rows->context, row);
	if (rows->config.fold) {
		other_of(rows)->incomplete |= row->incomplete;
		rows->config.fold(rows->config.context, other_of(rows), row);
	}
	release(rows, row);
	index_remove(&rows->index, row->key);
	pool_remove(&rows->pool, number);
}

static void forget_idle(struct rows *rows)
{
	struct idle idle = {.rows = rows};
	size_t too_many = rows->pool.live - ROWS_KEPT;

	idle.rows_found = memory_new(rows->pool.live, sizeof(*idle.rows_found));
	rows_each(rows, find_idle, &idle);
	if (idle.count)
		qsort(idle.rows_found, idle.count, sizeof(*idle.rows_found), longer_idle);
	for (size_t i = 0; i < idle.count && i < too_many; i++)
		forget(rows, idle.rows_found[i]);
	free(idle.rows_found);
}

static void mark(void *context, struct row *row)
{
	(void)context;
	row->incomplete = true;
}

void rows_mark_incomplete(struct rows *rows)
{
	rows_each(rows, mark, NULL);
}

struct choice {
	struct rows *rows;
	bool last;
};

static void choose(void *context, struct row *row)
{
	const struct choice *choice = context;
	struct rows *rows = choice->rows;
	bool due = is_due(rows, row);

	row->was_present = is_present(rows, row);
	row->counted = counted(rows, row);
	row->had_any |= row->was_present || row->counted;
	if (due || (choice->last && row->had_any))
		rows->shown[rows->shown_count++] = row;
}

void rows_choose(struct rows *rows, bool last)
{
	struct choice choice = {rows, last};

	if (rows->pool.live > ROWS_MAX)
		forget_idle(rows);
	rows->shown = memory_resize(rows->shown, rows->pool.live + 1, sizeof(*rows->shown));
	rows->shown_count = 0;
	rows_each(rows, choose, &choice);
	rows->seq++;
}

struct order {
	double (*figure)(const void *view, const struct row *row, const void *of);
	const void *view;
	const void *of;
};

static int compare(const void *a, const void *b, void *context)
{
	const struct row *left = *(struct row *const *)a, *right = *(struct row *const *)b;
	const struct order *order = context;
	double difference = order->figure(order->view, left, order->of) -
			    order->figure(order->view, right, order->of);

	if (difference != 0)
		return difference > 0 ? -1 : 1;
	return (left->key > right->key) - (left->key < right->key);
}

void rows_sort(struct rows *rows,
	       double (*figure)(const void *view, const struct row *row, const void *of),
	       const void *view, const void *of)
{
	struct order order = {figure, view, of};

	if (rows->shown_count)
		qsort_r(rows->shown, rows->shown_count, sizeof(*rows->shown), compare, &order);
}
