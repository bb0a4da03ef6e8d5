/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pairs of numbers, looked up by the first: gathered, then sorted once. All zero: none. */
#ifndef TCPLINGER_PAIRS_H
#define TCPLINGER_PAIRS_H

#include <stddef.h>
#include <stdint.h>

struct pair {
	uint64_t key;
	uint64_t value;
};

struct pairs {
	struct pair *items;
	size_t count;
	size_t capacity;
};

void pairs_add(struct pairs *pairs, uint64_t key, uint64_t value);
void pairs_sort(struct pairs *pairs);
void pairs_free(struct pairs *pairs);

/* The first with this key, or NULL; of sorted ones only. */
const struct pair *pairs_find(const struct pairs *pairs, uint64_t key);

/* The one after it with the same key, or NULL. */
const struct pair *pairs_next(const struct pairs *pairs, const struct pair *pair);

#endif
