// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One cause, one advice: the same of several rows is told once, what another explains is not. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "view/advice/internal.h"

static const struct process *process_of(const struct adviser *adviser, const struct advice *advice)
{
	return processes_get(&adviser->config.model->connections.processes, advice->process);
}

/* Processes of one name do the same at one place for one reason. */
static uint64_t cause_of(const struct adviser *adviser, const struct advice *advice)
{
	const struct process *process = process_of(adviser, advice);
	uint64_t cause = hash_bytes(0, &advice->words, sizeof(advice->words));
	struct tuple place = advice->place;

	place.family = 0;
	if (process)
		cause = hash_bytes(cause, process->id.comm, sizeof(process->id.comm));
	if (advice->has_place)
		cause = hash_bytes(cause, &place, sizeof(place));
	else
		cause = hash_bytes(cause, &advice->netns, sizeof(advice->netns));
	return cause;
}

static int compare_weight(const struct advice *left, const struct advice *right)
{
	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->weight != right->weight)
		return left->weight > right->weight ? -1 : 1;
	return 0;
}

static int by_cause(const void *a, const void *b)
{
	const struct advice *left = a, *right = b;

	if (left->rule != right->rule)
		return left->rule < right->rule ? -1 : 1;
	if (left->cause != right->cause)
		return left->cause < right->cause ? -1 : 1;
	return compare_weight(left, right);
}

/* The gravest first, then in the order of the rules. */
static int by_gravity(const void *a, const void *b)
{
	const struct advice *left = a, *right = b;

	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->rule != right->rule)
		return left->rule < right->rule ? -1 : 1;
	return compare_weight(left, right);
}

static void keep(struct adviser *adviser, size_t kept)
{
	adviser->count = kept;
}

/* The worst of them stands for all. */
static void join_causes(struct adviser *adviser)
{
	size_t kept = 0;

	for (size_t i = 0; i < adviser->count; i++) {
		struct advice *advice = &adviser->items[i], *last = &adviser->items[kept - !!kept];

		if (kept && last->rule == advice->rule && last->cause == advice->cause) {
			last->alike++;
			advice_clear(adviser, advice);
		} else {
			adviser->items[kept++] = *advice;
		}
	}
	keep(adviser, kept);
}

void adviser_settle(struct adviser *adviser)
{
	for (size_t i = 0; i < adviser->count; i++)
		adviser->items[i].cause = cause_of(adviser, &adviser->items[i]);
	qsort(adviser->items, adviser->count, sizeof(*adviser->items), by_cause);
	join_causes(adviser);
	qsort(adviser->items, adviser->count, sizeof(*adviser->items), by_gravity);
}
