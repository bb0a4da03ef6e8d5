// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/overflow.h"

#include "base/memory.h"

void overflows_free(struct overflows *overflows)
{
	free(overflows->claims);
	free(overflows->namespaces);
	*overflows = (struct overflows){0};
}

void overflows_claim(struct overflows *overflows, uint32_t netns, uint64_t key)
{
	size_t count = overflows->claim_count;

	for (size_t i = 0; i < count; i++)
		if (overflows->claims[i].netns == netns && overflows->claims[i].key == key) {
			overflows->claims[i].count++;
			return;
		}
	overflows->claims = memory_resize(overflows->claims, count + 1, sizeof(*overflows->claims));
	overflows->claims[count] = (struct overflow_claim){netns, key, 1};
	overflows->claim_count++;
}

static struct overflow_namespace *find(struct overflows *overflows, uint32_t netns)
{
	for (size_t i = 0; i < overflows->namespace_count; i++)
		if (overflows->namespaces[i].netns == netns)
			return &overflows->namespaces[i];
	return NULL;
}

static struct overflow_namespace *add(struct overflows *overflows, uint32_t netns, uint64_t counter)
{
	size_t count = overflows->namespace_count++;

	overflows->namespaces =
		memory_resize(overflows->namespaces, count + 1, sizeof(*overflows->namespaces));
	overflows->namespaces[count] = (struct overflow_namespace){netns, counter, 0};
	return &overflows->namespaces[count];
}

void overflows_count(struct overflows *overflows, uint32_t netns, uint64_t counter)
{
	struct overflow_namespace *counted = find(overflows, netns);

	if (!counted)
		counted = add(overflows, netns, overflows->listed ? 0 : counter);
	if (counter > counted->counter)
		counted->credit += counter - counted->counter;
	counted->counter = counter;
}

void overflows_listed(struct overflows *overflows)
{
	overflows->listed = true;
}

bool overflows_next(const struct overflows *overflows, uint32_t *netns)
{
	if (overflows->claim_count)
		*netns = overflows->claims[0].netns;
	return overflows->claim_count != 0;
}

void overflows_each(const struct overflows *overflows, void (*visit)(void *context, uint32_t netns),
		    void *context)
{
	for (size_t i = 0; i < overflows->claim_count; i++)
		visit(context, overflows->claims[i].netns);
}

void overflows_settle(struct overflows *overflows, uint32_t netns,
		      void (*refused)(void *context, uint64_t key, uint64_t count), void *context)
{
	struct overflow_namespace *counted = find(overflows, netns);
	size_t kept = 0;

	for (size_t i = 0; i < overflows->claim_count; i++) {
		struct overflow_claim *claim = &overflows->claims[i];
		uint64_t confirmed = claim->count;

		if (claim->netns != netns) {
			overflows->claims[kept++] = *claim;
			continue;
		}
		if (!counted || confirmed > counted->credit)
			confirmed = counted ? counted->credit : 0;
		if (!confirmed)
			continue;
		counted->credit -= confirmed;
		refused(context, claim->key, confirmed);
	}
	overflows->claim_count = kept;
}
