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

extern const struct clock_offsets world_clocks; /* the boot was on 2024-03-01 */

struct world *world_new(const struct tuple_filter *filter, const struct process_filter *processes);

/* A view is told instead of the witness. */
void world_shows(struct world *world, const struct observer *observer, void *context);
void world_free(struct world *world);

/* For cmocka_unit_test_setup_teardown. */
int world_setup(void **state);
int world_teardown(void **state);

/* CLOSE_WAITs are kept apart, as `leaks` has it. */
void world_watches(struct world *world);
int world_setup_watching(void **state);

#define watching_test(test)                                                                        \
	cmocka_unit_test_setup_teardown(test, world_setup_watching, world_teardown)
#define world_test(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

/* Only what the decoder lets pass reaches the model, here as in the program. */
void world_apply(struct world *world, const struct record_header *record, size_t size);

#define feed(world, record)                                                                        \
	do {                                                                                       \
		__typeof__(record) fed_ = (record);                                                \
		world_apply(world, &fed_.header, sizeof(fed_));                                    \
	} while (0)

struct connection *world_find(const struct world *world, uint64_t cookie);
bool world_knows(const struct world *world, uint64_t cookie);

/* 0: none. */
uint32_t world_owner(const struct world *world, uint64_t cookie);
uint32_t world_closer(const struct world *world, uint64_t cookie);

/* The last transition told, which must be this one. */
const struct told *told_last(const struct world *world, unsigned int old_state,
			     unsigned int new_state);

#endif
