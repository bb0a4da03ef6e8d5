// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What becomes of a CLOSE_WAIT: it dies with its descriptor open, it is closed, or nobody knows. */
#include "world.h"

#define BEGIN (100 * SECOND)

static int setup(void **state)
{
	world_setup_watching(state);
	((struct world *)*state)->model.needs.wants |= WANT(DEAD);
	return 0;
}

#define ends_test(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

static void begins(struct world *world, uint64_t time_ns)
{
	feed(world, close_waits_listing_of(time_ns, LISTING_BEGINS));
}

static void ends(struct world *world, bool broken)
{
	struct record_listing record =
		close_waits_listing_of(world->model.close_waits.time_ns, LISTING_ENDS);

	record.broken = broken;
	feed(world, record);
}

static void waits(struct world *world, uint64_t cookie)
{
	uint64_t time_ns = world->model.close_waits.time_ns;

	feed(world, close_wait_row(cookie, time_ns, 0, 0, BEGIN - 20 * SECOND));
	feed(world, holder_of(cookie, time_ns, 7, "a"));
}

/* As the kernel has it: without a local port. */
static struct record_socket dead_row(uint64_t cookie, uint64_t time_ns)
{
	struct record_socket record = socket_row(cookie, time_ns, TCP_CLOSE);

	record.tuple.lport = 0;
	return record;
}

static void is_dead(struct world *world, uint64_t cookie)
{
	uint64_t time_ns = world->model.close_waits.time_ns;

	feed(world, dead_row(cookie, time_ns));
	feed(world, holder_of(cookie, time_ns, 7, "a"));
}

static struct close_wait *find(const struct world *world, uint64_t cookie)
{
	const struct close_waits *close_waits = &world->model.close_waits;
	uint32_t number = index_find(&close_waits->index, cookie);

	return number ? pool_get(&close_waits->pool, number) : NULL;
}

struct visited {
	const struct world *world;
	unsigned int count;
	uint64_t cookies; /* bit 1 << cookie */
	unsigned int held;
};

static void visit(void *context, const struct close_wait *close_wait)
{
	struct visited *visited = context;

	visited->count++;
	visited->cookies |= 1ULL << close_wait->cookie;
	visited->held +=
		close_waits_holders_before(&visited->world->model.close_waits, close_wait).count ==
		1;
}

static struct visited dead_of(const struct world *world)
{
	struct visited visited = {.world = world};

	close_waits_each_dead(&world->model.close_waits, visit, &visited);
	return visited;
}

static struct visited gone_of(const struct world *world)
{
	struct visited visited = {.world = world};

	close_waits_each_gone(&world->model.close_waits, visit, &visited);
	return visited;
}

static void what_was_closed_is_gone_once_with_who_held_it(void **state)
{
	struct world *world = *state;

	begins(world, BEGIN);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		waits(world, cookie);
	ends(world, false);
	assert_int_equal(gone_of(world).count, 0);
	begins(world, BEGIN + SECOND);
	waits(world, 2);
	ends(world, false);
	assert_int_equal(gone_of(world).cookies, 1 << 1 | 1 << 3);
	assert_int_equal(gone_of(world).held, 2);
	begins(world, BEGIN + 2 * SECOND);
	waits(world, 2);
	ends(world, false);
	assert_int_equal(gone_of(world).count, 0);
}

static void what_died_is_not_gone(void **state)
{
	struct world *world = *state;

	begins(world, BEGIN);
	waits(world, 1);
	ends(world, false);
	begins(world, BEGIN + SECOND);
	is_dead(world, 1);
	ends(world, false);
	assert_int_equal(gone_of(world).count, 0);
	assert_int_equal(dead_of(world).cookies, 1 << 1);
	assert_true(find(world, 1)->died);
	assert_int_equal(find(world, 1)->tuple.lport, tuple_plain().lport);
	assert_int_equal(world->model.close_waits.in_close_wait, 0);
	begins(world, BEGIN + 2 * SECOND);
	ends(world, false); /* closed at last, but it was in CLOSE_WAIT long ago */
	assert_int_equal(gone_of(world).count, 0);
	assert_int_equal(dead_of(world).count, 0);
	assert_null(find(world, 1));
}

/* Without BPF a descriptor on the same inode is all that tells. */
static void what_has_a_descriptor_still_is_not_gone(void **state)
{
	struct world *world = *state;

	begins(world, BEGIN);
	waits(world, 1);
	waits(world, 2);
	ends(world, false);
	begins(world, BEGIN + SECOND);
	feed(world, holder_of(1, BEGIN + SECOND, 7, "a"));
	ends(world, false);
	assert_int_equal(gone_of(world).cookies, 1 << 2);
	assert_int_equal(dead_of(world).count, 0);
	assert_null(find(world, 1));
}

static void a_listing_that_breaks_off_says_nothing_of_who_left(void **state)
{
	struct world *world = *state;

	begins(world, BEGIN);
	waits(world, 1);
	waits(world, 2);
	is_dead(world, 3);
	ends(world, false);
	begins(world, BEGIN + SECOND);
	waits(world, 1);
	ends(world, true);
	assert_int_equal(gone_of(world).count, 0);
	assert_int_equal(dead_of(world).cookies, 1 << 3);
	/* it is held as it was */
	assert_int_equal(close_waits_holders(&world->model.close_waits, find(world, 2)).count, 1);
	assert_int_equal(close_waits_holders(&world->model.close_waits, find(world, 1)).count, 1);
	begins(world, BEGIN + 2 * SECOND);
	waits(world, 1);
	ends(world, false);
	assert_int_equal(gone_of(world).cookies, 1 << 2);
	assert_int_equal(gone_of(world).held, 1);
}

static bool dead_for(const struct world *world, uint64_t age_ns)
{
	return close_wait_is_dead(&world->model.close_waits, find(world, 1), age_ns);
}

static void dead_counts_since_the_listings_all_showed_it(void **state)
{
	struct world *world = *state;

	begins(world, BEGIN);
	waits(world, 1);
	ends(world, false);
	assert_false(dead_for(world, 0));
	for (unsigned int second = 1; second <= 3; second++) {
		begins(world, BEGIN + second * SECOND);
		is_dead(world, 1);
		ends(world, false);
		assert_true(dead_for(world, (second - 1) * SECOND));
		assert_false(dead_for(world, second * SECOND));
		assert_false(close_wait_died_before(&world->model.close_waits, find(world, 1)));
	}
	begins(world, BEGIN + 4 * SECOND);
	ends(world, false);
	begins(world, BEGIN + 5 * SECOND);
	is_dead(world, 1);
	ends(world, false);
	assert_true(dead_for(world, 0));
	assert_false(dead_for(world, SECOND));
	assert_false(find(world, 1)->died);
}

static void what_was_dead_at_first_died_before(void **state)
{
	struct world *world = *state;

	for (unsigned int second = 0; second < 3; second++) {
		begins(world, BEGIN + second * SECOND);
		is_dead(world, 1);
		ends(world, false);
		assert_true(close_wait_died_before(&world->model.close_waits, find(world, 1)));
		assert_true(dead_for(world, second * SECOND));
	}
}

/* connect() once more with the same descriptor. */
static void what_is_used_once_more_begins_anew(void **state)
{
	struct world *world = *state;
	struct close_wait *close_wait;

	begins(world, BEGIN);
	is_dead(world, 1);
	ends(world, false);
	begins(world, BEGIN + 50 * SECOND);
	feed(world, close_wait_row(1, BEGIN + 50 * SECOND, 0, 0, BEGIN + 45 * SECOND));
	ends(world, false);
	close_wait = find(world, 1);
	assert_int_equal(dead_of(world).count, 0);
	assert_false(dead_for(world, 0));
	assert_true(close_wait_age_ns(&world->model.close_waits, close_wait) == 5 * SECOND);
}

static void one_that_dies_while_they_are_listed_counts_once(void **state)
{
	struct world *world = *state;

	begins(world, BEGIN);
	waits(world, 1);
	feed(world, dead_row(1, BEGIN));
	ends(world, false);
	assert_int_equal(world->model.close_waits.in_close_wait, 0);
	assert_int_equal(dead_of(world).count, 1);
}

/* It is over as a connection, whatever else is listed; and nobody's leg. */
static void the_dead_are_no_connections_and_no_partners(void **state)
{
	struct visited visited = {.world = *state};
	struct world *world = *state;

	world->model.needs.listed |= 1U << TCP_CLOSE;
	feed(world, listing_of(BEGIN, LISTING_BEGINS, 0));
	is_dead(world, 1);
	feed(world, listing_of(BEGIN, LISTING_ENDS, 0));
	assert_int_equal(dead_of(world).count, 1);
	close_waits_each_partner(&world->model.close_waits, visit, &visited);
	assert_int_equal(visited.count, 0);
	assert_false(world_knows(world, 1));
}

/* Of who held it, the first to begin is remembered when that one has ended. */
static void who_held_it_first_is_remembered(void **state)
{
	struct world *world = *state;
	const struct process *first;

	begins(world, BEGIN);
	waits(world, 1);
	feed(world, holder_of(1, BEGIN, 5, "parent"));
	ends(world, false);
	begins(world, BEGIN + SECOND);
	waits(world, 1);
	ends(world, false);
	first = processes_get(&world->model.connections.processes, find(world, 1)->first);
	assert_int_equal(first->id.pid, 5);
}

static void age_of_what_is_gone_is_as_of_when_it_was_there(void **state)
{
	struct world *world = *state;
	const struct close_waits *close_waits = &world->model.close_waits;

	begins(world, BEGIN);
	feed(world, close_wait_row(1, BEGIN, 0, 0, BEGIN - 4 * SECOND));
	ends(world, false);
	begins(world, BEGIN + 20 * SECOND);
	ends(world, false);
	assert_int_equal(close_waits->gone_count, 1);
	assert_true(close_wait_was_of_age(close_waits, &close_waits->gone[0], 4 * SECOND));
	assert_false(close_wait_was_of_age(close_waits, &close_waits->gone[0], 5 * SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ends_test(what_was_closed_is_gone_once_with_who_held_it),
		ends_test(what_died_is_not_gone),
		ends_test(what_has_a_descriptor_still_is_not_gone),
		ends_test(a_listing_that_breaks_off_says_nothing_of_who_left),
		ends_test(dead_counts_since_the_listings_all_showed_it),
		ends_test(what_was_dead_at_first_died_before),
		ends_test(what_is_used_once_more_begins_anew),
		ends_test(one_that_dies_while_they_are_listed_counts_once),
		ends_test(the_dead_are_no_connections_and_no_partners),
		ends_test(who_held_it_first_is_remembered),
		ends_test(age_of_what_is_gone_is_as_of_when_it_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
