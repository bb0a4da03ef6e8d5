// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "world.h"

static struct record_transition with_owner(struct record_transition record, uint32_t pid,
					   const char *comm, enum owner_by by)
{
	record.owner = process_of(pid, comm);
	record.owner_by = by;
	record.direction = by == OWNER_CONNECT ? DIRECTION_OUT : DIRECTION_IN;
	return record;
}

static struct record_transition with_closer(struct record_transition record, uint32_t pid)
{
	record.closer = process_of(pid, "closer");
	return record;
}

/* What BPF reports of connect(): the source port is chosen after CLOSE -> SYN_SENT. */
static void connect_as(struct world *world, uint64_t cookie, uint32_t pid)
{
	struct record_transition record =
		with_owner(transition_of(cookie, 1 * SECOND, TCP_CLOSE, TCP_SYN_SENT), pid,
			   "client", OWNER_CONNECT);

	record.tuple.lport = 0;
	feed(world, record);
	feed(world, with_owner(transition_of(cookie, 2 * SECOND, TCP_SYN_SENT, TCP_ESTABLISHED),
			       pid, "client", OWNER_CONNECT));
}

static void an_outgoing_connection_belongs_to_who_connected(void **state)
{
	struct world *world = *state;
	const struct told *told;

	connect_as(world, 1, 7);
	assert_int_equal(world->count, 2);
	assert_int_equal(world->told[0].old_state, TCP_CLOSE);
	assert_int_equal(world->told[0].tuple.lport, 0);
	told = told_last(world, TCP_SYN_SENT, TCP_ESTABLISHED);
	assert_int_equal(told->owner, 7);
	assert_int_equal(told->owner_by, OWNER_CONNECT);
	assert_int_equal(told->direction, DIRECTION_OUT);
	assert_int_equal(told->tuple.lport, 40000);
	assert_int_equal(told->end_reason, END_NONE);
}

static void the_time_in_a_state_is_told_when_it_is_left(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	assert_true(world->told[0].in_old_ns == UNKNOWN_NS);
	assert_int_equal(world->told[1].in_old_ns, SECOND);
	feed(world, transition_of(1, 5 * SECOND, TCP_ESTABLISHED, TCP_CLOSE_WAIT));
	assert_int_equal(world->told[2].in_old_ns, 3 * SECOND);
}

static void the_time_in_a_state_is_unknown_where_a_transition_was_missed(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	/* ESTABLISHED -> FIN_WAIT1 was lost */
	feed(world, transition_of(1, 5 * SECOND, TCP_FIN_WAIT1, TCP_FIN_WAIT2));
	assert_true(told_last(world, TCP_FIN_WAIT1, TCP_FIN_WAIT2)->in_old_ns == UNKNOWN_NS);
}

/* Clocks of two CPUs: never a time that is less than nothing. */
static void the_time_in_a_state_is_never_negative(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	feed(world, transition_of(1, 2 * SECOND, TCP_ESTABLISHED, TCP_CLOSE_WAIT));
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_CLOSE_WAIT)->in_old_ns, 0);
}

static void a_connection_that_ends_is_forgotten(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	feed(world, transition_of(1, 5 * SECOND, TCP_ESTABLISHED, TCP_CLOSE));
	told_last(world, TCP_ESTABLISHED, TCP_CLOSE);
	assert_null(world_find(world, 1));
	assert_int_equal(world->model.connections.pool.live, 0);
}

static void an_accepted_connection_begins_with_its_listeners_owner(void **state)
{
	struct world *world = *state;
	const struct told *told;

	feed(world, with_owner(transition_of(2, 3 * SECOND, TCP_SYN_RECV, TCP_ESTABLISHED), 8,
			       "server", OWNER_LISTEN));
	told = told_last(world, TCP_SYN_RECV, TCP_ESTABLISHED);
	assert_int_equal(told->owner, 8);
	assert_int_equal(told->owner_by, OWNER_LISTEN);
	assert_int_equal(told->direction, DIRECTION_IN);
	assert_true(told->in_old_ns == UNKNOWN_NS);
}

/* Where no owner entry is left (memory was refused), the states still tell. */
static void the_direction_is_told_by_the_states_alone(void **state)
{
	struct world *world = *state;

	feed(world, transition_of(1, SECOND, TCP_SYN_SENT, TCP_ESTABLISHED));
	assert_int_equal(told_last(world, TCP_SYN_SENT, TCP_ESTABLISHED)->direction, DIRECTION_OUT);
	feed(world, transition_of(2, SECOND, TCP_SYN_RECV, TCP_ESTABLISHED));
	assert_int_equal(told_last(world, TCP_SYN_RECV, TCP_ESTABLISHED)->direction, DIRECTION_IN);
	feed(world, transition_of(3, SECOND, TCP_ESTABLISHED, TCP_CLOSE_WAIT));
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_CLOSE_WAIT)->direction,
			 DIRECTION_UNKNOWN);
}

static void the_direction_is_kept_to_the_end(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	feed(world, transition_of(1, 5 * SECOND, TCP_ESTABLISHED, TCP_CLOSE_WAIT));
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_CLOSE_WAIT)->direction,
			 DIRECTION_OUT);
}

/* Both ends connect at once: SYN_SENT -> SYN_RECV -> ESTABLISHED. */
static void a_simultaneous_open_stays_outgoing(void **state)
{
	struct world *world = *state;

	feed(world, transition_of(1, 1 * SECOND, TCP_CLOSE, TCP_SYN_SENT));
	feed(world, transition_of(1, 2 * SECOND, TCP_SYN_SENT, TCP_SYN_RECV));
	feed(world, transition_of(1, 3 * SECOND, TCP_SYN_RECV, TCP_ESTABLISHED));
	assert_int_equal(told_last(world, TCP_SYN_RECV, TCP_ESTABLISHED)->direction, DIRECTION_OUT);
}

static void a_listener_has_no_direction(void **state)
{
	struct world *world = *state;

	/* its entry says "in", for its children */
	feed(world, with_owner(transition_of(3, SECOND, TCP_CLOSE, TCP_LISTEN), 8, "server",
			       OWNER_LISTEN));
	assert_int_equal(told_last(world, TCP_CLOSE, TCP_LISTEN)->direction, DIRECTION_UNKNOWN);
	assert_int_equal(told_last(world, TCP_CLOSE, TCP_LISTEN)->owner, 8);
	feed(world, with_owner(transition_of(3, 2 * SECOND, TCP_LISTEN, TCP_CLOSE), 8, "server",
			       OWNER_LISTEN));
	assert_int_equal(told_last(world, TCP_LISTEN, TCP_CLOSE)->direction, DIRECTION_UNKNOWN);
}

static void listens(struct world *world, uint64_t cookie, uint32_t pid)
{
	struct record_transition listener = with_owner(
		transition_of(cookie, SECOND, TCP_CLOSE, TCP_LISTEN), pid, "server", OWNER_LISTEN);

	listener.tuple = tuple_of("0.0.0.0", 40000, "0.0.0.0", 0);
	feed(world, listener);
}

static void is_born_of(struct world *world, uint64_t cookie, uint64_t listener)
{
	struct record_transition child =
		transition_of(cookie, 2 * SECOND, TCP_SYN_RECV, TCP_ESTABLISHED);

	child.listener = listener;
	feed(world, child);
}

static void a_child_belongs_to_the_listener_that_it_names(void **state)
{
	struct world *world = *state;

	listens(world, 3, 8);
	listens(world, 4, 9);
	is_born_of(world, 10, 3);
	is_born_of(world, 11, 4);
	assert_int_equal(world_owner(world, 10), 8);
	assert_int_equal(world_owner(world, 11), 9);
	assert_int_equal(told_last(world, TCP_SYN_RECV, TCP_ESTABLISHED)->owner_by, OWNER_LISTEN);
	assert_int_equal(told_last(world, TCP_SYN_RECV, TCP_ESTABLISHED)->direction, DIRECTION_IN);
}

/* It shares the listener with those that it has forked, or was given it. */
static void children_are_whose_who_called_listen_whoever_holds_it_too(void **state)
{
	struct world *world = *state;

	listens(world, 3, 8);
	feed(world, holder_of(3, SECOND, 9, "worker"));
	assert_int_equal(world_owner(world, 3), 9);
	is_born_of(world, 10, 3);
	assert_int_equal(world_owner(world, 10), 8);
}

static void of_an_older_listener_they_are_its_first_holders(void **state)
{
	struct record_socket listener = socket_row(3, SECOND, TCP_LISTEN);
	struct world *world = *state;

	listener.tuple = tuple_of("0.0.0.0", 40000, "0.0.0.0", 0);
	feed(world, listing_of(SECOND, LISTING_BEGINS, 0));
	feed(world, listener);
	feed(world, holder_of(3, SECOND, 8, "server"));
	feed(world, holder_of(3, SECOND, 9, "worker"));
	feed(world, listing_of(SECOND, LISTING_ENDS, 0));
	is_born_of(world, 10, 3);
	assert_int_equal(world_owner(world, 10), 8);
}

static void who_accepts_owns_more_than_who_listens(void **state)
{
	struct world *world = *state;
	struct record_owner record = {
		.header = {RECORD_OWNER, sizeof(record), 0, 3 * SECOND},
		.cookie = 10,
		.process = process_of(9, "worker"),
	};

	listens(world, 3, 8);
	is_born_of(world, 10, 3);
	feed(world, record);
	assert_int_equal(world_owner(world, 10), 9);
	assert_int_equal(world_find(world, 10)->owner_by, OWNER_ACCEPT);
	record.cookie = 11; /* of one that nobody told of */
	feed(world, record);
	assert_false(world_knows(world, 11));
}

static void a_child_without_an_entry_belongs_to_the_known_listener(void **state)
{
	struct record_transition listener;
	struct world *world = *state;

	listener = with_owner(transition_of(3, SECOND, TCP_CLOSE, TCP_LISTEN), 8, "server",
			      OWNER_LISTEN);
	listener.tuple = tuple_of("0.0.0.0", 40000, "0.0.0.0", 0);
	feed(world, listener);
	feed(world, transition_of(4, 2 * SECOND, TCP_SYN_RECV, TCP_ESTABLISHED));
	assert_int_equal(told_last(world, TCP_SYN_RECV, TCP_ESTABLISHED)->owner, 8);
	assert_int_equal(told_last(world, TCP_SYN_RECV, TCP_ESTABLISHED)->owner_by, OWNER_LISTEN);
}

/* It is past SYN_RECV when it is first seen. */
static void a_connection_to_a_known_listeners_port_was_accepted(void **state)
{
	struct record_transition listener = transition_of(3, SECOND, TCP_CLOSE, TCP_LISTEN);
	struct world *world = *state;

	listener.tuple = tuple_of("0.0.0.0", 40000, "0.0.0.0", 0);
	listener.owner = process_of(8, "server");
	listener.owner_by = OWNER_LISTEN;
	feed(world, listener);
	feed(world, transition_of(1, 2 * SECOND, TCP_ESTABLISHED, TCP_FIN_WAIT1));
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_FIN_WAIT1)->direction, DIRECTION_IN);
	assert_int_equal(world_owner(world, 1), 8);
}

static void who_sends_our_fin_is_the_closer(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	feed(world, with_closer(transition_of(1, 3 * SECOND, TCP_ESTABLISHED, TCP_FIN_WAIT1), 9));
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_FIN_WAIT1)->closer, 9);
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_FIN_WAIT1)->owner, 7);
	feed(world, with_closer(transition_of(1, 4 * SECOND, TCP_FIN_WAIT1, TCP_FIN_WAIT2), 10));
	assert_int_equal(told_last(world, TCP_FIN_WAIT1, TCP_FIN_WAIT2)->closer, 9);
}

static void who_resets_a_connection_is_the_closer_of_its_last_transition(void **state)
{
	struct world *world = *state;

	feed(world, with_owner(transition_of(2, SECOND, TCP_SYN_RECV, TCP_ESTABLISHED), 8, "server",
			       OWNER_LISTEN));
	feed(world, with_closer(transition_of(2, 2 * SECOND, TCP_ESTABLISHED, TCP_CLOSE), 9));
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_CLOSE)->closer, 9);
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_CLOSE)->owner, 9);
	assert_int_equal(told_last(world, TCP_ESTABLISHED, TCP_CLOSE)->owner_by, OWNER_CLOSE);
}

/* connect() fails, and the same socket is used again by the process that was handed it. */
static void a_socket_that_connects_again_begins_anew(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	feed(world, with_closer(transition_of(1, 3 * SECOND, TCP_ESTABLISHED, TCP_CLOSE), 7));
	feed(world, with_owner(transition_of(1, 4 * SECOND, TCP_CLOSE, TCP_SYN_SENT), 8, "other",
			       OWNER_CONNECT));
	assert_int_equal(told_last(world, TCP_CLOSE, TCP_SYN_SENT)->owner, 8);
	assert_int_equal(told_last(world, TCP_CLOSE, TCP_SYN_SENT)->closer, 0);
}

static void the_owners_comm_is_the_one_it_has_now(void **state)
{
	struct world *world = *state;

	connect_as(world, 1, 7);
	assert_string_equal(world->told[1].owner_comm, "client");
	/* exec, then a second connection of the same process */
	feed(world, with_owner(transition_of(2, 3 * SECOND, TCP_CLOSE, TCP_SYN_SENT), 7, "curl",
			       OWNER_CONNECT));
	feed(world, with_owner(transition_of(1, 4 * SECOND, TCP_ESTABLISHED, TCP_CLOSE_WAIT), 7,
			       "client", OWNER_CONNECT));
	assert_string_equal(told_last(world, TCP_ESTABLISHED, TCP_CLOSE_WAIT)->owner_comm, "curl");
}

static void
a_connection_that_the_filter_does_not_want_is_dropped_when_its_port_is_known(void **state)
{
	static struct tuple_filter filter;
	struct record_transition record;
	struct world *world;

	(void)state;
	filter.lport.active = 1;
	filter.lport.bitmap[40001 >> 3] = 1 << (40001 & 7);
	world = world_new(&filter, NULL);
	connect_as(world, 1, 7); /* gets port 40000 */
	assert_int_equal(world->count, 1);
	assert_null(world_find(world, 1));
	record = transition_of(2, SECOND, TCP_CLOSE, TCP_SYN_SENT);
	record.tuple.lport = 0;
	feed(world, record);
	record = transition_of(2, 2 * SECOND, TCP_SYN_SENT, TCP_ESTABLISHED);
	record.tuple.lport = 40001;
	feed(world, record);
	assert_int_equal(world->count, 3);
	assert_true(world_knows(world, 2));
	world_free(world);
}

static void losses_are_told_as_they_are(void **state)
{
	struct losses losses = {1, 2, 3, 4, 5, 6, 7};
	struct world *world = *state;

	feed(world, loss_of(SECOND, &losses));
	assert_int_equal(world->losses_told, 1);
	assert_memory_equal(&world->losses, &losses, sizeof(losses));
	assert_memory_equal(&world->model.losses, &losses, sizeof(losses));
}

static void a_connection_concerns_its_owner_and_its_closer(void **state)
{
	struct process_filter owner = {.pid = 7}, closer = {.pid = 9}, other = {.pid = 11};
	struct world *world = world_new(NULL, &closer);
	const struct connection *connection;

	(void)state;
	connect_as(world, 1, 7);
	connection = world_find(world, 1);
	assert_true(model_concerns(&world->model, connection, &owner));
	assert_false(model_concerns(&world->model, connection, &closer));
	feed(world, with_closer(transition_of(1, 3 * SECOND, TCP_ESTABLISHED, TCP_FIN_WAIT1), 9));
	assert_true(model_concerns(&world->model, connection, &closer));
	connect_as(world, 2, 7);
	assert_false(model_concerns(&world->model, world_find(world, 2), &other));
	assert_true(model_concerns(&world->model, connection, &(struct process_filter){0}));
	world_free(world);
}

static void a_connection_concerns_its_holders(void **state)
{
	struct process_filter holder = {.comm = "worker"};
	struct world *world = world_new(NULL, &holder);

	(void)state;
	connect_as(world, 1, 7);
	connect_as(world, 2, 7);
	feed(world, holder_of(1, 3 * SECOND, 9, "worker"));
	feed(world, holder_of(2, 3 * SECOND, 10, "master"));
	assert_true(model_concerns(&world->model, world_find(world, 1), &holder));
	assert_false(model_concerns(&world->model, world_find(world, 2), &holder));
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(an_outgoing_connection_belongs_to_who_connected),
		world_test(the_time_in_a_state_is_told_when_it_is_left),
		world_test(the_time_in_a_state_is_unknown_where_a_transition_was_missed),
		world_test(the_time_in_a_state_is_never_negative),
		world_test(a_connection_that_ends_is_forgotten),
		world_test(an_accepted_connection_begins_with_its_listeners_owner),
		world_test(the_direction_is_told_by_the_states_alone),
		world_test(the_direction_is_kept_to_the_end),
		world_test(a_simultaneous_open_stays_outgoing),
		world_test(a_listener_has_no_direction),
		world_test(a_child_belongs_to_the_listener_that_it_names),
		world_test(children_are_whose_who_called_listen_whoever_holds_it_too),
		world_test(of_an_older_listener_they_are_its_first_holders),
		world_test(who_accepts_owns_more_than_who_listens),
		world_test(a_child_without_an_entry_belongs_to_the_known_listener),
		world_test(a_connection_to_a_known_listeners_port_was_accepted),
		world_test(who_sends_our_fin_is_the_closer),
		world_test(who_resets_a_connection_is_the_closer_of_its_last_transition),
		world_test(a_socket_that_connects_again_begins_anew),
		world_test(the_owners_comm_is_the_one_it_has_now),
		cmocka_unit_test(
			a_connection_that_the_filter_does_not_want_is_dropped_when_its_port_is_known),
		world_test(losses_are_told_as_they_are),
		cmocka_unit_test(a_connection_concerns_its_owner_and_its_closer),
		cmocka_unit_test(a_connection_concerns_its_holders),
	};

	return cmocka_run_group_tests_name("model_transition", tests, NULL, NULL);
}
