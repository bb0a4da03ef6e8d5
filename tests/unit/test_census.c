// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose ports are whose, as the rows of the ports view have it. */
#include "ports_screen.h"

static void a_connection_holds_a_port_of_its_owner(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	connects(screen, 1, LOW, 7);
	row = only_row(screen);
	assert_int_equal(row->now.used, 1);
	assert_int_equal(row->now.by_state[TCP_ESTABLISHED], 1);
	assert_int_equal(ports_of(screen, &row->now, 7), 1);
	assert_int_equal(row->now.supply.supply, HIGH - LOW + 1);
	assert_int_equal(row->tuple.rport, 80);
	assert_int_equal(row->tuple.lport, 0);
}

static void owners_are_ordered_by_their_ports(void **state)
{
	struct screen *screen = *state;
	const struct census *census;

	connect_range(screen, LOW, LOW + 1, 7);
	connect_range(screen, LOW + 2, LOW + 6, 8);
	connect_range(screen, LOW + 7, LOW + 7, 0);
	connect_range(screen, LOW + 8, LOW + 9, 9);
	census = &only_row(screen)->now;
	assert_int_equal(census->used, 10);
	assert_int_equal(census->owner_count, 4);
	assert_int_equal(pid_of(screen, census->owners[0].process), 8);
	assert_int_equal(census->owners[0].ports, 5);
	assert_int_equal(pid_of(screen, census->owners[1].process), 7);
	assert_int_equal(pid_of(screen, census->owners[2].process), 9);
	assert_int_equal(census->owners[3].process, 0);
	assert_int_equal(census->owners[3].ports, 1);
}

static void a_port_is_held_in_any_state(void **state)
{
	struct screen *screen = *state;
	static const unsigned int others[] = {TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE_WAIT,
					      TCP_LAST_ACK, TCP_CLOSING};
	const struct census *census;

	for (uint16_t i = 0; i < COUNT(others); i++) {
		connects(screen, 1 + i, LOW + i, 7);
		moves(screen, 1 + i, LOW + i, TCP_ESTABLISHED, others[i]);
	}
	connects(screen, 10, LOW + 8, 7);
	waits(screen, 10, LOW + 8, false);
	asks(screen, 11, 7); /* holds none yet */
	census = &only_row(screen)->now;
	assert_int_equal(census->used, COUNT(others) + 1);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(census->by_state[others[i]], 1);
	assert_int_equal(census->by_state[TCP_TIME_WAIT], 1);
	assert_int_equal(census->by_state[TCP_SYN_SENT], 0);
	assert_int_equal(census->owners[0].by_state[TCP_TIME_WAIT], 1);
}

static void a_time_wait_stays_with_who_connected(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	connects(screen, 1, LOW, 7);
	waits(screen, 1, LOW, false);
	pass(screen, 30 * SECOND);
	row = only_row(screen);
	assert_int_equal(ports_of(screen, &row->now, 7), 1);
	pass(screen, 31 * SECOND);
	expires(screen, 1, LOW);
	assert_int_equal(only_row(screen)->now.used, 0);
	assert_int_equal(row->released, 1);
	assert_true(row->held_ns == 61 * SECOND);
}

static void what_is_accepted_holds_no_port_of_ours(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = step_of(screen, 1, LOW, TCP_SYN_RECV, TCP_ESTABLISHED, 7);

	record.direction = DIRECTION_IN;
	feed(screen->world, record);
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.pool.live, 0);
}

static void list_established(struct screen *screen, uint16_t lport, unsigned int direction)
{
	struct record_socket record = socket_row(lport, screen->time_ns, TCP_ESTABLISHED);

	record.tuple.lport = lport;
	record.direction = (uint8_t)direction;
	listing_begins(screen);
	feed(screen->world, record);
	listing_ends(screen);
}

static void of_unknown_direction_those_outside_of_the_supply_are_a_servers(void **state)
{
	struct screen *screen = *state;

	list_established(screen, 443, DIRECTION_UNKNOWN);
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.pool.live, 0);
	list_established(screen, LOW, DIRECTION_UNKNOWN);
	assert_int_equal(only_row(screen)->now.used, 1);
}

/* Its listener is told by the same listing, so that it is known to be accepted. */
static void a_servers_connection_in_the_range_is_none_of_ours(void **state)
{
	struct screen *screen = *state;
	struct record_socket listener = socket_row(1, screen->time_ns, TCP_LISTEN);
	struct record_socket accepted = socket_row(2, screen->time_ns, TCP_ESTABLISHED);

	listener.tuple.lport = accepted.tuple.lport = LOW;
	listener.flags = SOCKET_BOUND;
	listing_begins(screen);
	feed(screen->world, listener);
	feed(screen->world, accepted);
	listing_ends(screen);
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.pool.live, 0);
}

static void listeners_and_closed_sockets_hold_none(void **state)
{
	struct screen *screen = *state;

	feed(screen->world, step_of(screen, 1, LOW, TCP_CLOSE, TCP_LISTEN, 7));
	refresh(screen, true);
	assert_int_equal(screen->ports.rows.pool.live, 0);
}

static void a_bound_port_is_blocked_and_not_used(void **state)
{
	struct screen *screen = *state;
	const struct census *census;

	connect_range(screen, LOW, LOW + 4, 7);
	list_bound(screen, LOW + 3, LOW + 6, 8);
	census = &only_row(screen)->now;
	assert_int_equal(census->supply.blocked, 4);
	assert_int_equal(census->supply.supply, 6);
	assert_int_equal(census->used, 3);
}

static void a_reserved_port_is_not_used(void **state)
{
	struct screen *screen = *state;
	const struct census *census;

	connect_range(screen, LOW, LOW + 4, 7);
	reserve(screen, LOW, LOW + 1);
	census = &only_row(screen)->now;
	assert_int_equal(census->supply.reserved, 2);
	assert_int_equal(census->used, 3);
}

static void a_port_outside_of_the_range_is_not_used(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	connects(screen, 1, LOW - 1, 7);
	connects(screen, 2, HIGH + 1, 7);
	connects(screen, 3, HIGH, 7);
	row = only_row(screen);
	assert_int_equal(row->now.used, 1);
	assert_int_equal(row->consumed, 3);
}

static void v4_and_v4_mapped_share_the_supply(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;

	connects(screen, 1, LOW, 7);
	screen->to = tuple_of("::ffff:10.0.0.1", 0, "::ffff:10.0.0.2", 80);
	connects(screen, 2, LOW + 1, 7);
	row = only_row(screen);
	assert_int_equal(row->now.used, 2);
	assert_true(row->family.mixed);
}

static void check_apart(struct screen *screen, struct tuple other)
{
	connects(screen, 1, LOW, 7);
	screen->to = other;
	connects(screen, 2, LOW, 7);
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 2);
	assert_int_equal(ports_shown(&screen->ports, 0)->now.used, 1);
	assert_int_equal(ports_shown(&screen->ports, 1)->now.used, 1);
}

static void local_addresses_have_supplies_of_their_own(void **state)
{
	check_apart(*state, tuple_of("10.0.0.3", 0, "10.0.0.2", 80));
}

static void remote_addresses_have_supplies_of_their_own(void **state)
{
	check_apart(*state, tuple_of("10.0.0.1", 0, "10.0.0.3", 80));
}

static void remote_ports_have_supplies_of_their_own(void **state)
{
	check_apart(*state, tuple_of("10.0.0.1", 0, "10.0.0.2", 81));
}

static void namespaces_have_supplies_of_their_own(void **state)
{
	struct tuple tuple = tuple_of("10.0.0.1", 0, "10.0.0.2", 80);

	tuple.netns++;
	check_apart(*state, tuple);
}

static void without_settings_all_ports_count_and_the_supply_is_unknown(void **state)
{
	struct screen *screen = *state;
	const struct port_row *row;
	uint32_t supply;

	connects(screen, 1, 443, 7);
	connects(screen, 2, LOW, 7);
	row = only_row(screen);
	assert_int_equal(row->now.used, 2);
	assert_false(row->now.supply_known);
	assert_false(ports_supply(&row->now, &supply));
}

static uint32_t reusable_after(struct screen *screen, uint64_t ns, bool timestamps)
{
	connects(screen, 1, LOW, 7);
	waits(screen, 1, LOW, timestamps);
	pass(screen, ns);
	return only_row(screen)->now.reusable;
}

static void a_time_wait_with_timestamps_is_reusable_after_the_delay(void **state)
{
	assert_int_equal(reusable_after(*state, SECOND, true), 1);
}

static void a_time_wait_is_not_reusable_before_the_delay(void **state)
{
	assert_int_equal(reusable_after(*state, SECOND - 1, true), 0);
}

static void a_time_wait_without_timestamps_is_not_reusable(void **state)
{
	assert_int_equal(reusable_after(*state, 30 * SECOND, false), 0);
}

static void a_listed_time_wait_is_reusable_by_its_timer(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH);

	record.flags |= SOCKET_TIMESTAMPS;
	record.tuple.lport = LOW;
	listing_begins(screen);
	feed(screen->world, record);
	record.cookie = 2;
	record.tuple.lport = LOW + 1;
	record.remaining_ns = LENGTH - 2 * (int64_t)SECOND;
	feed(screen->world, record);
	listing_ends(screen);
	assert_int_equal(only_row(screen)->now.used, 2);
	assert_int_equal(only_row(screen)->now.reusable, 1);
}

static void for_loopback_alone_others_are_not_reusable(void **state)
{
	struct screen *screen = *state;

	screen->settings.tw_reuse = 2;
	list_nothing(screen);
	assert_int_equal(reusable_after(screen, 2 * SECOND, true), 0);
	screen->to = tuple_of("127.0.0.1", 0, "127.0.0.1", 80);
	connects(screen, 2, LOW, 7);
	waits(screen, 2, LOW, true);
	pass(screen, 2 * SECOND);
	refresh(screen, false);
	assert_int_equal(ports_destination(&screen->ports, &screen->to)->now.reusable, 1);
}

static void what_waits_for_the_peers_fin_is_not_reusable(void **state)
{
	struct screen *screen = *state;
	struct record_timewait record =
		timewait_of(1, screen->time_ns, TIMEWAIT_ARMED, TCP_FIN_WAIT2, LENGTH);

	connects(screen, 1, LOW, 7);
	record.tuple = screen->to;
	record.tuple.lport = LOW;
	record.timestamps = true;
	feed(screen->world, record);
	pass(screen, 5 * SECOND);
	assert_int_equal(only_row(screen)->now.by_state[TCP_FIN_WAIT2], 1);
	assert_int_equal(only_row(screen)->now.reusable, 0);
}

static void a_better_owner_takes_the_port_over(void **state)
{
	struct screen *screen = *state;
	struct record_holder holder = holder_of(LOW, BEGIN, 8, "heir");

	list_established(screen, LOW, DIRECTION_OUT);
	assert_int_equal(only_row(screen)->now.owners[0].process, 0);
	feed(screen->world, holder);
	assert_int_equal(ports_of(screen, &only_row(screen)->now, 8), 1);
	assert_int_equal(only_row(screen)->now.owner_count, 1);
}

/* Nothing in a census outlives the next one: references are given back. */
static void a_census_gives_back_what_it_refers_to(void **state)
{
	struct screen *screen = *state;
	struct process_id id = process_of(7, "client");
	struct processes *processes = &screen->world->model.connections.processes;
	const struct process *client;

	connect_range(screen, LOW, LOW + 4, 7);
	for (unsigned int times = 0; times < 3; times++)
		refresh(screen, false);
	client = processes_get(processes, processes_number(processes, &id));
	assert_int_equal(client->references, 5 + 1);
	for (uint16_t port = LOW; port < LOW + 5; port++)
		is_over(screen, port, port);
	refresh(screen, false);
	assert_int_equal(client->references, 0);
}

static void many_owners_are_counted_each(void **state)
{
	struct screen *screen = *state;
	const struct census *census;

	screen->settings.low = 1;
	screen->settings.high = 65535;
	list_nothing(screen);
	for (uint32_t i = 0; i < 5000; i++)
		connects(screen, 1 + i, (uint16_t)(1 + i), 1 + i * 7919 % 500);
	census = &only_row(screen)->now;
	assert_int_equal(census->used, 5000);
	assert_int_equal(census->owner_count, 500);
	for (uint32_t pid = 1; pid <= 500; pid++)
		assert_int_equal(ports_of(screen, census, pid), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_connection_holds_a_port_of_its_owner),
		screen_test(owners_are_ordered_by_their_ports),
		screen_test(a_port_is_held_in_any_state),
		screen_test(a_time_wait_stays_with_who_connected),
		screen_test(what_is_accepted_holds_no_port_of_ours),
		screen_test(of_unknown_direction_those_outside_of_the_supply_are_a_servers),
		screen_test(a_servers_connection_in_the_range_is_none_of_ours),
		screen_test(listeners_and_closed_sockets_hold_none),
		screen_test(a_bound_port_is_blocked_and_not_used),
		screen_test(a_reserved_port_is_not_used),
		screen_test(a_port_outside_of_the_range_is_not_used),
		screen_test(v4_and_v4_mapped_share_the_supply),
		screen_test(local_addresses_have_supplies_of_their_own),
		screen_test(remote_addresses_have_supplies_of_their_own),
		screen_test(remote_ports_have_supplies_of_their_own),
		screen_test(namespaces_have_supplies_of_their_own),
		unlisted_test(without_settings_all_ports_count_and_the_supply_is_unknown),
		screen_test(a_time_wait_with_timestamps_is_reusable_after_the_delay),
		screen_test(a_time_wait_is_not_reusable_before_the_delay),
		screen_test(a_time_wait_without_timestamps_is_not_reusable),
		screen_test(a_listed_time_wait_is_reusable_by_its_timer),
		screen_test(for_loopback_alone_others_are_not_reusable),
		screen_test(what_waits_for_the_peers_fin_is_not_reusable),
		screen_test(a_better_owner_takes_the_port_over),
		screen_test(a_census_gives_back_what_it_refers_to),
		screen_test(many_owners_are_counted_each),
	};

	return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
