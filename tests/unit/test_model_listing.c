// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "world.h"

static void begin(struct world *world, uint64_t time_ns)
{
	feed(world, listing_of(time_ns, LISTING_BEGINS, 0));
}

/* Every socket of the usual namespace has been listed. */
static void end(struct world *world, uint64_t time_ns)
{
	feed(world, listing_of(time_ns, LISTING_NAMESPACE, NETNS));
	feed(world, listing_of(time_ns, LISTING_ENDS, 0));
}

static struct record_socket owned(struct record_socket record, uint32_t pid, enum owner_by by,
				  enum direction direction)
{
	record.owner = process_of(pid, "owner");
	record.owner_by = by;
	record.direction = direction;
	return record;
}

static struct record_socket listener_row(uint64_t cookie, uint64_t time_ns, const char *laddr,
					 uint16_t lport)
{
	struct record_socket record = socket_row(cookie, time_ns, TCP_LISTEN);

	record.tuple = tuple_of(laddr, lport, strchr(laddr, ':') ? "::" : "0.0.0.0", 0);
	return record;
}

static void a_listed_socket_is_older_than_the_tool_and_no_transition(void **state)
{
	struct world *world = *state;
	const struct connection *connection;

	begin(world, 10);
	feed(world, socket_row(1, 11, TCP_CLOSE_WAIT));
	end(world, 12);
	connection = world_find(world, 1);
	assert_int_equal(connection->state, TCP_CLOSE_WAIT);
	assert_int_equal(connection->since_ns, 0);
	assert_int_equal(connection->owner, 0);
	assert_int_equal(connection->direction, DIRECTION_UNKNOWN);
	assert_true(connection->flags & CONNECTION_PREDATES);
	assert_int_equal(world->count, 0);
}

static void a_listed_minisocket_has_the_age_that_its_timer_tells(void **state)
{
	struct world *world = *state;
	const struct connection *connection;

	begin(world, 100 * SECOND);
	feed(world, minisocket_row(1, 100 * SECOND, TCP_TIME_WAIT, 20 * SECOND));
	feed(world, minisocket_row(2, 100 * SECOND, TCP_FIN_WAIT2, 20 * SECOND));
	end(world, 101 * SECOND);
	connection = world_find(world, 1);
	assert_int_equal(connection->since_ns, 60 * SECOND);
	assert_true(connection->flags & CONNECTION_MINISOCKET);
	assert_int_equal(world_find(world, 2)->since_ns, 0);
	feed(world, timewait_end(1, 120 * SECOND, TCP_TIME_WAIT, 0, END_EXPIRED));
	assert_int_equal(told_last(world, TCP_TIME_WAIT, TCP_CLOSE)->in_old_ns, 60 * SECOND);
}

static void a_row_newer_than_the_last_transition_wins(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, transition_of(1, 11, TCP_SYN_SENT, TCP_ESTABLISHED));
	feed(world, socket_row(1, 15, TCP_CLOSE_WAIT));
	assert_int_equal(world_find(world, 1)->state, TCP_CLOSE_WAIT);
	/* the transition that the row was ahead of is told, and changes nothing */
	feed(world, transition_of(1, 13, TCP_ESTABLISHED, TCP_CLOSE_WAIT));
	told_last(world, TCP_ESTABLISHED, TCP_CLOSE_WAIT);
	feed(world, transition_of(1, 20, TCP_CLOSE_WAIT, TCP_LAST_ACK));
	told_last(world, TCP_CLOSE_WAIT, TCP_LAST_ACK);
	end(world, 30);
	assert_int_equal(world_find(world, 1)->state, TCP_LAST_ACK);
}

static void a_transition_newer_than_the_row_wins(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, transition_of(1, 15, TCP_ESTABLISHED, TCP_CLOSE_WAIT));
	feed(world, socket_row(1, 13, TCP_ESTABLISHED));
	end(world, 20);
	assert_int_equal(world_find(world, 1)->state, TCP_CLOSE_WAIT);
	assert_int_equal(world_find(world, 1)->since_ns, 15);
	/* though it is the later of the two records, it is no transition */
	assert_int_equal(world->count, 1);
}

/* The socket was connected elsewhere after its row was taken. */
static void a_tuple_newer_than_the_row_wins(void **state)
{
	struct record_transition record = transition_of(1, 15, TCP_CLOSE, TCP_SYN_SENT);
	struct world *world = *state;

	begin(world, 10);
	record.tuple.rport = 443;
	feed(world, record);
	feed(world, socket_row(1, 13, TCP_ESTABLISHED));
	assert_int_equal(world_find(world, 1)->tuple.rport, 443);
	end(world, 20);
}

static void what_ends_while_a_listing_runs_does_not_come_back(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, transition_of(1, 15, TCP_LAST_ACK, TCP_CLOSE));
	assert_false(world_knows(world, 1));
	feed(world, socket_row(1, 13, TCP_LAST_ACK));
	assert_false(world_knows(world, 1));
	end(world, 20);
	assert_null(world_find(world, 1));
}

static void a_minisocket_that_ends_while_a_listing_runs_does_not_come_back(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, timewait_end(1, 15, TCP_TIME_WAIT, 0, END_EXPIRED));
	feed(world, minisocket_row(1, 13, TCP_TIME_WAIT, 1));
	assert_false(world_knows(world, 1));
	/* a minisocket's end is final, however late a row seems to be */
	feed(world, minisocket_row(1, 16, TCP_TIME_WAIT, 1));
	assert_false(world_knows(world, 1));
	feed(world, timewait_of(1, 17, TIMEWAIT_SEEN, TCP_TIME_WAIT, 1));
	assert_false(world_knows(world, 1));
	feed(world, holder_of(1, 18, 7, "holder"));
	end(world, 20);
	assert_null(world_find(world, 1));
}

static void what_ends_when_no_listing_runs_is_forgotten_at_once(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	end(world, 20);
	feed(world, transition_of(1, 25, TCP_LAST_ACK, TCP_CLOSE));
	assert_null(world_find(world, 1));
}

static void a_socket_that_connects_again_while_a_listing_runs_begins_anew(void **state)
{
	struct record_transition record = transition_of(1, 12, TCP_ESTABLISHED, TCP_CLOSE);
	struct world *world = *state;
	const struct told *told;

	begin(world, 10);
	record.owner = record.closer = process_of(7, "first");
	record.owner_by = OWNER_CONNECT;
	feed(world, record);
	record = transition_of(1, 14, TCP_CLOSE, TCP_SYN_SENT);
	record.owner = process_of(8, "second");
	record.owner_by = OWNER_CONNECT;
	feed(world, record);
	told = told_last(world, TCP_CLOSE, TCP_SYN_SENT);
	assert_int_equal(told->owner, 8);
	assert_int_equal(told->closer, 0);
	end(world, 20);
	assert_true(world_knows(world, 1));
}

/* Its CLOSE -> SYN_SENT was lost, but a row shows that it lives again. */
static void a_row_of_a_socket_that_connects_again_begins_anew(void **state)
{
	struct record_transition record = transition_of(1, 12, TCP_ESTABLISHED, TCP_CLOSE);
	struct world *world = *state;

	begin(world, 10);
	record.owner = record.closer = process_of(7, "first");
	record.owner_by = OWNER_CONNECT;
	feed(world, record);
	feed(world, owned(socket_row(1, 14, TCP_ESTABLISHED), 8, OWNER_CONNECT, DIRECTION_OUT));
	end(world, 20);
	assert_true(world_knows(world, 1));
	assert_int_equal(world_find(world, 1)->state, TCP_ESTABLISHED);
	assert_int_equal(world_owner(world, 1), 8);
	assert_int_equal(world_closer(world, 1), 0);
}

static void what_vanished_unseen_is_swept_out(void **state)
{
	struct world *world = *state;

	feed(world, transition_of(1, 5, TCP_SYN_SENT, TCP_ESTABLISHED));
	feed(world, transition_of(2, 5, TCP_SYN_SENT, TCP_ESTABLISHED));
	begin(world, 10);
	feed(world, socket_row(2, 11, TCP_ESTABLISHED));
	end(world, 20);
	assert_null(world_find(world, 1));
	assert_true(world_knows(world, 2));
	/* which is no transition */
	assert_int_equal(world->count, 2);
}

static void what_began_while_the_listing_ran_is_not_swept_out(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, transition_of(1, 15, TCP_SYN_SENT, TCP_ESTABLISHED));
	end(world, 20);
	assert_true(world_knows(world, 1));
}

static void what_is_in_a_namespace_that_was_not_listed_is_not_swept_out(void **state)
{
	struct record_transition record = transition_of(1, 5, TCP_SYN_SENT, TCP_ESTABLISHED);
	struct world *world = *state;

	record.tuple.netns = NETNS + 1;
	feed(world, record);
	begin(world, 10);
	end(world, 20);
	assert_true(world_knows(world, 1));
	begin(world, 30);
	feed(world, listing_of(31, LISTING_NAMESPACE, NETNS + 1));
	end(world, 32);
	assert_null(world_find(world, 1));
}

/* The namespaces of one listing say nothing about the next. */
/* Without BPF a listing is all there is. */
static void a_listing_of_all_sweeps_out_what_is_in_a_namespace_that_is_gone(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, socket_row(1, 11, TCP_ESTABLISHED));
	end(world, 12);
	begin(world, 30);
	feed(world, listing_of(31, LISTING_NAMESPACE, NETNS + 1));
	feed(world, listing_of(32, LISTING_NAMESPACE, 0));
	feed(world, listing_of(33, LISTING_ENDS, 0));
	assert_null(connections_find(&world->model.connections, 1));
}

/* Its namespace is gone, and a view that does not follow it was not told of its end. */
static void a_time_wait_does_not_stay_for_ever(void **state)
{
	struct world *world = *state;
	uint64_t length_ns = world->model.timewait_ns, now_ns = 100 * SECOND;

	begin(world, now_ns);
	feed(world, minisocket_row(1, now_ns, TCP_TIME_WAIT, 20 * SECOND));
	feed(world, minisocket_row(2, now_ns, TCP_FIN_WAIT2, 20 * SECOND));
	end(world, now_ns + 1);
	for (unsigned int lengths = 3; lengths <= 5; lengths += 2) {
		begin(world, now_ns + lengths * length_ns);
		feed(world, listing_of(now_ns + lengths * length_ns, LISTING_NAMESPACE, NETNS + 1));
		feed(world, listing_of(now_ns + lengths * length_ns, LISTING_ENDS, 0));
		assert_true(!connections_find(&world->model.connections, 1) == (lengths == 5));
		assert_non_null(connections_find(&world->model.connections, 2));
	}
}

static void a_listing_that_broke_off_sweeps_nothing_out(void **state)
{
	struct world *world = *state;

	begin(world, 1);
	end(world, 2);
	feed(world, transition_of(1, 5, TCP_SYN_SENT, TCP_ESTABLISHED));
	begin(world, 10);
	feed(world, listing_of(12, LISTING_ENDS, 0));
	assert_true(world_knows(world, 1));
}

static void a_listener_tells_the_direction_of_what_is_older_than_the_tool(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, socket_row(1, 11, TCP_ESTABLISHED)); /* before its listener */
	feed(world, listener_row(2, 11, "0.0.0.0", 40000));
	feed(world, listener_row(3, 11, "0.0.0.0", 80)); /* the remote port: says nothing */
	end(world, 20);
	assert_int_equal(world_find(world, 1)->direction, DIRECTION_IN);
	assert_int_equal(world_find(world, 2)->direction, DIRECTION_UNKNOWN);
}

static void without_a_listener_the_direction_stays_unknown(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, socket_row(1, 11, TCP_ESTABLISHED));
	feed(world, listener_row(2, 11, "0.0.0.0", 80));
	feed(world, listener_row(3, 11, "10.0.0.9", 40000));
	end(world, 20);
	assert_int_equal(world_find(world, 1)->direction, DIRECTION_UNKNOWN);
}

static void a_direction_that_is_known_is_not_changed_by_a_listener(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, owned(socket_row(1, 11, TCP_ESTABLISHED), 7, OWNER_CONNECT, DIRECTION_OUT));
	feed(world, listener_row(2, 11, "0.0.0.0", 40000));
	end(world, 20);
	assert_int_equal(world_find(world, 1)->direction, DIRECTION_OUT);
}

static void what_nobody_holds_belongs_to_the_holder_of_its_listener(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, socket_row(1, 11, TCP_CLOSE_WAIT));
	feed(world, listener_row(2, 11, "0.0.0.0", 40000));
	feed(world, holder_of(2, 12, 7, "server"));
	end(world, 20);
	assert_int_equal(world_owner(world, 1), 7);
	assert_int_equal(world_find(world, 1)->owner_by, OWNER_LISTEN);
	assert_int_equal(world_find(world, 2)->owner_by, OWNER_HOLDER);
}

static void a_holder_is_better_than_the_listener(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, owned(socket_row(1, 11, TCP_ESTABLISHED), 7, OWNER_LISTEN, DIRECTION_IN));
	feed(world, holder_of(1, 12, 8, "worker"));
	end(world, 20);
	assert_int_equal(world_owner(world, 1), 8);
	assert_int_equal(world_find(world, 1)->owner_by, OWNER_HOLDER);
}

static void a_holder_does_not_take_it_from_who_connected(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, owned(socket_row(1, 11, TCP_ESTABLISHED), 7, OWNER_CONNECT, DIRECTION_OUT));
	feed(world, holder_of(1, 12, 8, "worker"));
	end(world, 20);
	assert_int_equal(world_owner(world, 1), 7);
	assert_int_equal(world_find(world, 1)->owner_by, OWNER_CONNECT);
}

static void a_holder_of_an_unknown_socket_is_no_connection(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, holder_of(1, 12, 8, "worker"));
	feed(world, holder_of(0, 12, 8, "worker"));
	end(world, 20);
	assert_int_equal(world->model.connections.pool.live, 0);
}

static void a_row_without_a_cookie_is_no_connection(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, minisocket_row(0, 11, TCP_TIME_WAIT, SECOND));
	end(world, 20);
	assert_int_equal(world->model.connections.pool.live, 0);
}

/* The rearm at the peer's FIN is often silent, and the row may be the first to show it. */
static void a_peers_fin_that_a_row_shows_first_is_told(void **state)
{
	struct world *world = *state;

	feed(world, transition_of(1, 10 * SECOND, TCP_FIN_WAIT1, TCP_FIN_WAIT2));
	feed(world, timewait_of(1, 10 * SECOND, TIMEWAIT_ARMED, TCP_FIN_WAIT2, 60 * SECOND));
	begin(world, 14 * SECOND);
	feed(world, minisocket_row(1, 15 * SECOND, TCP_TIME_WAIT, 58 * SECOND));
	assert_int_equal(told_last(world, TCP_FIN_WAIT2, TCP_TIME_WAIT)->time_ns, 13 * SECOND);
	end(world, 16 * SECOND);
	assert_true(world_knows(world, 1));
}

static void what_was_seen_to_begin_is_not_older_than_the_tool(void **state)
{
	struct world *world = *state;

	begin(world, 10);
	feed(world, transition_of(1, 11, TCP_SYN_SENT, TCP_ESTABLISHED));
	feed(world, socket_row(1, 12, TCP_ESTABLISHED));
	end(world, 20);
	assert_false(world_find(world, 1)->flags & CONNECTION_PREDATES);
}

static void listing_again_and_again_changes_nothing(void **state)
{
	struct world *world = *state;

	for (uint64_t time_ns = 10; time_ns < 100; time_ns += 10) {
		begin(world, time_ns);
		feed(world, owned(socket_row(1, time_ns + 1, TCP_ESTABLISHED), 7, OWNER_CONNECT,
				  DIRECTION_OUT));
		feed(world, listener_row(2, time_ns + 1, "::", 80));
		feed(world, holder_of(2, time_ns + 2, 8, "server"));
		end(world, time_ns + 3);
		assert_int_equal(world->model.connections.pool.live, 2);
		assert_int_equal(world->model.connections.listener_count, 1);
		assert_int_equal(world_owner(world, 1), 7);
		assert_int_equal(world_owner(world, 2), 8);
	}
	assert_int_equal(world->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_listed_socket_is_older_than_the_tool_and_no_transition),
		world_test(a_listed_minisocket_has_the_age_that_its_timer_tells),
		world_test(a_row_newer_than_the_last_transition_wins),
		world_test(a_transition_newer_than_the_row_wins),
		world_test(a_tuple_newer_than_the_row_wins),
		world_test(what_ends_while_a_listing_runs_does_not_come_back),
		world_test(a_minisocket_that_ends_while_a_listing_runs_does_not_come_back),
		world_test(what_ends_when_no_listing_runs_is_forgotten_at_once),
		world_test(a_socket_that_connects_again_while_a_listing_runs_begins_anew),
		world_test(a_row_of_a_socket_that_connects_again_begins_anew),
		world_test(what_vanished_unseen_is_swept_out),
		world_test(what_began_while_the_listing_ran_is_not_swept_out),
		world_test(what_is_in_a_namespace_that_was_not_listed_is_not_swept_out),
		world_test(a_listing_of_all_sweeps_out_what_is_in_a_namespace_that_is_gone),
		world_test(a_time_wait_does_not_stay_for_ever),
		world_test(a_listing_that_broke_off_sweeps_nothing_out),
		world_test(a_listener_tells_the_direction_of_what_is_older_than_the_tool),
		world_test(without_a_listener_the_direction_stays_unknown),
		world_test(a_direction_that_is_known_is_not_changed_by_a_listener),
		world_test(what_nobody_holds_belongs_to_the_holder_of_its_listener),
		world_test(a_holder_is_better_than_the_listener),
		world_test(a_holder_does_not_take_it_from_who_connected),
		world_test(a_holder_of_an_unknown_socket_is_no_connection),
		world_test(a_row_without_a_cookie_is_no_connection),
		world_test(a_peers_fin_that_a_row_shows_first_is_told),
		world_test(what_was_seen_to_begin_is_not_older_than_the_tool),
		world_test(listing_again_and_again_changes_nothing),
	};

	return cmocka_run_group_tests_name("model_listing", tests, NULL, NULL);
}
