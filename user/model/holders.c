// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/holders.h"

#include "base/memory.h"
#include "base/search.h"

#define CAPACITY_MIN 64

static void append(struct holders *holders, struct processes *processes, struct holder holder)
{
	if (holders->count == holders->capacity) {
		holders->capacity = holders->capacity ? holders->capacity * 2 : CAPACITY_MIN;
		holders->items =
			memory_resize(holders->items, holders->capacity, sizeof(*holders->items));
	}
	processes_reference(processes, holder.process);
	holders->items[holders->count++] = holder;
}

void holders_add(struct holders *holders, struct processes *processes,
		 const struct record_holder *record)
{
	struct holder holder = {
		.cookie = record->cookie,
		.process = processes_meet(processes, &record->process),
		.fd = record->fd,
	};

	append(holders, processes, holder);
}

static int by_cookie(const void *a, const void *b, void *processes)
{
	const struct holder *left = a, *right = b;
	int order;

	if (left->cookie != right->cookie)
		return left->cookie < right->cookie ? -1 : 1;
	order = processes_compare(processes, left->process, right->process);
	if (order)
		return order;
	return (left->fd > right->fd) - (left->fd < right->fd);
}

void holders_sort(struct holders *holders, struct processes *processes)
{
	if (holders->count)
		qsort_r(holders->items, holders->count, sizeof(*holders->items), by_cookie,
			processes);
}

static uint64_t cookie_of(const void *holder)
{
	return ((const struct holder *)holder)->cookie;
}

struct holder_range holders_run(const struct holders *holders, size_t at)
{
	struct holder_range run = {.first = holders->items + at, .count = 1};

	while (at + run.count < holders->count && run.first[run.count].cookie == run.first->cookie)
		run.count++;
	return run;
}

struct holder_range holders_find(const struct holders *holders, uint64_t cookie)
{
	size_t at = search_place(holders->items, holders->count, sizeof(*holders->items), cookie_of,
				 cookie);

	if (at == holders->count || holders->items[at].cookie != cookie)
		return (struct holder_range){0};
	return holders_run(holders, at);
}

void holders_keep(struct holders *holders, const struct holders *before,
		  struct processes *processes)
{
	struct holders shown = *holders; /* what is added goes behind these */

	for (size_t i = 0; i < before->count; i++) {
		shown.items = holders->items; /* it may have moved */
		if (!holders_find(&shown, before->items[i].cookie).count)
			append(holders, processes, before->items[i]);
	}
	holders_sort(holders, processes);
}

void holders_clear(struct holders *holders, struct processes *processes)
{
	for (size_t i = 0; i < holders->count; i++)
		processes_release(processes, holders->items[i].process);
	holders->count = 0;
}

void holders_free(struct holders *holders)
{
	free(holders->items);
	*holders = (struct holders){0};
}
