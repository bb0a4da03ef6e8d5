// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/metrics/metrics.h"

#include "base/hash.h"
#include "base/macros.h"
#include "base/memory.h"
#include "base/time.h"
#include "view/metrics/internal.h"

void metrics_init(struct metrics *metrics, const struct metric_config *config)
{
	*metrics = (struct metrics){.config = *config};
	metrics->families = memory_new(metric_count, sizeof(*metrics->families));
	for (size_t i = 0; i < metric_count; i++) {
		const struct metric *metric = &metric_table[i];

		family_init(&metrics->families[i], metric);
		if (metric->figure)
			metrics->families[i].member =
				table_find(metric_sets[metric->rows].table, metric->figure);
	}
	pool_init(&metrics->names_pool, sizeof(struct metric_name));
	index_init(&metrics->names, &metrics->names_pool);
}

void metrics_free(struct metrics *metrics)
{
	for (size_t i = 0; i < metric_count; i++)
		family_free(&metrics->families[i]);
	free(metrics->families);
	index_free(&metrics->names);
	pool_free(&metrics->names_pool);
}

/* The name of a row's process as it is now; "" where it is not known. */
static void name_of(struct metric_name *name, const struct metrics *metrics,
		    const struct rows *rows, const struct row *row)
{
	const struct process *process = rows_process(rows, row->process);

	*name = (struct metric_name){0};
	if (!process)
		return;
	memcpy(name->comm, process->id.comm, sizeof(process->id.comm));
	if (metrics->config.by_container)
		memcpy(name->container, process->container, sizeof(name->container));
}

/* Of what is behind the comm's end nothing is known. */
static uint64_t key_of(const struct metric_name *name)
{
	uint64_t comm = hash_bytes(0, name->comm, strlen(name->comm));

	return hash_bytes(comm, name->container, strlen(name->container));
}

/* The number of a name that counters are charged to, referred to once more. */
static uint32_t charge(struct metrics *metrics, struct metric_name *name)
{
	uint32_t number;
	struct metric_name *known;

	name->key = key_of(name);
	number = index_find(&metrics->names, name->key);
	if (!number) {
		number = pool_add(&metrics->names_pool);
		*(struct metric_name *)pool_get(&metrics->names_pool, number) = *name;
		index_add(&metrics->names, number);
	}
	known = pool_get(&metrics->names_pool, number);
	known->references++;
	return number;
}

static void discharge(struct metrics *metrics, uint32_t number)
{
	struct metric_name *name = pool_get(&metrics->names_pool, number);

	if (--name->references)
		return;
	index_remove(&metrics->names, name->key);
	pool_remove(&metrics->names_pool, number);
}

/* Counters stay with the name that the row was first counted under. */
static void counted_under(struct metric_name *name, struct metrics *metrics,
			  const struct rows *rows, struct row *row)
{
	if (!row->charged) {
		name_of(name, metrics, rows, row);
		row->charged = charge(metrics, name);
	}
	*name = *(struct metric_name *)pool_get(&metrics->names_pool, row->charged);
}

static void label(struct exposition_labels *labels, const struct metrics *metrics,
		  const struct metric *metric, const struct metric_name *name, const void *row,
		  unsigned int i)
{
	char text[METRIC_TEXT];

	labels->length = 0;
	labels->text[0] = 0;
	if (metric->by_comm)
		exposition_label(labels, "comm", name->comm);
	if (metric->by_comm && metrics->config.by_container)
		exposition_label(labels, "container", name->container);
	for (size_t l = 0; l < LENGTH(metric->labels); l++)
		if (metric->labels[l].name)
			exposition_label(labels, metric->labels[l].name,
					 metric->labels[l].value(text, row, i));
}

static double real_of(struct value value, enum unit unit)
{
	double number = value.is_real ? value.real : (double)value.number;

	return !value.is_real && unit == UNIT_SECONDS ? number / NS_PER_S : number;
}

/* Takes the place of what another row has shown, if it is greater. */
static void replace(struct metric_series *series, double value, double share)
{
	if (series->seen && share <= series->share)
		return;
	series->live.value = value;
	series->share = share;
}

/* What is one cell of a row, at `i` of its dimension. */
struct cell {
	struct metric_family *family;
	const void *view;
	const void *row;
	unsigned int i;
	double value;
};

static void count(const struct cell *cell, const struct metrics *metrics,
		  const struct metric_name *name, bool gone)
{
	const struct metric *metric = cell->family->metric;
	struct exposition_labels labels;
	struct metric_series *series;

	label(&labels, metrics, metric, name, cell->row, cell->i);
	series = family_series(cell->family, &labels);
	if (metric->share)
		replace(series, cell->value, metric->share(cell->view, cell->row));
	else if (metric->greatest)
		replace(series, cell->value, cell->value);
	else
		sum_add(gone ? &series->gone : &series->live, metric, cell->row, cell->value);
	series->seen = true;
}

static struct value value_of(const struct metric_family *family, const void *view, const void *row,
			     unsigned int i)
{
	const struct metric *metric = family->metric;

	if (metric->histogram)
		return value_number(true, metric->histogram(row)->count);
	if (metric->at)
		return metric->at(row, i);
	return metric->value ? metric->value(view, row) : member_value(family->member, view, row);
}

static void count_row(struct metric_family *family, const struct metric_visit *visit,
		      const struct metric_name *name, const void *row)
{
	const struct metric *metric = family->metric;
	const struct dimension *dimension = metric->dimension;
	enum unit unit = family->member ? family->member->unit : UNIT_COUNT;
	unsigned int end = dimension ? dimension->end : 1;
	struct cell cell = {family, visit->metrics->views[visit->rows], row, 0, 0};

	for (cell.i = dimension ? dimension->first : 0; cell.i < end; cell.i++) {
		struct value value = value_of(family, cell.view, row, cell.i);

		cell.value = real_of(value, unit);
		if (value.known && (cell.value != 0 || metric->zeros))
			count(&cell, visit->metrics, name, visit->gone);
	}
}

static struct rows *rows_of(const struct metrics *metrics, enum metric_rows rows)
{
	return metric_sets[rows].rows(metrics->views[rows]);
}

static void visit_row(void *context, struct row *row)
{
	const struct metric_visit *visit = context;
	struct metrics *metrics = visit->metrics;
	const struct rows *rows = rows_of(metrics, visit->rows);
	struct metric_name now, then;

	/* those that are folded into it were counted when they were */
	if (row->key == ROWS_OTHER)
		return;
	name_of(&now, metrics, rows, row);
	counted_under(&then, metrics, rows, row);
	for (size_t i = 0; i < metric_count; i++) {
		bool counter = metric_table[i].type != METRIC_GAUGE;

		if (metric_table[i].rows == visit->rows && (counter || !visit->gone))
			count_row(&metrics->families[i], visit, counter ? &then : &now, row);
	}
}

static void on_forgotten(void *context, struct row *row)
{
	const struct metric_visit *visit = context;

	visit_row(context, row);
	if (row->charged)
		discharge(visit->metrics, row->charged);
}

void metrics_watch(struct metrics *metrics, const struct view *view, void *self)
{
	for (int rows = 0; rows < METRIC_ROWS; rows++) {
		if (metric_sets[rows].view != view)
			continue;
		metrics->views[rows] = self;
		metrics->forgetting[rows] =
			(struct metric_visit){metrics, (enum metric_rows)rows, true};
		rows_watch(rows_of(metrics, (enum metric_rows)rows), on_forgotten,
			   &metrics->forgetting[rows]);
	}
}

void metrics_collect(struct metrics *metrics)
{
	for (size_t i = 0; i < metric_count; i++)
		family_begin(&metrics->families[i]);
	for (int rows = 0; rows < METRIC_ROWS; rows++) {
		struct metric_visit visit = {metrics, (enum metric_rows)rows, false};

		if (metrics->views[rows])
			rows_each(rows_of(metrics, visit.rows), visit_row, &visit);
	}
	for (size_t i = 0; i < metric_count; i++)
		family_end(&metrics->families[i], metrics->config.max_series);
}

size_t metrics_count(const struct metrics *metrics)
{
	size_t count = 0;

	for (size_t i = 0; i < metric_count; i++)
		count += metrics->families[i].pool.live;
	return count;
}
