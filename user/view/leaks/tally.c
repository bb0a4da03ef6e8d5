// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/leaks/tally.h"

#include "base/hash.h"
#include "view/leaks/leaks.h"
#include "view/place.h"

void tally_init(struct tally *tally)
{
	pool_init(&tally->pool, sizeof(struct count));
	index_init(&tally->index, &tally->pool);
}

void tally_free(struct tally *tally)
{
	index_free(&tally->index);
	pool_free(&tally->pool);
}

void tally_clear(struct tally *tally)
{
	tally_free(tally);
	tally_init(tally);
}

static struct count *count_in(struct tally *tally, uint64_t key, struct leak_row *row,
			      const struct close_wait *socket)
{
	uint32_t number = index_find(&tally->index, key);
	struct count *count;

	if (!number) {
		number = pool_add(&tally->pool);
		count = pool_get(&tally->pool, number);
		count->key = key;
		count->row = row;
		count->example = socket;
		index_add(&tally->index, number);
	}
	count = pool_get(&tally->pool, number);
	count->sockets++;
	return count;
}

struct count *tally_by_place(struct tally *tally, struct leak_row *row,
			     const struct close_wait *socket)
{
	struct tuple place = place_of(&socket->tuple, socket->direction);
	struct count *count = count_in(tally, place_key(row->row.key, &place), row, socket);

	count->families_differ |= count->example->tuple.family != socket->tuple.family;
	return count;
}

void tally_by_process(struct tally *tally, struct leak_row *row, uint32_t process,
		      const struct close_wait *socket)
{
	uint64_t key = hash_bytes(row->row.key, &process, sizeof(process));

	count_in(tally, key, row, socket)->process = process;
}

void tally_each(const struct tally *tally, void (*visit)(void *context, const struct count *count),
		void *context)
{
	for (uint32_t number = 1; number <= tally->pool.live; number++)
		visit(context, pool_get(&tally->pool, number));
}

/* Of equals it is the key that keeps them in one order. */
static bool is_greater(const struct count *a, const struct count *b)
{
	if (a->sockets != b->sockets)
		return a->sockets > b->sockets;
	return a->key > b->key;
}

void greatest_note(struct greatest *greatest, const struct count *count)
{
	for (size_t i = 0; count && i < TALLY_GREATEST; i++) {
		const struct count *other = greatest->counts[i];

		if (other && !is_greater(count, other))
			continue;
		greatest->counts[i] = count;
		count = other;
	}
}

bool count_has_place(const struct count *count, const struct close_wait *socket)
{
	struct tuple place = place_of(&socket->tuple, socket->direction);

	return place_key(count->row->row.key, &place) == count->key;
}

struct tuple count_place(const struct count *count)
{
	struct tuple place = place_of(&count->example->tuple, count->example->direction);

	place.family = count->families_differ ? 0 : count->example->tuple.family;
	return place;
}
