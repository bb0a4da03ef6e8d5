// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/top/list.h"

#include <string.h>

#include "base/memory.h"

void list_free(struct list *list)
{
	free(list->items);
	free(list->text);
	*list = (struct list){0};
}

void list_clear(struct list *list)
{
	list->count = list->omitted = list->used = 0;
}

struct item *list_add(struct list *list, uint64_t key, size_t part)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? 2 * list->capacity : 64;
		list->items = memory_resize(list->items, list->capacity, sizeof(*list->items));
	}
	list->items[list->count] = (struct item){.key = key, .part = part};
	return &list->items[list->count++];
}

size_t list_keep(struct list *list, const char *text, size_t length)
{
	size_t place = list->used;

	if (place + length + 1 > list->size) {
		list->size = 2 * (place + length + 1);
		list->text = memory_resize(list->text, list->size, 1);
	}
	memcpy(list->text + place, text, length);
	list->text[place + length] = 0;
	list->used += length + 1;
	return place;
}

const char *list_text(const struct list *list, size_t place)
{
	return list->text + place;
}

static size_t find(const struct list *list, uint64_t key)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].key == key)
			return i;
	return list->count;
}

void list_settle(struct list *list)
{
	size_t above = list->at - list->top, found = find(list, list->chosen);

	if (!list->chosen || found == list->count) {
		list_go(list, list->at);
		return;
	}
	list->at = found;
	list->top = found > above ? found - above : 0;
}

const struct item *list_chosen(const struct list *list)
{
	if (list->at >= list->count || !list->items[list->at].key)
		return NULL;
	return &list->items[list->at];
}

void list_go(struct list *list, size_t at)
{
	list->chosen = 0;
	if (!list->count)
		return;
	if (at >= list->count)
		at = list->count - 1;
	while (at + 1 < list->count && !list->items[at].key)
		at++;
	while (at && !list->items[at].key)
		at--;
	list->at = at;
	list->chosen = list->items[at].key;
}

void list_move(struct list *list, long rows)
{
	size_t at = list->at, left = (size_t)(rows < 0 ? -rows : rows);

	while (left && (rows < 0 ? at > 0 : at + 1 < list->count)) {
		at += rows < 0 ? (size_t)-1 : 1;
		left -= !!list->items[at].key;
	}
	if (at < list->count && !list->items[at].key && rows < 0)
		return; /* the first row is below its heading already */
	list_go(list, at);
}

void list_show(struct list *list, size_t lines)
{
	if (list->at < list->top)
		list->top = list->at;
	if (lines && list->at >= list->top + lines)
		list->top = list->at - lines + 1;
	/* a heading right above the first row is worth its line */
	if (list->top == list->at && list->top && !list->items[list->top - 1].key && lines > 1)
		list->top--;
	if (list->count <= lines)
		list->top = 0;
	else if (list->top > list->count - lines)
		list->top = list->count - lines;
}

bool list_search(struct list *list, const char *words)
{
	for (size_t i = 1; i <= list->count; i++) {
		size_t at = (list->at + i) % list->count;
		const struct item *item = &list->items[at];

		if (!item->key || (!strcasestr(list_text(list, item->line), words) &&
				   !strcasestr(list_text(list, item->more), words)))
			continue;
		list_go(list, at);
		return true;
	}
	return false;
}

struct order {
	size_t figure;
	bool reverse;
};

static int compare(const void *a, const void *b, void *context)
{
	const struct item *left = a, *right = b;
	const struct order *order = context;
	double one = left->figures[order->figure], other = right->figures[order->figure];

	if (one != other)
		return (one > other) == order->reverse ? 1 : -1;
	return (left->key > right->key) - (left->key < right->key);
}

void list_sort(struct list *list, size_t part, size_t figure, bool reverse)
{
	struct order order = {figure, reverse};
	size_t first = 0, count = 0;

	while (first < list->count && (list->items[first].part != part || !list->items[first].key))
		first++;
	while (first + count < list->count && list->items[first + count].part == part)
		count++;
	if (count)
		qsort_r(list->items + first, count, sizeof(*list->items), compare, &order);
}
