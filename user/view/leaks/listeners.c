// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows of listeners: of what waits in their queues, whoever of their holders could accept it. */
#include "base/hash.h"
#include "view/leaks/leaks.h"

/* Who began first of those that hold it; 0: nobody known. */
static uint32_t first_of(const struct leaks *leaks, const struct connection *listener)
{
	struct holder_range holders =
		close_waits_holders_of(&leaks->model->close_waits, listener->cookie);

	return holders.count ? holders.first->process : 0;
}

struct leak_row *leaks_listener_row(struct leaks *leaks, const struct close_wait *close_wait,
				    struct charged *to)
{
	const struct connection *listener = NULL;
	struct leak_row *row;
	uint64_t key;

	if (close_wait->kind == KIND_UNACCEPTED)
		listener = close_waits_listener(&leaks->model->close_waits, close_wait);
	if (!listener)
		return NULL;
	*to = (struct charged){first_of(leaks, listener), -1, OWNER_LISTEN};
	if (!to->process)
		to->process = listener->owner ? listener->owner : close_wait->owner;
	key = grouping_key(leaks->config.by, leaks_process(leaks, to->process));
	key = hash_bytes(key, &listener->cookie, sizeof(listener->cookie));
	row = (struct leak_row *)rows_find(&leaks->rows, key);
	if (!row)
		row = (struct leak_row *)rows_add(&leaks->rows, key, to->process);
	row->listener = listener->cookie;
	return row;
}

/* An io_uring's direct descriptor, or one in flight over a unix socket, is in no table. */
struct charged leaks_charged_without_holder(const struct leaks *leaks,
					    const struct close_wait *close_wait)
{
	struct charged to = {close_wait->owner, -1, close_wait->owner_by};
	const struct connection *listener = NULL;

	if (!to.process && close_wait->direction == DIRECTION_IN)
		listener = connections_listener(&leaks->model->connections, &close_wait->tuple, 0);
	if (listener)
		to.process = first_of(leaks, listener);
	if (listener && to.process)
		to.owner_by = OWNER_LISTEN;
	return to;
}

const struct connection *leaks_listener(const struct leaks *leaks, const struct leak_row *row)
{
	if (!row->listener || !row->sockets)
		return NULL;
	return connections_find(&leaks->model->connections, row->listener);
}

struct holder_range leaks_listener_holders(const struct leaks *leaks, const struct leak_row *row)
{
	return close_waits_holders_of(&leaks->model->close_waits, row->listener);
}

const struct holder *leaks_next_process(struct holder_range range, const struct holder *holder)
{
	const struct holder *next = holder;

	while (next < range.first + range.count && next->process == holder->process)
		next++;
	return next < range.first + range.count ? next : NULL;
}

uint32_t leaks_count_processes(struct holder_range range)
{
	const struct holder *holder = range.count ? range.first : NULL;
	uint32_t count = 0;

	for (; holder; holder = leaks_next_process(range, holder))
		count++;
	return count;
}
