// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "world.h"

const struct clock_offsets world_clocks = {1709251200 * (int64_t)SECOND, 0};

static void world_note(void *context, const struct transition *transition)
{
	const struct connection *connection = transition->connection;
	struct world *world = context;
	struct told *told = &world->told[world->count++];

	assert_true(world->count <= TOLD_MAX);
	*told = (struct told){
		.cookie = connection->cookie,
		.time_ns = transition->time_ns,
		.in_old_ns = transition->in_old_ns,
		.owner = transition->owner ? transition->owner->id.pid : 0,
		.closer = transition->closer ? transition->closer->id.pid : 0,
		.tuple = connection->tuple,
		.old_state = transition->old_state,
		.new_state = transition->new_state,
		.end_reason = transition->end_reason,
		.direction = connection->direction,
		.owner_by = connection->owner_by,
	};
	if (transition->owner)
		memcpy(told->owner_comm, transition->owner->id.comm, 16);
}

static void world_note_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct world *world = context;

	(void)time_ns;
	world->losses = *losses;
	world->losses_told++;
}

struct world *world_new(const struct tuple_filter *filter, const struct process_filter *processes)
{
	struct world *world = calloc(1, sizeof(*world));
	static const struct observer witness = {.transition = world_note, .loss = world_note_loss};
	static const struct needs all = {.listed = ALL_STATES};
	struct model_config config = {.needs = &all, .filter = filter, .processes = processes};

	assert_non_null(world);
	model_init(&world->model, &config);
	world->model.clocks = world_clocks;
	model_observe(&world->model, &witness, world);
	return world;
}

void world_shows(struct world *world, const struct observer *observer, void *context)
{
	world->model.observer_count = 0;
	model_observe(&world->model, observer, context);
}

void world_free(struct world *world)
{
	model_free(&world->model);
	free(world);
}

int world_setup(void **state)
{
	*state = world_new(NULL, NULL);
	return 0;
}

int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

void world_watches(struct world *world)
{
	world->model.needs.refreshed = 1U << TCP_CLOSE_WAIT;
	world->model.needs.listed = 1U << TCP_LISTEN;
}

int world_setup_watching(void **state)
{
	struct world *world = world_new(NULL, NULL);

	world_watches(world);
	*state = world;
	return 0;
}

void world_apply(struct world *world, const struct record_header *record, size_t size)
{
	assert_ptr_equal(record_decode(record, size), record);
	model_apply(&world->model, record);
}

struct connection *world_find(const struct world *world, uint64_t cookie)
{
	return connections_find(&world->model.connections, cookie);
}

bool world_knows(const struct world *world, uint64_t cookie)
{
	const struct connection *connection = world_find(world, cookie);

	return connection && !(connection->flags & CONNECTION_GONE);
}

uint32_t world_owner(const struct world *world, uint64_t cookie)
{
	const struct process *process = processes_get(&world->model.connections.processes,
						      world_find(world, cookie)->owner);

	return process ? process->id.pid : 0;
}

uint32_t world_closer(const struct world *world, uint64_t cookie)
{
	const struct process *process = processes_get(&world->model.connections.processes,
						      world_find(world, cookie)->closer);

	return process ? process->id.pid : 0;
}

const struct told *told_last(const struct world *world, unsigned int old_state,
			     unsigned int new_state)
{
	const struct told *told;

	assert_true(world->count > 0);
	told = &world->told[world->count - 1];
	assert_int_equal(told->old_state, old_state);
	assert_int_equal(told->new_state, new_state);
	return told;
}
