/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A hash index from 64-bit keys to the numbers of a pool's elements: 8 bytes a slot. The libraries
 * at hand cost 24 to 56 bytes an entry, which 500,000 connections in 64 MB cannot afford.
 */
#ifndef TCPLINGER_INDEX_H
#define TCPLINGER_INDEX_H

#include <stdint.h>

#include "base/pool.h"

struct index_slot {
	uint32_t hash;
	uint32_t number; /* 0: empty */
};

/* The elements begin with their key, a uint64_t. */
struct index {
	const struct pool *pool;
	struct index_slot *slots;
	uint32_t mask;
	uint32_t used;
};

/* The index points to `pool` for its lifetime. */
void index_init(struct index *index, const struct pool *pool);
void index_free(struct index *index);

/* The element's number, or 0. */
uint32_t index_find(const struct index *index, uint64_t key);

/* The element `number` must hold its key already, and the index none of that key. */
void index_add(struct index *index, uint32_t number);

/* The number that it had, or 0. */
uint32_t index_remove(struct index *index, uint64_t key);

#endif
