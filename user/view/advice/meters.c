// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What counters were: for who judges the last minute, not all that was ever counted. */
#include "base/hash.h"
#include "view/advice/internal.h"

struct meter {
	uint64_t key;
	uint64_t judged_ns; /* when it was asked for last */
	struct growth growth;
};

void meters_init(struct adviser *adviser)
{
	pool_init(&adviser->meters, sizeof(struct meter));
	index_init(&adviser->meter_index, &adviser->meters);
}

static void each_meter(struct adviser *adviser,
		       void (*visit)(struct adviser *adviser, struct meter *meter))
{
	for (uint32_t number = 1; number < adviser->meters.used; number++) {
		struct meter *meter = pool_get(&adviser->meters, number);

		if (meter->judged_ns && index_find(&adviser->meter_index, meter->key) == number)
			visit(adviser, meter);
	}
}

static void free_meter(struct adviser *adviser, struct meter *meter)
{
	(void)adviser;
	growth_free(&meter->growth);
}

void meters_free(struct adviser *adviser)
{
	each_meter(adviser, free_meter);
	index_free(&adviser->meter_index);
	pool_free(&adviser->meters);
}

void meters_tick(struct adviser *adviser, uint64_t time_ns)
{
	adviser->before_ns = adviser->time_ns;
	adviser->time_ns = time_ns;
	growth_tick(&adviser->clock, time_ns);
}

/* Its row is gone. */
static void forget_stale(struct adviser *adviser, struct meter *meter)
{
	if (meter->judged_ns == adviser->time_ns)
		return;
	growth_free(&meter->growth);
	pool_remove(&adviser->meters, index_remove(&adviser->meter_index, meter->key));
}

void meters_forget(struct adviser *adviser)
{
	each_meter(adviser, forget_stale);
}

static struct meter *meter_of(struct adviser *adviser, uint64_t key)
{
	uint32_t number = index_find(&adviser->meter_index, key);
	struct meter *meter;

	if (number)
		return pool_get(&adviser->meters, number);
	number = pool_add(&adviser->meters);
	meter = pool_get(&adviser->meters, number);
	meter->key = key;
	growth_begin(&meter->growth, adviser->before_ns);
	index_add(&adviser->meter_index, number);
	return meter;
}

/* As of this judgement: a rule asks for each of its own once. */
static struct meter *read_meter(struct judging *judging, uint64_t key, uint64_t value)
{
	struct adviser *adviser = judging->adviser;
	struct meter *meter =
		meter_of(adviser, hash_bytes(key, &judging->rule, sizeof(judging->rule)));

	if (meter->judged_ns != adviser->time_ns)
		growth_add(&meter->growth, &adviser->clock, (double)value);
	meter->judged_ns = adviser->time_ns;
	return meter;
}

uint64_t counted_since(struct judging *judging, uint64_t key, uint64_t value)
{
	struct adviser *adviser = judging->adviser;
	struct meter *meter;
	double change;

	if (!adviser->config.recent)
		return value;
	meter = read_meter(judging, key, value);
	change = growth_change(&meter->growth, &adviser->clock, adviser->time_ns, (double)value);
	return change > 0 ? (uint64_t)change : 0;
}

double rate_of(struct judging *judging, uint64_t key, uint64_t value)
{
	struct adviser *adviser = judging->adviser;
	struct meter *meter = read_meter(judging, key, value);
	double per_s;

	return growth_per_s(&meter->growth, &adviser->clock, adviser->time_ns, (double)value,
			    &per_s)
		       ? per_s
		       : 0;
}
