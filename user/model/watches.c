// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/watches.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/search.h"

struct watches {
	uint64_t time_ns;
	uint8_t flags; /* enum watched_flags */
	uint32_t count;
	uint32_t capacity;
	uint64_t *entries; /* ascending: twice the inode, one more if it is watched for reading */
};

static void begin(struct watches **watches, const struct record_watched *record)
{
	if (!*watches)
		*watches = memory_new(1, sizeof(**watches));
	(*watches)->time_ns = record->header.time_ns;
	(*watches)->flags = record->flags;
	(*watches)->count = 0;
}

static uint64_t inode_of(const void *entry)
{
	return *(const uint64_t *)entry >> 1;
}

/* Where the inode is, or belongs. */
static uint32_t place_of(const struct watches *watches, uint64_t inode)
{
	return (uint32_t)search_place(watches->entries, watches->count, sizeof(*watches->entries),
				      inode_of, inode);
}

static bool is_at(const struct watches *watches, uint32_t place, uint64_t inode)
{
	return place < watches->count && watches->entries[place] >> 1 == inode;
}

static void grow(struct watches *watches)
{
	watches->capacity = watches->capacity ? watches->capacity * 2 : 64;
	watches->entries =
		memory_resize(watches->entries, watches->capacity, sizeof(*watches->entries));
}

/* A source tells them in order: then nothing is moved. */
static void insert(struct watches *watches, uint32_t place, uint64_t entry)
{
	if (watches->count == watches->capacity)
		grow(watches);
	memmove(&watches->entries[place + 1], &watches->entries[place],
		(watches->count - place) * sizeof(*watches->entries));
	watches->entries[place] = entry;
	watches->count++;
}

static void add(struct watches *watches, uint64_t inode, bool in)
{
	uint32_t place = place_of(watches, inode);

	if (is_at(watches, place, inode))
		watches->entries[place] |= in;
	else if (watches->count < WATCHED_MAX)
		insert(watches, place, inode << 1 | in);
	else
		watches->flags &= ~WATCHED_READABLE;
}

void watches_apply(struct watches **watches, const struct record_watched *record)
{
	if (!record->inode)
		begin(watches, record);
	else if (*watches)
		add(*watches, record->inode, record->how == WATCH_IN);
}

void watches_free(struct watches *watches)
{
	if (!watches)
		return;
	free(watches->entries);
	free(watches);
}

enum epoll_watched watches_find(const struct watches *watches, uint64_t inode, uint64_t since_ns)
{
	const unsigned int all = WATCHED_HAS_SETS | WATCHED_READABLE;
	uint32_t place;

	if (!watches || !inode)
		return WATCHED_UNKNOWN;
	place = place_of(watches, inode);
	if (is_at(watches, place, inode))
		return watches->entries[place] & 1 ? WATCHED_IN : WATCHED_OTHER;
	if (watches->time_ns < since_ns || (watches->flags & all) != all)
		return WATCHED_UNKNOWN;
	return WATCHED_NO;
}
