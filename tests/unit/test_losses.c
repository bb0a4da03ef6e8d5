// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is lost is known to be lost until a listing that began after it has ended. */
#include "world.h"

static void lose(struct world *world, uint64_t ring_full, uint64_t relists)
{
	struct losses losses = {.ring_full = ring_full, .relists = relists};

	feed(world, loss_of(1, &losses));
}

static void mark(struct world *world, enum listing_phase phase, enum listing_scope scope)
{
	struct record_listing record = listing_of(10, phase, 0);

	record.scope = scope;
	feed(world, record);
}

static void list(struct world *world, enum listing_scope scope)
{
	mark(world, LISTING_BEGINS, scope);
	mark(world, LISTING_ENDS, scope);
}

static void a_loss_is_healed_by_a_listing(void **state)
{
	struct world *world = *state;
	uint64_t seen = 0;

	assert_false(model_has_lost(&world->model, &seen));
	lose(world, 3, 0);
	assert_true(model_has_lost(&world->model, &seen));
	assert_true(model_has_lost(&world->model, &seen));
	list(world, LISTING_ALL);
	lose(world, 3, 1); /* told once more, to tell of the listing */
	assert_false(model_has_lost(&world->model, &seen));
}

static void one_that_is_healed_before_anyone_asks_is_told_once(void **state)
{
	struct world *world = *state;
	uint64_t seen = 0;

	lose(world, 3, 0);
	list(world, LISTING_ALL);
	assert_true(model_has_lost(&world->model, &seen));
	assert_false(model_has_lost(&world->model, &seen));
}

static void what_is_lost_while_a_listing_runs_takes_another(void **state)
{
	struct world *world = *state;
	uint64_t seen = 0;

	lose(world, 3, 0);
	mark(world, LISTING_BEGINS, LISTING_ALL);
	lose(world, 4, 0);
	mark(world, LISTING_ENDS, LISTING_ALL);
	assert_true(model_has_lost(&world->model, &seen));
	assert_true(model_has_lost(&world->model, &seen));
	list(world, LISTING_ALL);
	assert_false(model_has_lost(&world->model, &seen));
	/* or is told only when it is over */
	list(world, LISTING_ALL);
	lose(world, 5, 1);
	assert_true(model_has_lost(&world->model, &seen));
	assert_true(model_has_lost(&world->model, &seen));
}

static void a_listing_of_close_waits_alone_heals_nothing(void **state)
{
	struct world *world = *state;
	uint64_t seen = 0;

	lose(world, 1, 0);
	list(world, LISTING_CLOSE_WAITS);
	assert_true(model_has_lost(&world->model, &seen));
	assert_true(model_has_lost(&world->model, &seen));
	list(world, LISTING_CONNECTIONS);
	assert_false(model_has_lost(&world->model, &seen));
}

static const struct close_wait *close_wait(const struct world *world, uint64_t cookie)
{
	const struct close_waits *close_waits = &world->model.close_waits;
	uint32_t number = index_find(&close_waits->index, cookie);

	return number ? pool_get(&close_waits->pool, number) : NULL;
}

/* Its age, and who holds it, are not forgotten either. */
static void listeners_that_are_listed_leave_close_waits_alone(void **state)
{
	struct world *world = *state;

	feed(world, close_waits_listing_of(10, LISTING_BEGINS));
	feed(world, close_wait_row(1, 10, 0, 0, 0));
	feed(world, holder_of(1, 10, 7, "holder"));
	feed(world, close_waits_listing_of(11, LISTING_ENDS));
	mark(world, LISTING_BEGINS, LISTING_CONNECTIONS);
	feed(world, socket_row(2, 20, TCP_LISTEN));
	feed(world, holder_of(2, 20, 8, "server"));
	feed(world, holder_of(1, 20, 8, "server"));
	mark(world, LISTING_ENDS, LISTING_CONNECTIONS);
	assert_non_null(close_wait(world, 1));
	assert_int_equal(close_wait(world, 1)->seen_ns, 10);
	assert_int_equal(close_waits_holders(&world->model.close_waits, close_wait(world, 1)).count,
			 1);
	assert_int_equal(world_owner(world, 2), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_loss_is_healed_by_a_listing),
		world_test(one_that_is_healed_before_anyone_asks_is_told_once),
		world_test(what_is_lost_while_a_listing_runs_takes_another),
		world_test(a_listing_of_close_waits_alone_heals_nothing),
		watching_test(listeners_that_are_listed_leave_close_waits_alone),
	};

	return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}
