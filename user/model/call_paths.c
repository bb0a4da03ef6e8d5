// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/call_paths.h"

#include "base/hash.h"
#include "base/memory.h"

#define PATHS_MAX	32768	/* with more, those that no connection came from last are dropped */
#define CONNECTIONS_MAX 1000000 /* of more nothing is kept */
#define AWAITED_MAX	100000

void call_paths_init(struct call_paths *paths, struct processes *processes)
{
	*paths = (struct call_paths){.processes = processes};
	call_stacks_init(&paths->stacks);
	pool_init(&paths->paths, sizeof(struct call_path));
	index_init(&paths->path_index, &paths->paths);
	pool_init(&paths->connections, sizeof(struct connection_calls));
	index_init(&paths->connection_index, &paths->connections);
}

void call_paths_free(struct call_paths *paths)
{
	index_free(&paths->connection_index);
	pool_free(&paths->connections);
	index_free(&paths->path_index);
	pool_free(&paths->paths);
	call_stacks_free(&paths->stacks);
	free(paths->awaited);
}

static struct call_path *get(const struct call_paths *paths, uint32_t number)
{
	return pool_get(&paths->paths, number);
}

static struct connection_calls *find(const struct call_paths *paths, uint64_t cookie)
{
	uint32_t number = index_find(&paths->connection_index, cookie);

	return number ? pool_get(&paths->connections, number) : NULL;
}

static void drop_path(struct call_paths *paths, uint32_t number)
{
	struct call_path *path = get(paths, number);

	processes_release(paths->processes, path->process);
	call_stacks_release(&paths->stacks, path->stack);
	index_remove(&paths->path_index, path->key);
	pool_remove(&paths->paths, number);
}

static void sweep_paths(struct call_paths *paths)
{
	for (uint32_t i = pool_next(&paths->paths, 0); i; i = pool_next(&paths->paths, i))
		if (!get(paths, i)->references)
			drop_path(paths, i);
}

static uint32_t add_path(struct call_paths *paths, uint64_t key, const struct record_call *record,
			 uint32_t stack)
{
	uint32_t number = pool_add(&paths->paths);
	struct call_path *path = get(paths, number);

	*path = (struct call_path){
		.key = key,
		.process = processes_number(paths->processes, &record->process),
		.stack = stack,
		.event = record->event,
	};
	processes_reference(paths->processes, path->process);
	call_stacks_reference(&paths->stacks, stack);
	index_add(&paths->path_index, number);
	return number;
}

/* Its number; 0: its stack was not told, or there are too many. */
static uint32_t path_of(struct call_paths *paths, const struct record_call *record)
{
	uint64_t parts[] = {record->process.pid, record->process.start_ns, record->stack,
			    record->event};
	uint64_t key = hash_bytes(0, parts, sizeof(parts));
	uint32_t number = index_find(&paths->path_index, key);
	uint32_t stack = call_stacks_find(&paths->stacks, record->stack);

	if (number)
		return number;
	if (paths->paths.live >= PATHS_MAX)
		sweep_paths(paths);
	if (!stack || paths->paths.live >= PATHS_MAX)
		return 0;
	return add_path(paths, key, record, stack);
}

static void close_path(struct call_paths *paths, uint32_t number)
{
	if (number)
		get(paths, number)->closed++;
}

static void count_closed(struct call_paths *paths, struct connection_calls *calls)
{
	if (calls->closed)
		return;
	calls->closed = true;
	close_path(paths, calls->opener);
	close_path(paths, calls->reader);
}

static void release(struct call_paths *paths, uint32_t *number)
{
	if (*number)
		get(paths, *number)->references--;
	*number = 0;
}

/* `closed`: it was told late, and the connection is over. */
static void refer(struct call_paths *paths, uint32_t *to, uint32_t number, bool closed)
{
	*to = number;
	get(paths, number)->references++;
	get(paths, number)->opened++;
	get(paths, number)->closed += closed;
}

static struct connection_calls *calls_of(struct call_paths *paths, uint64_t cookie)
{
	struct connection_calls *calls = find(paths, cookie);
	uint32_t number;

	if (calls || paths->connections.live >= CONNECTIONS_MAX)
		return calls;
	number = pool_add(&paths->connections);
	calls = pool_get(&paths->connections, number);
	calls->cookie = cookie;
	index_add(&paths->connection_index, number);
	return calls;
}

/* The socket is used once more: what it was before is over. */
static void begin_anew(struct call_paths *paths, struct connection_calls *calls)
{
	if (!calls->abandoned)
		count_closed(paths, calls);
	release(paths, &calls->opener);
	release(paths, &calls->reader);
	calls->closed = calls->abandoned = false;
}

void call_paths_call(struct call_paths *paths, const struct record_call *record)
{
	uint32_t number = path_of(paths, record), *to;
	struct connection_calls *calls = number ? calls_of(paths, record->cookie) : NULL;

	if (!calls)
		return;
	if (record->event == STACK_CONNECT)
		begin_anew(paths, calls);
	to = record->event == STACK_EOF ? &calls->reader : &calls->opener;
	if (!*to)
		refer(paths, to, number, calls->closed);
	calls->time_ns = record->header.time_ns;
}

void call_paths_close(struct call_paths *paths, uint64_t cookie, bool abandoned)
{
	struct connection_calls *calls = find(paths, cookie);

	if (!calls)
		return;
	calls->abandoned |= abandoned;
	if (!abandoned)
		count_closed(paths, calls);
}

void call_paths_forget(struct call_paths *paths, uint64_t cookie)
{
	uint32_t number = index_remove(&paths->connection_index, cookie);

	if (!number)
		return;
	begin_anew(paths, pool_get(&paths->connections, number));
	pool_remove(&paths->connections, number);
}

const struct connection_calls *call_paths_of(const struct call_paths *paths, uint64_t cookie)
{
	return find(paths, cookie);
}

uint32_t call_paths_origin(const struct call_paths *paths, uint64_t cookie)
{
	const struct connection_calls *calls = find(paths, cookie);

	if (!calls)
		return 0;
	return calls->opener ? calls->opener : calls->reader;
}

const struct call_path *call_paths_get(const struct call_paths *paths, uint32_t number)
{
	return number ? get(paths, number) : NULL;
}

void call_paths_reference(struct call_paths *paths, uint32_t number)
{
	get(paths, number)->references++;
}

void call_paths_release(struct call_paths *paths, uint32_t number)
{
	get(paths, number)->references--;
}

void call_paths_each(const struct call_paths *paths,
		     void (*visit)(void *context, uint32_t number, const struct call_path *path),
		     void *context)
{
	for (uint32_t i = pool_next(&paths->paths, 0); i; i = pool_next(&paths->paths, i))
		visit(context, i, get(paths, i));
}

void call_paths_await(struct call_paths *paths, uint64_t cookie, uint64_t time_ns)
{
	if (!find(paths, cookie))
		return;
	if (paths->awaited_count >= AWAITED_MAX) {
		call_paths_forget(paths, cookie);
		return;
	}
	paths->awaited =
		memory_resize(paths->awaited, paths->awaited_count + 1, sizeof(*paths->awaited));
	paths->awaited[paths->awaited_count++] = (struct awaited){cookie, time_ns};
}

void call_paths_settle(struct call_paths *paths, uint64_t before_ns,
		       bool (*exists)(const void *context, uint64_t cookie), const void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < paths->awaited_count; i++) {
		struct awaited awaited = paths->awaited[i];

		if (awaited.time_ns >= before_ns)
			paths->awaited[kept++] = awaited;
		else if (!exists(context, awaited.cookie))
			call_paths_forget(paths, awaited.cookie);
	}
	paths->awaited_count = kept;
}

void call_paths_sweep(struct call_paths *paths, uint64_t before_ns,
		      bool (*exists)(const void *context, uint64_t cookie), const void *context)
{
	const struct pool *pool = &paths->connections;

	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i)) {
		const struct connection_calls *calls = pool_get(pool, i);

		if (calls->time_ns < before_ns && !exists(context, calls->cookie))
			call_paths_forget(paths, calls->cookie);
	}
}
