// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/connection.h"

#include <string.h>

#include "base/memory.h"

void connections_init(struct connections *connections)
{
	pool_init(&connections->pool, sizeof(struct connection));
	index_init(&connections->index, &connections->pool);
	processes_init(&connections->processes);
	call_paths_init(&connections->calls, &connections->processes);
	connections->listeners = NULL;
	connections->listener_count = 0;
}

void connections_free(struct connections *connections)
{
	index_free(&connections->index);
	pool_free(&connections->pool);
	call_paths_free(&connections->calls);
	processes_free(&connections->processes);
	free(connections->listeners);
}

static struct connection *get(const struct connections *connections, uint32_t number)
{
	return pool_get(&connections->pool, number);
}

struct connection *connections_find(const struct connections *connections, uint64_t cookie)
{
	uint32_t number = index_find(&connections->index, cookie);

	return number ? get(connections, number) : NULL;
}

struct connection *connections_add(struct connections *connections, uint64_t cookie)
{
	uint32_t number = pool_add(&connections->pool);
	struct connection *connection = get(connections, number);

	connection->cookie = cookie;
	connection->state = TCP_CLOSE;
	index_add(&connections->index, number);
	return connection;
}

static uint32_t number_of(const struct connections *connections,
			  const struct connection *connection)
{
	return index_find(&connections->index, connection->cookie);
}

static void listener_add(struct connections *connections, const struct connection *connection)
{
	uint32_t count = connections->listener_count++;

	connections->listeners =
		memory_resize(connections->listeners, count + 1, sizeof(*connections->listeners));
	connections->listeners[count] = number_of(connections, connection);
}

static void listener_remove(struct connections *connections, const struct connection *connection)
{
	uint32_t number = number_of(connections, connection);

	for (uint32_t i = 0; i < connections->listener_count; i++) {
		if (connections->listeners[i] != number)
			continue;
		connections->listeners[i] = connections->listeners[--connections->listener_count];
		return;
	}
}

static void drop(struct connections *connections, struct connection *connection)
{
	if (connection->state == TCP_LISTEN)
		listener_remove(connections, connection);
	processes_release(&connections->processes, connection->owner);
	processes_release(&connections->processes, connection->closer);
	processes_release(&connections->processes, connection->listens);
	pool_remove(&connections->pool, index_remove(&connections->index, connection->cookie));
}

void connections_remove(struct connections *connections, struct connection *connection)
{
	call_paths_forget(&connections->calls, connection->cookie);
	drop(connections, connection);
}

struct connection *connections_renew(struct connections *connections, struct connection *connection)
{
	uint64_t cookie = connection->cookie;

	drop(connections, connection);
	return connections_add(connections, cookie);
}

void connections_enter(struct connections *connections, struct connection *connection,
		       unsigned int state, uint64_t since_ns, uint64_t time_ns)
{
	bool listened = connection->state == TCP_LISTEN;

	connection->state = state;
	connection->since_ns = since_ns;
	connection->time_ns = time_ns;
	if (listened && state != TCP_LISTEN)
		listener_remove(connections, connection);
	else if (!listened && state == TCP_LISTEN)
		listener_add(connections, connection);
}

static void refer(struct connections *connections, uint32_t *reference, uint32_t number)
{
	processes_reference(&connections->processes, number);
	processes_release(&connections->processes, *reference);
	*reference = number;
}

void connections_charge(struct connections *connections, struct connection *connection,
			uint32_t number, unsigned int owner_by)
{
	if (!number || owner_by <= connection->owner_by)
		return;
	refer(connections, &connection->owner, number);
	connection->owner_by = owner_by;
}

void connections_own(struct connections *connections, struct connection *connection,
		     const struct process_id *process, unsigned int owner_by)
{
	if (process->pid && owner_by > connection->owner_by)
		connections_charge(connections, connection,
				   processes_number(&connections->processes, process), owner_by);
}

void connections_listens(struct connections *connections, struct connection *connection,
			 const struct process_id *process)
{
	refer(connections, &connection->listens,
	      processes_number(&connections->processes, process));
}

void connections_close(struct connections *connections, struct connection *connection,
		       const struct process_id *process)
{
	if (connection->closer || !process->pid)
		return;
	refer(connections, &connection->closer, processes_number(&connections->processes, process));
	connections_own(connections, connection, process, OWNER_CLOSE);
}

static bool unspecified(const uint8_t *address)
{
	static const uint8_t v6[16], v4[16] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, v6, 16) == 0 || memcmp(address, v4, 16) == 0;
}

/* An accepted socket has its listener's family, v4-mapped ones included. */
static bool listens_for(const struct connection *listener, const struct tuple *tuple)
{
	return listener->tuple.lport == tuple->lport && listener->tuple.netns == tuple->netns &&
	       listener->tuple.family == tuple->family &&
	       (unspecified(listener->tuple.laddr) ||
		memcmp(listener->tuple.laddr, tuple->laddr, 16) == 0);
}

/* An address of its own counts before one that stands for all, as the kernel chooses. */
static unsigned int fitness(const struct connection *listener, uint32_t owner)
{
	return (unspecified(listener->tuple.laddr) ? 1 : 3) + (owner && listener->owner == owner);
}

static bool fits_better(const struct connection *listener, const struct connection *best,
			uint32_t owner, bool by_queue)
{
	unsigned int fit = fitness(listener, owner), best_fit = fitness(best, owner);

	return fit > best_fit || (fit == best_fit && by_queue && listener->queue > best->queue);
}

static const struct connection *find_listener(const struct connections *connections,
					      const struct tuple *tuple, uint32_t owner,
					      bool by_queue)
{
	const struct connection *best = NULL;

	for (uint32_t i = 0; i < connections->listener_count; i++) {
		const struct connection *listener = get(connections, connections->listeners[i]);

		if (listens_for(listener, tuple) &&
		    (!best || fits_better(listener, best, owner, by_queue)))
			best = listener;
	}
	return best;
}

const struct connection *connections_listener(const struct connections *connections,
					      const struct tuple *tuple, uint32_t owner)
{
	return find_listener(connections, tuple, owner, false);
}

const struct connection *connections_parent(const struct connections *connections,
					    const struct tuple *tuple, uint64_t cookie)
{
	const struct connection *listener = cookie ? connections_find(connections, cookie) : NULL;

	if (listener && listener->state == TCP_LISTEN && listens_for(listener, tuple))
		return listener;
	return connections_listener(connections, tuple, 0);
}

const struct connection *connections_queue(const struct connections *connections,
					   const struct tuple *tuple, uint32_t owner)
{
	return find_listener(connections, tuple, owner, true);
}

void connections_each(const struct connections *connections,
		      void (*visit)(void *context, struct connection *connection), void *context)
{
	const struct pool *pool = &connections->pool;

	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i))
		visit(context, get(connections, i));
}
