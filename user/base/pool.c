// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/pool.h"

#include <string.h>

#include "base/memory.h"

#ifndef CHUNK	   /* the fuzzers' are small: each input begins with none */
#define CHUNK 4096 /* elements */
#endif

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

static void grow(struct pool *pool)
{
	pool->chunks = memory_resize(pool->chunks, pool->chunk_count + 1, sizeof(*pool->chunks));
	pool->chunks[pool->chunk_count++] = memory_new(CHUNK, pool->element_bytes);
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
	pool->live++;
	return number;
}

void pool_remove(struct pool *pool, uint32_t number)
{
	memcpy(pool_get(pool, number), &pool->free_head, sizeof(pool->free_head));
	pool->free_head = number;
	pool->live--;
}
