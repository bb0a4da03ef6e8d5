/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A model, and a witness who writes down what it tells. */
#ifndef TCPLINGER_UNIT_WORLD_H
#define TCPLINGER_UNIT_WORLD_H

#include <stdlib.h>

#include "record/decode.h"
#include "model/model.h"
#include "records.h"
#include "unit.h"

#define TOLD_MAX 64

/* A transition as it was told; the processes by pid, 0 where unknown. */
struct told {
	uint64_t cookie, time_ns, in_old_ns;
	uint32_t owner, closer;
	struct tuple tuple;
	uint8_t old_state, new_state, end_reason, direction, owner_by;
	char owner_comm[17];
};

struct world {
	struct model model;
	struct told told[TOLD_MAX];
	size_t count;
	struct losses losses;
	size_t losses_told;
};

static inline void world_note(void *context, const struct transition *transition)
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

static inline void world_note_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct world *world = context;

	(void)time_ns;
	world->losses = *losses;
	world->losses_told++;
}

/* The boot was on 2024-03-01. */
static const struct clock_offsets world_clocks = {1709251200 * (int64_t)SECOND, 0};

static inline struct world *world_new(const struct tuple_filter *filter,
				      const struct process_filter *processes)
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

/* A view is told instead of the witness. */
static inline void world_shows(struct world *world, const struct observer *observer, void *context)
{
	world->model.observer_count = 0;
	model_observe(&world->model, observer, context);
}

static inline void world_free(struct world *world)
{
	model_free(&world->model);
	free(world);
}

/* For cmocka_unit_test_setup_teardown. */
static inline int world_setup(void **state)
{
	*state = world_new(NULL, NULL);
	return 0;
}

static inline int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* CLOSE_WAITs are kept apart, as `leaks` has it. */
static inline void world_watches(struct world *world)
{
	world->model.needs.refreshed = 1U << TCP_CLOSE_WAIT;
	world->model.needs.listed = 1U << TCP_LISTEN;
}

static inline int world_setup_watching(void **state)
{
	struct world *world = world_new(NULL, NULL);

	world_watches(world);
	*state = world;
	return 0;
}

#define watching_test(test)                                                                        \
	cmocka_unit_test_setup_teardown(test, world_setup_watching, world_teardown)
#define world_test(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

/* Only what the decoder lets pass reaches the model, here as in the program. */
static inline void world_apply(struct world *world, const struct record_header *record, size_t size)
{
	assert_ptr_equal(record_decode(record, size), record);
	model_apply(&world->model, record);
}

#define feed(world, record)                                                                        \
	do {                                                                                       \
		__typeof__(record) fed_ = (record);                                                \
		world_apply(world, &fed_.header, sizeof(fed_));                                    \
	} while (0)

static inline struct connection *world_find(const struct world *world, uint64_t cookie)
{
	return connections_find(&world->model.connections, cookie);
}

static inline bool world_knows(const struct world *world, uint64_t cookie)
{
	const struct connection *connection = world_find(world, cookie);

	return connection && !(connection->flags & CONNECTION_GONE);
}

/* 0: none. */
static inline uint32_t world_owner(const struct world *world, uint64_t cookie)
{
	const struct process *process = processes_get(&world->model.connections.processes,
						      world_find(world, cookie)->owner);

	return process ? process->id.pid : 0;
}

static inline uint32_t world_closer(const struct world *world, uint64_t cookie)
{
	const struct process *process = processes_get(&world->model.connections.processes,
						      world_find(world, cookie)->closer);

	return process ? process->id.pid : 0;
}

/* The last transition told, which must be this one. */
static inline const struct told *told_last(const struct world *world, unsigned int old_state,
					   unsigned int new_state)
{
	const struct told *told;

	assert_true(world->count > 0);
	told = &world->told[world->count - 1];
	assert_int_equal(told->old_state, old_state);
	assert_int_equal(told->new_state, new_state);
	return told;
}

#endif
