// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/pool.h"

#include <string.h>

#include "base/memory.h"

#ifndef CHUNK	   /* the fuzzers' are small: each input begins with none */
#define CHUNK 4096 /* elements */
#endif
/* Behind its elements each chunk has a bit for each of them, that is in use, in words. */
#define WORD  (CHUNK < 64 ? CHUNK : 64)
#define WORDS (CHUNK / WORD)

void pool_init(struct pool *pool, size_t element_bytes)
{
	*pool = (struct pool){.element_bytes = element_bytes, .used = 1};
}

void pool_free(struct pool *pool)
{
	for (uint32_t i = 0; i < pool->chunk_count; i++)
		free(pool->chunks[i]);
	free(pool->chunks);
	pool_init(pool, pool->element_bytes);
}

void *pool_get(const struct pool *pool, uint32_t number)
{
	return pool->chunks[number / CHUNK] + number % CHUNK * pool->element_bytes;
}

/* The word that has the bit of a number. */
static uint64_t *in_use(const struct pool *pool, uint32_t number)
{
	void *words = pool->chunks[number / CHUNK] + CHUNK * pool->element_bytes;

	return (uint64_t *)words + number % CHUNK / WORD;
}

static void grow(struct pool *pool)
{
	size_t bytes = CHUNK * pool->element_bytes + WORDS * sizeof(uint64_t);

	pool->chunks = memory_resize(pool->chunks, pool->chunk_count + 1, sizeof(*pool->chunks));
	pool->chunks[pool->chunk_count++] = memory_new(1, bytes);
}

uint32_t pool_add(struct pool *pool)
{
	uint32_t number = pool->free_head;
	void *element;

	if (!number) {
		number = pool->used++;
		if (number / CHUNK >= pool->chunk_count)
			grow(pool);
	}
	element = pool_get(pool, number);
	if (number == pool->free_head)
		memcpy(&pool->free_head, element, sizeof(pool->free_head));
	memset(element, 0, pool->element_bytes);
	*in_use(pool, number) |= 1ULL << number % WORD;
	pool->live++;
	return number;
}

void pool_remove(struct pool *pool, uint32_t number)
{
	memcpy(pool_get(pool, number), &pool->free_head, sizeof(pool->free_head));
	pool->free_head = number;
	*in_use(pool, number) &= ~(1ULL << number % WORD);
	pool->live--;
}

uint32_t pool_next(const struct pool *pool, uint32_t number)
{
	uint64_t rest;

	for (number++; number / CHUNK < pool->chunk_count; number = (number / WORD + 1) * WORD) {
		rest = *in_use(pool, number) >> number % WORD;
		if (rest)
			return number + (uint32_t)__builtin_ctzll(rest);
	}
	return 0;
}
