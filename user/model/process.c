// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/process.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"

#define TICK_NS	       10000000 /* /proc shows starts in hundredths of a second (USER_HZ) */
#define PID_BITS       22	/* PID_MAX_LIMIT, include/linux/threads.h */
#define CONTAINER_HEX  64
#define CONTAINER_SHOW 12
#define SWEEP_MIN      (4 * DESCRIPTIONS_KEPT)

void processes_init(struct processes *processes)
{
	*processes = (struct processes){.sweep_at = SWEEP_MIN};
	pool_init(&processes->pool, sizeof(struct process));
	index_init(&processes->index, &processes->pool);
}

static struct process *get(const struct processes *processes, uint32_t number)
{
	return pool_get(&processes->pool, number);
}

static void release_words(struct process *process)
{
	free(process->exe);
	free(process->cgroup);
	free(process->readings);
	watches_free(process->watches);
	sending_free(process->sending);
}

static void drop(struct processes *processes, uint32_t number)
{
	struct process *process = get(processes, number);

	release_words(process);
	index_remove(&processes->index, process->key);
	pool_remove(&processes->pool, number);
}

void processes_free(struct processes *processes)
{
	const struct pool *pool = &processes->pool;

	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i))
		release_words(get(processes, i));
	index_free(&processes->index);
	pool_free(&processes->pool);
}

static uint64_t key_of(const struct process_id *id)
{
	return id->start_ns / TICK_NS << PID_BITS | (id->pid & ((1U << PID_BITS) - 1));
}

uint32_t processes_number(struct processes *processes, const struct process_id *id)
{
	struct process *process;
	uint32_t number;

	if (!id->pid)
		return 0;
	number = index_find(&processes->index, key_of(id));
	if (number)
		return number;
	number = pool_add(&processes->pool);
	process = get(processes, number);
	process->key = key_of(id);
	process->id = *id;
	process->described = processes->descriptions;
	index_add(&processes->index, number);
	return number;
}

uint32_t processes_meet(struct processes *processes, const struct process_id *id)
{
	uint32_t number = processes_number(processes, id);

	if (number)
		memcpy(get(processes, number)->id.comm, id->comm, sizeof(id->comm));
	return number;
}

const struct process *processes_get(const struct processes *processes, uint32_t number)
{
	return number ? get(processes, number) : NULL;
}

int processes_compare(const struct processes *processes, uint32_t left, uint32_t right)
{
	uint64_t a = left ? get(processes, left)->key : 0;
	uint64_t b = right ? get(processes, right)->key : 0;

	return (a > b) - (a < b);
}

void processes_each(const struct processes *processes,
		    void (*visit)(void *context, const struct process *process), void *context)
{
	for (uint32_t i = 0; i <= processes->index.mask; i++) {
		uint32_t number = processes->index.slots[i].number;

		if (number)
			visit(context, get(processes, number));
	}
}

void processes_reference(struct processes *processes, uint32_t number)
{
	if (number)
		get(processes, number)->references++;
}

void processes_release(struct processes *processes, uint32_t number)
{
	if (number)
		get(processes, number)->references--;
}

static struct process *find(const struct processes *processes, const struct process_id *id)
{
	uint32_t number = index_find(&processes->index, key_of(id));

	return number ? get(processes, number) : NULL;
}

/* The sooner it was asked, the more of them lived still. */
static void take_ancestors(struct process_facts *known, const struct process_facts *facts)
{
	if (!known->ancestors[0].pid)
		memcpy(known->ancestors, facts->ancestors, sizeof(known->ancestors));
}

/* Who asks for descriptors alone does not undo what the last look at the threads has told. */
static void take(struct process_facts *known, const struct process_facts *facts)
{
	struct process_facts before = *known;

	if (!facts->looked && known->looked) {
		known->fds = facts->fds;
		known->fd_limit = facts->fd_limit;
	} else {
		*known = *facts;
	}
	take_ancestors(&before, facts);
	memcpy(known->ancestors, before.ancestors, sizeof(known->ancestors));
}

void processes_find_out(struct processes *processes, const struct record_facts *record)
{
	struct process *process = find(processes, &record->process);

	if (!process)
		return;
	if (!process->readings)
		process->readings = memory_new(1, sizeof(*process->readings));
	take(&process->readings->now, &record->facts);
	process->readings->now_ns = record->header.time_ns;
}

bool processes_has_ancestors(const struct process *process)
{
	return process->readings && process->readings->now.ancestors[0].pid;
}

bool processes_descends(const struct process *process, const struct process *other)
{
	for (size_t i = 0; process->readings && i < FACTS_ANCESTORS; i++) {
		const struct ancestor *ancestor = &process->readings->now.ancestors[i];
		struct process_id id = {.pid = ancestor->pid, .start_ns = ancestor->start_ns};

		if (ancestor->pid && key_of(&id) == other->key)
			return true;
	}
	return false;
}

void processes_watch(struct processes *processes, const struct record_watched *record)
{
	struct process *process = find(processes, &record->process);

	if (process)
		watches_apply(&process->watches, record);
}

void processes_send(struct processes *processes, const struct record_sending *record)
{
	struct process *process = find(processes, &record->process);

	if (process)
		sending_apply(&process->sending, record);
}

enum epoll_watched processes_watched(const struct process *process, uint64_t inode,
				     uint64_t since_ns)
{
	return watches_find(process->watches, inode, since_ns);
}

static bool forgotten(const struct processes *processes, const struct process *process)
{
	return !process->references &&
	       processes->descriptions - process->described > 2 * DESCRIPTIONS_KEPT;
}

static void sweep(struct processes *processes)
{
	const struct pool *pool = &processes->pool;

	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i))
		if (forgotten(processes, get(processes, i)))
			drop(processes, i);
	/* a quarter more: each process is looked at four times on the whole */
	processes->sweep_at = processes->pool.live + processes->pool.live / 4;
	if (processes->sweep_at < SWEEP_MIN)
		processes->sweep_at = SWEEP_MIN;
}

static void replace(char **string, const char *text)
{
	if (!text[0] || (*string && strcmp(*string, text) == 0))
		return;
	free(*string);
	*string = memory_string(text);
}

void processes_describe(struct processes *processes, const struct record_process *record)
{
	struct process *process;
	uint32_t number;

	if (processes->pool.live >= processes->sweep_at)
		sweep(processes);
	number = processes_number(processes, &record->process);
	if (!number)
		return;
	process = get(processes, number);
	process->described = ++processes->descriptions;
	replace(&process->exe, record->exe);
	replace(&process->cgroup, record->cgroup);
	container_of_cgroup(process->cgroup ? process->cgroup : "", process->container);
}

/*
 * Container runtimes name a cgroup by the container's id of 64 hex digits, with a prefix and a
 * suffix of their own: docker-ID.scope, cri-containerd-ID.scope, /docker/ID, libpod-ID.scope. The
 * innermost one counts.
 */
void container_of_cgroup(const char *cgroup, char *id)
{
	size_t run = 0;

	id[0] = 0;
	for (const char *at = cgroup;; at++) {
		if (isxdigit((unsigned char)*at)) {
			run++;
			continue;
		}
		if (run == CONTAINER_HEX) {
			memcpy(id, at - CONTAINER_HEX, CONTAINER_SHOW);
			id[CONTAINER_SHOW] = 0;
		}
		run = 0;
		if (!*at)
			return;
	}
}
