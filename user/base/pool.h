/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Elements of one size in chunks, addressed by small numbers: no per-element malloc overhead, no
 * element ever moves, and growing never needs twice the memory. Going through all of them is going
 * through memory from one end to the other.
 */
#ifndef TCPLINGER_POOL_H
#define TCPLINGER_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
	size_t element_bytes;
	char **chunks;
	uint32_t chunk_count;
	uint32_t used; /* elements ever handed out; number 0 is never one of them */
	uint32_t live;
	uint32_t free_head; /* first free element, linked through their first 4 bytes; 0: none */
};

/* `element_bytes`: at least 4, a multiple of 8. */
void pool_init(struct pool *pool, size_t element_bytes);
void pool_free(struct pool *pool);

/* The number of a new, zeroed element, never 0. Ends the program when memory is out. */
uint32_t pool_add(struct pool *pool);
void pool_remove(struct pool *pool, uint32_t number);

/*
 * The next number in use after `number`, which may have been removed meanwhile; 0: there is none.
 * After 0 comes the first.
 */
uint32_t pool_next(const struct pool *pool, uint32_t number);

/* The element of a number that pool_add gave. Valid until pool_remove. */
void *pool_get(const struct pool *pool, uint32_t number);

#endif
