// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "model/connection.h"
#include "records.h"
#include "unit.h"

static int setup(void **state)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	connections_init(connections);
	*state = connections;
	return 0;
}

static int teardown(void **state)
{
	connections_free(*state);
	free(*state);
	return 0;
}

static uint32_t pid_of(const struct connections *connections, uint32_t number)
{
	const struct process *process = processes_get(&connections->processes, number);

	return process ? process->id.pid : 0;
}

static void own(struct connections *connections, struct connection *connection, uint32_t pid,
		enum owner_by by)
{
	struct process_id id = process_of(pid, "owner");

	connections_own(connections, connection, &id, by);
}

static void close_by(struct connections *connections, struct connection *connection, uint32_t pid)
{
	struct process_id id = process_of(pid, "closer");

	connections_close(connections, connection, &id);
}

static struct connection *listen_on(struct connections *connections, uint64_t cookie,
				    const char *laddr, uint16_t lport)
{
	struct connection *connection = connections_add(connections, cookie);

	connection->tuple = tuple_of(laddr, lport, strchr(laddr, ':') ? "::" : "0.0.0.0", 0);
	connections_enter(connections, connection, TCP_LISTEN, 1, 1);
	return connection;
}

static uint64_t listener_for(const struct connections *connections, const struct tuple *tuple)
{
	const struct connection *listener = connections_listener(connections, tuple, 0);

	return listener ? listener->cookie : 0;
}

static void of_listeners_that_share_a_port_the_owners_own_is_taken(void **state)
{
	struct connections *connections = *state;
	struct tuple tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 4000);
	struct connection *one = listen_on(connections, 1, "0.0.0.0", 80);
	struct connection *other = listen_on(connections, 2, "0.0.0.0", 80);
	struct process_id first = process_of(11, "good"), second = process_of(12, "hung");

	connections_own(connections, one, &first, OWNER_LISTEN);
	connections_own(connections, other, &second, OWNER_LISTEN);
	assert_ptr_equal(connections_listener(connections, &tuple, one->owner), one);
	assert_ptr_equal(connections_listener(connections, &tuple, other->owner), other);
}

static uint64_t parent_for(const struct connections *connections, const struct tuple *tuple,
			   uint64_t cookie)
{
	return connections_parent(connections, tuple, cookie)->cookie;
}

static void a_childs_listener_is_the_one_of_its_cookie_if_that_can_be(void **state)
{
	struct connections *connections = *state;
	struct tuple tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 4000);

	listen_on(connections, 1, "0.0.0.0", 80);
	listen_on(connections, 2, "0.0.0.0", 80);
	listen_on(connections, 3, "0.0.0.0", 81);
	connections_add(connections, 4)->tuple = tuple;
	assert_int_equal(parent_for(connections, &tuple, 1), 1);
	assert_int_equal(parent_for(connections, &tuple, 2), 2);
	/* another port's; none at all; not known */
	assert_int_equal(parent_for(connections, &tuple, 3), 1);
	assert_int_equal(parent_for(connections, &tuple, 4), 1);
	assert_int_equal(parent_for(connections, &tuple, 5), 1);
}

static void a_connection_is_found_by_its_cookie_until_it_is_removed(void **state)
{
	struct connections *connections = *state;
	struct connection *connection = connections_add(connections, 9);

	assert_int_equal(connection->cookie, 9);
	assert_int_equal(connection->state, TCP_CLOSE);
	assert_ptr_equal(connections_find(connections, 9), connection);
	connections_remove(connections, connection);
	assert_null(connections_find(connections, 9));
}

static void better_evidence_of_the_owner_wins_whatever_comes_first(void **state)
{
	struct connections *connections = *state;

	for (unsigned int first = OWNER_LISTEN; first < OWNER_EVIDENCES; first++) {
		for (unsigned int second = OWNER_LISTEN; second < OWNER_EVIDENCES; second++) {
			struct connection *connection = connections_add(connections, 1);
			bool better = second > first;

			own(connections, connection, 1, first);
			own(connections, connection, 2, second);
			check(pid_of(connections, connection->owner) == (better ? 2 : 1),
			      "evidence %u, then %u", first, second);
			assert_int_equal(connection->owner_by, better ? second : first);
			connections_remove(connections, connection);
		}
	}
}

static void nobody_never_takes_a_connection_from_its_owner(void **state)
{
	struct connections *connections = *state;
	struct connection *connection = connections_add(connections, 1);

	own(connections, connection, 0, OWNER_CONNECT);
	assert_int_equal(connection->owner, 0);
	assert_int_equal(connection->owner_by, OWNER_NONE);
	own(connections, connection, 1, OWNER_LISTEN);
	own(connections, connection, 0, OWNER_CONNECT);
	assert_int_equal(pid_of(connections, connection->owner), 1);
	assert_int_equal(connection->owner_by, OWNER_LISTEN);
}

static void the_first_closer_stays_the_closer(void **state)
{
	struct connections *connections = *state;
	struct connection *connection = connections_add(connections, 1);

	close_by(connections, connection, 0);
	assert_int_equal(connection->closer, 0);
	close_by(connections, connection, 1);
	close_by(connections, connection, 2);
	assert_int_equal(pid_of(connections, connection->closer), 1);
}

static void who_closes_owns_it_unless_more_is_known(void **state)
{
	struct connections *connections = *state;
	struct connection *connection = connections_add(connections, 1);

	own(connections, connection, 1, OWNER_LISTEN);
	close_by(connections, connection, 2);
	assert_int_equal(pid_of(connections, connection->owner), 2);
	assert_int_equal(connection->owner_by, OWNER_CLOSE);
	connection = connections_add(connections, 2);
	own(connections, connection, 1, OWNER_CONNECT);
	close_by(connections, connection, 2);
	assert_int_equal(pid_of(connections, connection->owner), 1);
	assert_int_equal(pid_of(connections, connection->closer), 2);
}

static void processes_are_referred_to_by_owner_and_closer_and_let_go(void **state)
{
	struct connections *connections = *state;
	struct connection *connection = connections_add(connections, 1);
	const struct process *first, *second;

	own(connections, connection, 1, OWNER_LISTEN);
	first = processes_get(&connections->processes, connection->owner);
	assert_int_equal(first->references, 1);
	close_by(connections, connection, 2); /* takes it from the first */
	second = processes_get(&connections->processes, connection->closer);
	assert_int_equal(first->references, 0);
	assert_int_equal(second->references, 2);
	own(connections, connection, 2, OWNER_HOLDER);
	assert_int_equal(second->references, 2);
	connections_remove(connections, connection);
	assert_int_equal(second->references, 0);
}

static void a_listener_is_found_by_port_and_namespace(void **state)
{
	struct connections *connections = *state;
	struct tuple tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 40000);

	assert_int_equal(listener_for(connections, &tuple), 0);
	listen_on(connections, 1, "0.0.0.0", 80);
	assert_int_equal(listener_for(connections, &tuple), 1);
	tuple.lport = 81;
	assert_int_equal(listener_for(connections, &tuple), 0);
	tuple.lport = 80;
	tuple.netns++;
	assert_int_equal(listener_for(connections, &tuple), 0);
}

static void a_listener_on_another_address_is_not_the_one(void **state)
{
	struct connections *connections = *state;
	struct tuple tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 40000);

	listen_on(connections, 1, "10.0.0.9", 80);
	assert_int_equal(listener_for(connections, &tuple), 0);
	listen_on(connections, 2, "10.0.0.1", 80);
	assert_int_equal(listener_for(connections, &tuple), 2);
}

/* SO_REUSEPORT lets both be; the kernel takes the one that is bound to the address. */
static void a_listener_on_the_address_comes_before_one_on_all(void **state)
{
	struct connections *connections = *state;
	struct tuple tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 40000);

	listen_on(connections, 1, "0.0.0.0", 80);
	listen_on(connections, 2, "10.0.0.1", 80);
	assert_int_equal(listener_for(connections, &tuple), 2);
}

/* An accepted socket has its listener's family: v4-mapped ones of a [::] listener are AF_INET6. */
static void a_listener_of_the_other_family_is_not_the_one(void **state)
{
	struct connections *connections = *state;
	struct tuple v4 = tuple_of("10.0.0.1", 80, "10.0.0.2", 40000);
	struct tuple v6 = tuple_of("2001:db8::1", 80, "2001:db8::2", 40000);
	struct tuple mapped = v4;

	mapped.family = AF_INET6;
	listen_on(connections, 1, "::", 80);
	listen_on(connections, 2, "0.0.0.0", 80);
	assert_int_equal(listener_for(connections, &v6), 1);
	assert_int_equal(listener_for(connections, &mapped), 1);
	assert_int_equal(listener_for(connections, &v4), 2);
}

static void a_socket_that_stops_listening_is_no_listener(void **state)
{
	struct connections *connections = *state;
	struct tuple tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 40000);
	struct connection *first = listen_on(connections, 1, "0.0.0.0", 80);
	struct connection *second = listen_on(connections, 2, "0.0.0.0", 80);

	connections_enter(connections, first, TCP_LISTEN, 2, 2); /* once more: not twice listed */
	assert_int_equal(connections->listener_count, 2);
	connections_enter(connections, first, TCP_CLOSE, 3, 3);
	assert_int_equal(listener_for(connections, &tuple), 2);
	connections_remove(connections, second);
	assert_int_equal(listener_for(connections, &tuple), 0);
	assert_int_equal(connections->listener_count, 0);
}

static void remember(void *context, struct connection *connection)
{
	uint32_t *visits = context;

	visits[connection->cookie]++;
}

static void each_connection_is_visited_once(void **state)
{
	enum { CONNECTIONS = 5000 };
	static uint32_t visits[CONNECTIONS];
	struct connections *connections = *state;

	memset(visits, 0, sizeof(visits));
	for (uint64_t cookie = 0; cookie < CONNECTIONS; cookie++)
		connections_add(connections, cookie);
	for (uint64_t cookie = 0; cookie < CONNECTIONS; cookie += 2)
		connections_remove(connections, connections_find(connections, cookie));
	connections_each(connections, remember, visits);
	for (uint64_t cookie = 0; cookie < CONNECTIONS; cookie++)
		assert_int_equal(visits[cookie], cookie % 2);
}

#define connection_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		connection_test(a_connection_is_found_by_its_cookie_until_it_is_removed),
		connection_test(better_evidence_of_the_owner_wins_whatever_comes_first),
		connection_test(nobody_never_takes_a_connection_from_its_owner),
		connection_test(of_listeners_that_share_a_port_the_owners_own_is_taken),
		connection_test(a_childs_listener_is_the_one_of_its_cookie_if_that_can_be),
		connection_test(the_first_closer_stays_the_closer),
		connection_test(who_closes_owns_it_unless_more_is_known),
		connection_test(processes_are_referred_to_by_owner_and_closer_and_let_go),
		connection_test(a_listener_is_found_by_port_and_namespace),
		connection_test(a_listener_on_another_address_is_not_the_one),
		connection_test(a_listener_on_the_address_comes_before_one_on_all),
		connection_test(a_listener_of_the_other_family_is_not_the_one),
		connection_test(a_socket_that_stops_listening_is_no_listener),
		connection_test(each_connection_is_visited_once),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
