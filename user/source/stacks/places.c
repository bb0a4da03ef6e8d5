// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/places.h"

#include <string.h>

#include "base/memory.h"

#define MORE "..."

void places_init(struct places *places)
{
	pool_init(&places->pool, sizeof(struct place));
	index_init(&places->index, &places->pool);
}

void places_free(struct places *places)
{
	for (uint32_t i = 1; i < places->pool.used; i++)
		free(((struct place *)pool_get(&places->pool, i))->frames);
	index_free(&places->index);
	pool_free(&places->pool);
}

void places_clear(struct places *places)
{
	places_free(places);
	places_init(places);
}

const struct place *places_find(const struct places *places, uint64_t address)
{
	uint32_t number = index_find(&places->index, address);

	return number ? pool_get(&places->pool, number) : NULL;
}

const struct place *places_add(struct places *places, uint64_t address,
			       const struct stack_frame *frames, uint32_t count)
{
	uint32_t number = pool_add(&places->pool);
	struct place *place = pool_get(&places->pool, number);

	place->address = address;
	place->count = count;
	place->frames = memory_new(count, sizeof(*frames));
	memcpy(place->frames, frames, count * sizeof(*frames));
	index_add(&places->index, number);
	return place;
}

void place_text(char text[FRAME_TEXT], const char *from)
{
	size_t length = strlen(from);

	memcpy(text, from, length < FRAME_TEXT ? length + 1 : FRAME_TEXT);
	if (length >= FRAME_TEXT)
		memcpy(text + FRAME_TEXT - sizeof(MORE), MORE, sizeof(MORE));
}
