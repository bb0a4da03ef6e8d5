// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "base/index.h"
#include "base/pool.h"
#include "unit.h"

#define MANY 20000 /* several chunks of the pool, several growths of the index */

struct element {
	uint64_t key;
	uint64_t value;
};

struct store {
	struct pool pool;
	struct index index;
};

static int setup(void **state)
{
	struct store *store = calloc(1, sizeof(*store));

	pool_init(&store->pool, sizeof(struct element));
	index_init(&store->index, &store->pool);
	*state = store;
	return 0;
}

static int teardown(void **state)
{
	struct store *store = *state;

	index_free(&store->index);
	pool_free(&store->pool);
	free(store);
	return 0;
}

static struct element *element(struct store *store, uint32_t number)
{
	return pool_get(&store->pool, number);
}

static uint32_t add(struct store *store, uint64_t key)
{
	uint32_t number = pool_add(&store->pool);

	element(store, number)->key = key;
	index_add(&store->index, number);
	return number;
}

static void numbers_are_distinct_and_never_zero(void **state)
{
	struct store *store = *state;
	static uint8_t seen[MANY + 1];

	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < MANY; i++) {
		uint32_t number = pool_add(&store->pool);

		assert_in_range(number, 1, MANY);
		assert_int_equal(seen[number]++, 0);
	}
	assert_int_equal(store->pool.live, MANY);
}

static void no_element_moves_when_the_pool_grows(void **state)
{
	struct store *store = *state;
	uint32_t number = pool_add(&store->pool);
	struct element *first = element(store, number);

	first->value = 42;
	for (int i = 0; i < MANY; i++)
		element(store, pool_add(&store->pool))->value = 7;
	assert_ptr_equal(element(store, number), first);
	assert_int_equal(first->value, 42);
}

static void a_removed_element_is_handed_out_again_zeroed(void **state)
{
	static const struct element zero;
	struct store *store = *state;
	uint32_t numbers[10];

	for (size_t i = 0; i < COUNT(numbers); i++) {
		numbers[i] = pool_add(&store->pool);
		memset(element(store, numbers[i]), 0xff, sizeof(struct element));
	}
	for (size_t i = 0; i < COUNT(numbers); i++)
		pool_remove(&store->pool, numbers[i]);
	assert_int_equal(store->pool.live, 0);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint32_t number = pool_add(&store->pool);

		assert_in_range(number, 1, COUNT(numbers));
		assert_memory_equal(element(store, number), &zero, sizeof(zero));
	}
	assert_int_equal(store->pool.live, COUNT(numbers));
}

static void those_in_use_are_met_in_order(void **state)
{
	struct store *store = *state;
	uint32_t before = 0, met = 0;

	assert_int_equal(pool_next(&store->pool, 0), 0);
	for (int i = 0; i < MANY; i++)
		pool_add(&store->pool);
	for (uint32_t number = 2; number <= MANY; number += 2)
		pool_remove(&store->pool, number);
	for (uint32_t i = pool_next(&store->pool, 0); i; i = pool_next(&store->pool, i)) {
		assert_true(i > before && i % 2);
		before = i;
		met++;
	}
	assert_int_equal(met, store->pool.live);
}

static void one_that_is_met_may_be_removed(void **state)
{
	struct store *store = *state;

	for (int i = 0; i < MANY; i++)
		pool_add(&store->pool);
	for (uint32_t i = pool_next(&store->pool, 0); i; i = pool_next(&store->pool, i))
		pool_remove(&store->pool, i);
	assert_int_equal(store->pool.live, 0);
	assert_int_equal(pool_next(&store->pool, 0), 0);
}

static void an_empty_index_finds_nothing(void **state)
{
	struct store *store = *state;

	assert_int_equal(index_find(&store->index, 0), 0);
	assert_int_equal(index_find(&store->index, 1), 0);
	assert_int_equal(index_find(&store->index, UINT64_MAX), 0);
}

static void every_key_is_found_while_the_index_grows(void **state)
{
	struct store *store = *state;

	for (uint64_t key = 1; key <= MANY; key++) {
		uint32_t number = add(store, key);

		assert_int_equal(index_find(&store->index, key), number);
	}
	for (uint64_t key = 1; key <= MANY; key++)
		assert_int_equal(element(store, index_find(&store->index, key))->key, key);
	assert_int_equal(index_find(&store->index, MANY + 1), 0);
}

static void keys_that_differ_in_their_upper_half_are_told_apart(void **state)
{
	struct store *store = *state;

	for (uint64_t i = 0; i < 64; i++)
		add(store, 1ULL << i);
	for (uint64_t i = 0; i < 64; i++)
		assert_int_equal(element(store, index_find(&store->index, 1ULL << i))->key,
				 1ULL << i);
}

static void removing_an_unknown_key_changes_nothing(void **state)
{
	struct store *store = *state;
	uint32_t number = add(store, 5);

	index_remove(&store->index, 6);
	assert_int_equal(index_find(&store->index, 5), number);
	assert_int_equal(store->index.used, 1);
}

/* The same operations on the index and on a table that is too simple to be wrong. */
static void it_agrees_with_a_simple_table_over_many_random_operations(void **state)
{
	enum { KEYS = 3000 };
	static uint32_t numbers[KEYS];
	struct store *store = *state;
	uint64_t seed = 1;

	memset(numbers, 0, sizeof(numbers));
	for (int i = 0; i < 200000; i++) {
		/* multiples: their hashes spread, their order does not matter */
		uint64_t at = random_next(&seed) % KEYS, key = at * 0x100000001ULL;

		assert_int_equal(index_find(&store->index, key), numbers[at]);
		if (numbers[at]) {
			index_remove(&store->index, key);
			pool_remove(&store->pool, numbers[at]);
			numbers[at] = 0;
		} else {
			numbers[at] = add(store, key);
		}
	}
	for (uint64_t at = 0; at < KEYS; at++)
		assert_int_equal(index_find(&store->index, at * 0x100000001ULL), numbers[at]);
	assert_int_equal(store->index.used, store->pool.live);
}

static void weeks_of_coming_and_going_do_not_make_it_larger(void **state)
{
	struct store *store = *state;
	uint32_t mask;

	for (uint64_t key = 0; key < 500; key++)
		add(store, key);
	mask = store->index.mask;
	for (uint64_t key = 500; key < 200000; key++) {
		uint32_t number = index_find(&store->index, key - 500);

		index_remove(&store->index, key - 500);
		pool_remove(&store->pool, number);
		add(store, key);
	}
	assert_int_equal(store->index.mask, mask);
	assert_int_equal(store->index.used, 500);
	assert_int_equal(store->pool.chunk_count, 1);
}

#define store_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(numbers_are_distinct_and_never_zero),
		store_test(no_element_moves_when_the_pool_grows),
		store_test(a_removed_element_is_handed_out_again_zeroed),
		store_test(those_in_use_are_met_in_order),
		store_test(one_that_is_met_may_be_removed),
		store_test(an_empty_index_finds_nothing),
		store_test(every_key_is_found_while_the_index_grows),
		store_test(keys_that_differ_in_their_upper_half_are_told_apart),
		store_test(removing_an_unknown_key_changes_nothing),
		store_test(it_agrees_with_a_simple_table_over_many_random_operations),
		store_test(weeks_of_coming_and_going_do_not_make_it_larger),
	};

	return cmocka_run_group_tests_name("index_pool", tests, NULL, NULL);
}
