// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Stacks that were unwound once are known again, and no others. */
#include "source/stacks/known.h"

#include <stdlib.h>

#include "records.h"
#include "unit.h"

#define BASE 0x7ffc00001000ULL /* where the copy begins */

struct scene {
	struct known known;
	struct raw_stack raw;
	struct stack_walk walk;
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	known_init(&scene->known);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	known_free(&((struct scene *)*state)->known);
	free(*state);
	return 0;
}

/* Frames of these lengths, in words, that return to these addresses. */
static void lay_out(struct scene *scene, uint64_t instruction, const unsigned int *words,
		    const uint64_t *returns, unsigned int count)
{
	uint64_t *stack = (uint64_t *)scene->raw.bytes;
	unsigned int at = 0;

	scene->raw = raw_stack_of(0, 512);
	scene->raw.instruction_pointer = instruction;
	scene->raw.stack_pointer = BASE;
	scene->walk = (struct stack_walk){.count = count + 1};
	scene->walk.instructions[0] = instruction;
	scene->walk.pointers[0] = BASE;
	for (unsigned int i = 0; i < count; i++) {
		at += words[i];
		stack[at - 1] = returns[i];
		scene->walk.instructions[i + 1] = returns[i];
		scene->walk.pointers[i + 1] = BASE + 8 * (uint64_t)at;
	}
}

static void a_stack_is_known_again(void **state)
{
	struct scene *scene = *state;

	lay_out(scene, 100, (unsigned int[]){3, 1, 7}, (uint64_t[]){200, 300, 400}, 3);
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	assert_int_equal(known_find(&scene->known, &scene->raw), 5);
	scene->raw.stack_pointer += 4096; /* the same from another depth of the thread's */
	assert_int_equal(known_find(&scene->known, &scene->raw), 5);
}

static void one_that_differs_anywhere_is_not(void **state)
{
	static const unsigned int words[] = {3, 1, 7};
	struct scene *scene = *state;

	lay_out(scene, 100, words, (uint64_t[]){200, 300, 400}, 3);
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	lay_out(scene, 100, words, (uint64_t[]){200, 300, 401}, 3);
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
	lay_out(scene, 101, words, (uint64_t[]){200, 300, 400}, 3);
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
	lay_out(scene, 100, words, (uint64_t[]){200, 300, 400}, 3);
	scene->raw.image++;
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
	scene->raw.image--;
	scene->raw.process.pid++;
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
	scene->raw.process.pid--;
	scene->raw.copied = 8;
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
}

static void what_two_have_in_common_parts_them(void **state)
{
	static const unsigned int words[] = {3, 1, 7};
	struct scene *scene = *state;

	lay_out(scene, 100, words, (uint64_t[]){200, 300, 400}, 3);
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	lay_out(scene, 100, words, (uint64_t[]){200, 301, 400}, 3);
	known_add(&scene->known, &scene->raw, &scene->walk, 6);
	assert_int_equal(known_find(&scene->known, &scene->raw), 6);
	lay_out(scene, 100, words, (uint64_t[]){200, 300, 400}, 3);
	assert_int_equal(known_find(&scene->known, &scene->raw), 5);
}

static void a_frame_whose_length_varies_is_unwound_each_time(void **state)
{
	struct scene *scene = *state;

	lay_out(scene, 100, (unsigned int[]){3, 1, 7}, (uint64_t[]){200, 300, 400}, 3);
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	lay_out(scene, 100, (unsigned int[]){3, 2, 7}, (uint64_t[]){200, 300, 400}, 3);
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
}

static void one_that_ends_where_another_goes_on_is_unwound_each_time(void **state)
{
	struct scene *scene = *state;

	lay_out(scene, 100, (unsigned int[]){3, 1}, (uint64_t[]){200, 300}, 2);
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	lay_out(scene, 100, (unsigned int[]){3, 1, 7}, (uint64_t[]){200, 300, 400}, 3);
	known_add(&scene->known, &scene->raw, &scene->walk, 6);
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
}

static void what_is_not_where_it_is_said_to_be_is_not_remembered(void **state)
{
	struct scene *scene = *state;

	lay_out(scene, 100, (unsigned int[]){3, 1}, (uint64_t[]){200, 300}, 2);
	scene->walk.pointers[2] += 8;
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	scene->walk.pointers[2] = UINT64_MAX;
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	scene->walk.count = 0;
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	scene->walk.count = STACK_FRAMES + 1;
	known_add(&scene->known, &scene->raw, &scene->walk, 5);
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
}

static void it_is_bounded(void **state)
{
	struct scene *scene = *state;

	for (uint64_t i = 1; i < 2 * KNOWN_STEPS; i++) {
		lay_out(scene, 100, (unsigned int[]){3, 1}, (uint64_t[]){200, 1000 + i}, 2);
		known_add(&scene->known, &scene->raw, &scene->walk, i);
		assert_int_equal(known_find(&scene->known, &scene->raw), i);
	}
	assert_true(scene->known.steps.live <= KNOWN_STEPS + STACK_FRAMES);
	known_forget(&scene->known);
	assert_int_equal(known_find(&scene->known, &scene->raw), 0);
}

#define known_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		known_test(a_stack_is_known_again),
		known_test(one_that_differs_anywhere_is_not),
		known_test(what_two_have_in_common_parts_them),
		known_test(a_frame_whose_length_varies_is_unwound_each_time),
		known_test(one_that_ends_where_another_goes_on_is_unwound_each_time),
		known_test(what_is_not_where_it_is_said_to_be_is_not_remembered),
		known_test(it_is_bounded),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
