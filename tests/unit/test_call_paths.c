// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which code opened a connection, how many it opened, how many of these were closed. */
#include "model/call_paths.h"

#include "world.h"

#define DIAL 11 /* stacks */
#define READ 12

static void tell(struct world *world, uint64_t id)
{
	static const char *const symbols[] = {"dial", "main"};

	feed(world, stack_of(id, symbols, 2));
}

static void moves(struct world *world, uint64_t cookie, uint64_t time_ns, unsigned int old,
		  unsigned int new)
{
	feed(world, transition_of(cookie, time_ns, old, new));
}

static void opens(struct world *world, uint64_t cookie, uint64_t time_ns)
{
	feed(world, call_of(cookie, time_ns, STACK_CONNECT, 7, DIAL));
	moves(world, cookie, time_ns, TCP_CLOSE, TCP_SYN_SENT);
	moves(world, cookie, time_ns, TCP_SYN_SENT, TCP_ESTABLISHED);
}

static void reads_end(struct world *world, uint64_t cookie, uint64_t time_ns)
{
	moves(world, cookie, time_ns, TCP_ESTABLISHED, TCP_CLOSE_WAIT);
	feed(world, call_of(cookie, time_ns, STACK_EOF, 7, READ));
}

static const struct connection_calls *calls_of(const struct world *world, uint64_t cookie)
{
	return call_paths_of(&world->model.connections.calls, cookie);
}

static const struct call_path *path(const struct world *world, uint32_t number)
{
	return call_paths_get(&world->model.connections.calls, number);
}

static void check_counts(const struct world *world, uint32_t number, uint64_t opened,
			 uint64_t closed)
{
	assert_non_null(path(world, number));
	assert_int_equal(path(world, number)->opened, opened);
	assert_int_equal(path(world, number)->closed, closed);
}

static void who_opens_and_who_reads_the_end_is_known(void **state)
{
	struct world *world = *state;
	const struct connection_calls *calls;

	tell(world, DIAL);
	tell(world, READ);
	opens(world, 1, SECOND);
	reads_end(world, 1, 2 * SECOND);
	calls = calls_of(world, 1);
	assert_non_null(calls);
	assert_int_equal(path(world, calls->opener)->event, STACK_CONNECT);
	assert_int_equal(path(world, calls->reader)->event, STACK_EOF);
	check_counts(world, calls->opener, 1, 0);
	check_counts(world, calls->reader, 1, 0);
	assert_int_equal(call_paths_origin(&world->model.connections.calls, 1), calls->opener);
	assert_int_equal(call_paths_origin(&world->model.connections.calls, 2), 0);
}

static void a_close_is_counted_once(void **state)
{
	struct world *world = *state;
	uint32_t opener;

	tell(world, DIAL);
	tell(world, READ);
	opens(world, 1, SECOND);
	opens(world, 2, SECOND);
	opener = calls_of(world, 1)->opener;
	reads_end(world, 1, 2 * SECOND);
	moves(world, 1, 3 * SECOND, TCP_CLOSE_WAIT, TCP_LAST_ACK);
	check_counts(world, opener, 2, 1);
	moves(world, 1, 3 * SECOND, TCP_LAST_ACK, TCP_CLOSE);
	check_counts(world, opener, 2, 1);
	assert_null(calls_of(world, 1));
	moves(world, 2, 4 * SECOND, TCP_ESTABLISHED, TCP_FIN_WAIT1);
	check_counts(world, opener, 2, 2);
}

/* Its descriptor is open still: nobody has closed it. */
static void what_is_reset_in_close_wait_was_not_closed(void **state)
{
	struct world *world = *state;
	uint32_t opener;

	tell(world, DIAL);
	tell(world, READ);
	opens(world, 1, SECOND);
	opener = calls_of(world, 1)->opener;
	reads_end(world, 1, 2 * SECOND);
	moves(world, 1, 3 * SECOND, TCP_CLOSE_WAIT, TCP_CLOSE);
	assert_null(calls_of(world, 1));
	check_counts(world, opener, 1, 0);
}

static void what_fails_is_over(void **state)
{
	struct world *world = *state;
	uint32_t opener;

	tell(world, DIAL);
	feed(world, call_of(1, SECOND, STACK_CONNECT, 7, DIAL));
	moves(world, 1, SECOND, TCP_CLOSE, TCP_SYN_SENT);
	opener = calls_of(world, 1)->opener;
	moves(world, 1, SECOND, TCP_SYN_SENT, TCP_CLOSE);
	check_counts(world, opener, 1, 1);
}

static void a_socket_that_connects_again_is_another_connection(void **state)
{
	struct world *world = *state;
	uint32_t opener;

	tell(world, DIAL);
	opens(world, 1, SECOND);
	opener = calls_of(world, 1)->opener;
	feed(world, call_of(1, 2 * SECOND, STACK_CONNECT, 7, DIAL)); /* its end was not told */
	check_counts(world, opener, 2, 1);
	assert_int_equal(calls_of(world, 1)->opener, opener);
}

static void an_end_is_read_once(void **state)
{
	struct world *world = *state;

	tell(world, DIAL);
	tell(world, READ);
	opens(world, 1, SECOND);
	reads_end(world, 1, 2 * SECOND);
	feed(world, call_of(1, 3 * SECOND, STACK_EOF, 7, READ));
	check_counts(world, calls_of(world, 1)->reader, 1, 0);
}

static void what_comes_after_the_end_is_over(void **state)
{
	struct world *world = *state;

	uint32_t reader;

	tell(world, READ);
	feed(world, call_of(1, SECOND, STACK_EOF, 7, READ));
	reader = calls_of(world, 1)->reader;
	feed(world, refresh_of(SECOND + SECOND / 4)); /* it may be told of yet */
	assert_non_null(calls_of(world, 1));
	feed(world, refresh_of(4 * SECOND));
	assert_null(calls_of(world, 1));
	check_counts(world, reader, 1, 1);
}

/* Each comes by a ring of its own. */
static void calls_may_come_before_the_connection(void **state)
{
	struct world *world = *state;

	tell(world, DIAL);
	tell(world, READ);
	feed(world, call_of(1, SECOND, STACK_CONNECT, 7, DIAL));
	feed(world, call_of(1, SECOND, STACK_EOF, 7, READ));
	moves(world, 1, SECOND, TCP_CLOSE, TCP_SYN_SENT);
	moves(world, 1, SECOND, TCP_SYN_SENT, TCP_ESTABLISHED);
	feed(world, refresh_of(9 * SECOND));
	assert_non_null(calls_of(world, 1));
	assert_int_not_equal(calls_of(world, 1)->opener, 0);
	assert_int_not_equal(calls_of(world, 1)->reader, 0);
}

static void a_call_from_a_stack_that_was_not_told_says_nothing(void **state)
{
	struct world *world = *state;

	opens(world, 1, SECOND);
	assert_null(calls_of(world, 1));
}

static void processes_of_one_program_have_paths_of_their_own(void **state)
{
	struct world *world = *state;

	tell(world, DIAL);
	opens(world, 1, SECOND);
	feed(world, call_of(2, SECOND, STACK_CONNECT, 8, DIAL));
	assert_int_not_equal(calls_of(world, 1)->opener, calls_of(world, 2)->opener);
	assert_int_equal(path(world, calls_of(world, 1)->opener)->stack,
			 path(world, calls_of(world, 2)->opener)->stack);
}

static void what_a_listing_does_not_show_is_forgotten(void **state)
{
	struct world *world = *state;
	uint32_t opener;

	tell(world, DIAL);
	opens(world, 1, SECOND);
	opener = calls_of(world, 1)->opener;
	feed(world, listing_of(5 * SECOND, LISTING_BEGINS, 0));
	feed(world, listing_of(5 * SECOND, LISTING_NAMESPACE, NETNS));
	feed(world, call_of(2, 6 * SECOND, STACK_CONNECT, 7, DIAL)); /* just now */
	feed(world, listing_of(6 * SECOND, LISTING_ENDS, 0));
	assert_null(calls_of(world, 1));
	assert_non_null(calls_of(world, 2));
	check_counts(world, opener, 2, 1);
}

static void frames_are_kept_once(void **state)
{
	static const char *const one[] = {"dial", "fetch", "main"};
	static const char *const other[] = {"dial", "probe", "main"};
	struct call_stacks stacks;
	struct record_stack record = stack_of(1, one, 3);
	const struct call_stack *stack;

	(void)state;
	call_stacks_init(&stacks);
	call_stacks_define(&stacks, &record);
	record = stack_of(2, other, 3);
	call_stacks_define(&stacks, &record);
	call_stacks_define(&stacks, &record);
	assert_int_equal(stacks.stacks.live, 2);
	assert_int_equal(stacks.frames.live, 4);
	stack = call_stacks_get(&stacks, call_stacks_find(&stacks, 2));
	assert_int_equal(stack->count, 3);
	assert_string_equal(call_stack_frame(&stacks, stack, 1)->symbol, "probe");
	assert_int_equal(call_stacks_find(&stacks, 3), 0);
	call_stacks_free(&stacks);
}

static void stacks_that_nobody_needs_are_dropped(void **state)
{
	struct call_stacks stacks;
	char symbol[16];

	(void)state;
	call_stacks_init(&stacks);
	for (uint64_t id = 1; id <= 4 * STACKS_KEPT; id++) {
		const char *const symbols[] = {symbol};
		struct record_stack record;

		snprintf(symbol, sizeof(symbol), "f%llu", (unsigned long long)id);
		record = stack_of(id, symbols, 1);
		call_stacks_define(&stacks, &record);
		if (id == 1)
			call_stacks_reference(&stacks, call_stacks_find(&stacks, 1));
	}
	assert_true(stacks.stacks.live <= 2 * STACKS_KEPT + 1);
	assert_int_not_equal(call_stacks_find(&stacks, 1), 0);
	assert_int_equal(call_stacks_find(&stacks, 2), 0);
	for (uint64_t id = 3 * STACKS_KEPT + 1; id <= 4 * STACKS_KEPT; id++)
		assert_int_not_equal(call_stacks_find(&stacks, id), 0);
	call_stacks_free(&stacks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(who_opens_and_who_reads_the_end_is_known),
		world_test(a_close_is_counted_once),
		world_test(what_is_reset_in_close_wait_was_not_closed),
		world_test(what_fails_is_over),
		world_test(a_socket_that_connects_again_is_another_connection),
		world_test(an_end_is_read_once),
		world_test(what_comes_after_the_end_is_over),
		world_test(calls_may_come_before_the_connection),
		world_test(a_call_from_a_stack_that_was_not_told_says_nothing),
		world_test(processes_of_one_program_have_paths_of_their_own),
		world_test(what_a_listing_does_not_show_is_forgotten),
		cmocka_unit_test(frames_are_kept_once),
		cmocka_unit_test(stacks_that_nobody_needs_are_dropped),
	};

	return cmocka_run_group_tests_name("call-paths", tests, NULL, NULL);
}
