// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The series of a family, found by their labels. */
#include "base/hash.h"
#include "base/memory.h"
#include "view/metrics/internal.h"

#define SERIES_MAX 100000 /* of a family, beside those that are shown */

void family_init(struct metric_family *family, const struct metric *metric)
{
	*family = (struct metric_family){.metric = metric};
	pool_init(&family->pool, sizeof(struct metric_series));
	index_init(&family->index, &family->pool);
}

static void each(const struct metric_family *family,
		 void (*visit)(void *context, struct metric_series *series), void *context)
{
	for (uint32_t i = 0; i <= family->index.mask; i++) {
		uint32_t number = family->index.slots[i].number;

		if (number)
			visit(context, pool_get(&family->pool, number));
	}
}

static void release(void *context, struct metric_series *series)
{
	(void)context;
	free(series->labels);
	free(series->live.buckets);
	free(series->gone.buckets);
}

void family_free(struct metric_family *family)
{
	each(family, release, NULL);
	free(family->order);
	index_free(&family->index);
	pool_free(&family->pool);
}

static size_t buckets_of(const struct metric *metric)
{
	return metric->scale ? metric->scale->edges + 1 : 0;
}

static void clear(void *context, struct metric_series *series)
{
	size_t buckets = buckets_of(context);

	series->seen = false;
	series->share = 0;
	series->live.value = 0;
	series->live.sum_ns = 0;
	if (buckets)
		memset(series->live.buckets, 0, buckets * sizeof(*series->live.buckets));
}

void family_begin(struct metric_family *family)
{
	each(family, clear, (void *)family->metric);
}

static struct metric_series *add(struct metric_family *family, uint64_t key, const char *labels)
{
	uint32_t number = pool_add(&family->pool);
	struct metric_series *series = pool_get(&family->pool, number);
	size_t buckets = buckets_of(family->metric);

	series->key = key;
	series->labels = memory_string(labels);
	if (buckets) {
		series->live.buckets = memory_new(buckets, sizeof(*series->live.buckets));
		series->gone.buckets = memory_new(buckets, sizeof(*series->gone.buckets));
	}
	index_add(&family->index, number);
	return series;
}

struct metric_series *family_series(struct metric_family *family,
				    const struct exposition_labels *labels)
{
	uint64_t key = hash_bytes(0, labels->text, labels->length);
	uint32_t number = index_find(&family->index, key);

	return number ? pool_get(&family->pool, number) : add(family, key, labels->text);
}

void sum_add(struct metric_sum *sum, const struct metric *metric, const void *row, double value)
{
	sum->value += value;
	if (!metric->histogram)
		return;
	sum->sum_ns += metric->histogram(row)->sum_ns;
	histogram_add_up(metric->histogram(row), metric->scale, sum->buckets);
}

double series_value(const struct metric_family *family, const struct metric_series *series)
{
	return family->metric->type == METRIC_GAUGE ? series->live.value
						    : series->live.value + series->gone.value;
}

uint64_t series_bucket(const struct metric_series *series, uint32_t i)
{
	return series->live.buckets[i] + series->gone.buckets[i];
}

/* What the series are shown, or left out, by. */
static double weight(const struct metric_family *family, const struct metric_series *series)
{
	return family->metric->share ? series->share : series_value(family, series);
}

/* Equals by their labels, so that the same ones are left out each time. */
static int heavier(const void *a, const void *b, void *family)
{
	const struct metric_series *left = *(struct metric_series *const *)a;
	const struct metric_series *right = *(struct metric_series *const *)b;
	double difference = weight(family, left) - weight(family, right);

	if (difference != 0)
		return difference > 0 ? -1 : 1;
	return strcmp(left->labels, right->labels);
}

static int by_labels(const void *a, const void *b)
{
	const struct metric_series *left = *(struct metric_series *const *)a;
	const struct metric_series *right = *(struct metric_series *const *)b;

	return strcmp(left->labels, right->labels);
}

struct gathering {
	struct metric_series **order;
	size_t count;
	bool unseen; /* only those that no row has */
};

static void gather(void *context, struct metric_series *series)
{
	struct gathering *gathering = context;

	if (!gathering->unseen || !series->seen)
		gathering->order[gathering->count++] = series;
}

static size_t gather_all(struct metric_family *family, bool unseen)
{
	struct gathering gathering = {.unseen = unseen};

	family->order = memory_resize(family->order, family->pool.live + 1, sizeof(*family->order));
	gathering.order = family->order;
	each(family, gather, &gathering);
	return gathering.count;
}

size_t family_choose(struct metric_family *family, size_t most)
{
	size_t count = gather_all(family, false);

	family->omitted = count > most ? count - most : 0;
	if (family->omitted)
		qsort_r(family->order, count, sizeof(*family->order), heavier, family);
	count -= family->omitted;
	if (count)
		qsort(family->order, count, sizeof(*family->order), by_labels);
	return count;
}

static void forget(struct metric_family *family, struct metric_series *series)
{
	uint32_t number = index_find(&family->index, series->key);

	index_remove(&family->index, series->key);
	release(NULL, series);
	pool_remove(&family->pool, number);
}

void family_end(struct metric_family *family, size_t most)
{
	bool counts = family->metric->type != METRIC_GAUGE;
	size_t kept = counts ? SERIES_MAX + most : 0, count;

	if (counts && family->pool.live <= kept)
		return;
	count = gather_all(family, true);
	if (counts && count)
		qsort_r(family->order, count, sizeof(*family->order), heavier, family);
	/* half of those too many go, so that it is not done each time */
	for (size_t i = counts ? most + (count > most ? (count - most) / 2 : 0) : 0; i < count; i++)
		forget(family, family->order[i]);
}
