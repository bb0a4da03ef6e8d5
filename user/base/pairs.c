// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/pairs.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/search.h"

void pairs_add(struct pairs *pairs, uint64_t key, uint64_t value)
{
	if (pairs->count == pairs->capacity) {
		pairs->capacity = pairs->capacity ? pairs->capacity * 2 : 64;
		pairs->items = memory_resize(pairs->items, pairs->capacity, sizeof(*pairs->items));
	}
	pairs->items[pairs->count++] = (struct pair){key, value};
}

static int compare(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

void pairs_sort(struct pairs *pairs)
{
	if (pairs->count)
		qsort(pairs->items, pairs->count, sizeof(*pairs->items), compare);
}

void pairs_free(struct pairs *pairs)
{
	free(pairs->items);
	*pairs = (struct pairs){0};
}

static uint64_t key_of(const void *item)
{
	return ((const struct pair *)item)->key;
}

const struct pair *pairs_find(const struct pairs *pairs, uint64_t key)
{
	size_t low = search_place(pairs->items, pairs->count, sizeof(*pairs->items), key_of, key);

	if (low == pairs->count || pairs->items[low].key != key)
		return NULL;
	return &pairs->items[low];
}

const struct pair *pairs_next(const struct pairs *pairs, const struct pair *pair)
{
	const struct pair *next = pair + 1;

	return next < pairs->items + pairs->count && next->key == pair->key ? next : NULL;
}
