// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Open addressing, linear probing, removal by shifting back: no tombstones, so no decay over weeks.
 */
#include "base/index.h"

#include "base/memory.h"

#define ROW 8 /* slots of a line of the cache */

#ifndef FIRST_SLOTS /* as CHUNK of pool.c */
#define FIRST_SLOTS 1024
#endif

void index_init(struct index *index, const struct pool *pool)
{
	*index = (struct index){.pool = pool, .mask = FIRST_SLOTS - 1};
	index->slots = memory_new(FIRST_SLOTS, sizeof(*index->slots));
}

void index_free(struct index *index)
{
	free(index->slots);
	*index = (struct index){0};
}

/* The finalizer of MurmurHash3. */
static uint64_t mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdULL;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ULL;
	return key;
}

/*
 * Cookies are consecutive numbers, and who is born together is asked for together, and ends
 * together: eight of them have their places in a row, which the cache then fetches once. The rows
 * are strewn.
 */
static uint32_t hash_of(uint64_t key)
{
	return (uint32_t)(mix(key / ROW) >> 32) / ROW * ROW + (uint32_t)(key % ROW);
}

static uint64_t key_of(const struct index *index, uint32_t number)
{
	return *(const uint64_t *)pool_get(index->pool, number);
}

/* The slot of `key`, or the empty one where it would go. */
static uint32_t slot_of(const struct index *index, uint64_t key)
{
	uint32_t hash = hash_of(key);
	uint32_t at = hash & index->mask;

	for (;; at = (at + 1) & index->mask) {
		const struct index_slot *slot = &index->slots[at];

		if (!slot->number)
			return at;
		if (slot->hash == hash && key_of(index, slot->number) == key)
			return at;
	}
}

uint32_t index_find(const struct index *index, uint64_t key)
{
	return index->slots[slot_of(index, key)].number;
}

static void place(struct index *index, struct index_slot slot)
{
	uint32_t at = slot.hash & index->mask;

	while (index->slots[at].number)
		at = (at + 1) & index->mask;
	index->slots[at] = slot;
}

static void grow(struct index *index)
{
	struct index_slot *old = index->slots;
	uint32_t count = index->mask + 1;

	index->mask = count * 2 - 1;
	index->slots = memory_new(count * 2, sizeof(*index->slots));
	for (uint32_t i = 0; i < count; i++)
		if (old[i].number)
			place(index, old[i]);
	free(old);
}

void index_add(struct index *index, uint32_t number)
{
	if (++index->used > index->mask / 4 * 3)
		grow(index);
	place(index, (struct index_slot){hash_of(key_of(index, number)), number});
}

uint32_t index_remove(struct index *index, uint64_t key)
{
	uint32_t hole = slot_of(index, key);
	uint32_t at = hole, number = index->slots[hole].number;

	if (!number)
		return 0;
	for (;;) {
		uint32_t home;

		at = (at + 1) & index->mask;
		if (!index->slots[at].number)
			break;
		home = index->slots[at].hash & index->mask;
		/* may it move back to the hole? not if its home lies behind the hole */
		if (((at - home) & index->mask) < ((at - hole) & index->mask))
			continue;
		index->slots[hole] = index->slots[at];
		hole = at;
	}
	index->slots[hole] = (struct index_slot){0};
	index->used--;
	return number;
}
