// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/port_space.h"

#include <stdlib.h>

#include "records.h"
#include "unit.h"

#define MS 1000000ULL

struct fixture {
	struct processes processes;
	struct port_spaces ports;
	struct record_ports settings;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	processes_init(&fixture->processes);
	port_spaces_init(&fixture->ports, &fixture->processes);
	fixture->settings = port_settings_of(0, 100, 199);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	port_spaces_free(&fixture->ports);
	processes_free(&fixture->processes);
	free(fixture);
	return 0;
}

#define port_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void reserve(struct fixture *fixture, uint32_t low, uint32_t high)
{
	for (uint32_t port = low; port <= high; port++)
		fixture->settings.reserved[port / 8] |= (uint8_t)(1 << port % 8);
}

static void begins(struct fixture *fixture)
{
	struct record_listing record = listing_of(0, LISTING_BEGINS, 0);

	port_spaces_listing(&fixture->ports, &record);
	port_spaces_settings(&fixture->ports, &fixture->settings);
}

static void ends(struct fixture *fixture)
{
	struct record_listing record = listing_of(0, LISTING_ENDS, 0);

	port_spaces_listing(&fixture->ports, &record);
}

static void binds(struct fixture *fixture, uint16_t port)
{
	port_spaces_bound(&fixture->ports, NETNS, port, 0);
}

static uint32_t process_number(struct fixture *fixture, uint32_t pid)
{
	struct process_id id = process_of(pid, "binder");

	return processes_number(&fixture->processes, &id);
}

static void holds(struct fixture *fixture, uint16_t port, uint32_t pid)
{
	port_spaces_bound(&fixture->ports, NETNS, port, process_number(fixture, pid));
}

static void list_ports(struct fixture *fixture, uint32_t low, uint32_t high)
{
	begins(fixture);
	for (uint32_t port = low; port <= high; port++)
		binds(fixture, (uint16_t)port);
	ends(fixture);
}

static void list_nothing(struct fixture *fixture)
{
	begins(fixture);
	ends(fixture);
}

static const struct port_space *space_of(const struct fixture *fixture)
{
	const struct port_space *space = port_spaces_find(&fixture->ports, NETNS);

	assert_non_null(space);
	return space;
}

static struct port_supply supply_of(const struct fixture *fixture, uint16_t low, uint16_t high)
{
	struct port_supply supply;

	port_supply(space_of(fixture), low, high, &supply);
	return supply;
}

static void expect(struct port_supply supply, uint32_t low, uint32_t high, uint32_t reserved,
		   uint32_t blocked)
{
	assert_int_equal(supply.low, low);
	assert_int_equal(supply.high, high);
	assert_int_equal(supply.reserved, reserved);
	assert_int_equal(supply.blocked, blocked);
	assert_int_equal(supply.supply, high - low + 1 - reserved - blocked);
}

static void the_supply_is_the_range(void **state)
{
	struct fixture *fixture = *state;

	list_nothing(fixture);
	expect(supply_of(fixture, 0, 0), 100, 199, 0, 0);
	assert_true(port_supplied(space_of(fixture), &space_of(fixture)->whole, 100));
	assert_true(port_supplied(space_of(fixture), &space_of(fixture)->whole, 199));
	assert_false(port_supplied(space_of(fixture), &space_of(fixture)->whole, 99));
	assert_false(port_supplied(space_of(fixture), &space_of(fixture)->whole, 200));
}

static void reserved_ports_count_inside_of_the_range_only(void **state)
{
	struct fixture *fixture = *state;

	reserve(fixture, 95, 104);
	reserve(fixture, 199, 300);
	list_nothing(fixture);
	expect(supply_of(fixture, 0, 0), 100, 199, 6, 0);
	assert_false(port_supplied(space_of(fixture), &space_of(fixture)->whole, 104));
	assert_true(port_supplied(space_of(fixture), &space_of(fixture)->whole, 105));
}

static void bound_ports_count_inside_of_the_range_only(void **state)
{
	struct fixture *fixture = *state;

	list_ports(fixture, 190, 210);
	expect(supply_of(fixture, 0, 0), 100, 199, 0, 10);
	assert_false(port_supplied(space_of(fixture), &space_of(fixture)->whole, 190));
	assert_true(port_supplied(space_of(fixture), &space_of(fixture)->whole, 189));
}

static void a_port_bound_twice_counts_once(void **state)
{
	struct fixture *fixture = *state;

	begins(fixture);
	binds(fixture, 150);
	binds(fixture, 150);
	ends(fixture);
	expect(supply_of(fixture, 0, 0), 100, 199, 0, 1);
}

static void what_is_reserved_and_bound_counts_as_reserved(void **state)
{
	struct fixture *fixture = *state;

	reserve(fixture, 100, 109);
	list_ports(fixture, 105, 114);
	expect(supply_of(fixture, 0, 0), 100, 199, 10, 5);
}

static void a_range_reserved_as_a_whole_supplies_none(void **state)
{
	struct fixture *fixture = *state;

	reserve(fixture, 1, 65535);
	list_nothing(fixture);
	expect(supply_of(fixture, 0, 0), 100, 199, 100, 0);
	assert_int_equal(supply_of(fixture, 0, 0).supply, 0);
}

static void the_greatest_range_ends_where_ports_end(void **state)
{
	struct fixture *fixture = *state;

	fixture->settings.low = 1;
	fixture->settings.high = 65535;
	list_ports(fixture, 65535, 65535);
	expect(supply_of(fixture, 0, 0), 1, 65535, 0, 1);
	expect(supply_of(fixture, 2, 65535), 2, 65535, 0, 1);
	reserve(fixture, 1, 65535);
	list_nothing(fixture);
	assert_int_equal(supply_of(fixture, 0, 0).supply, 0);
}

static void a_range_of_one_port_supplies_one(void **state)
{
	struct fixture *fixture = *state;

	fixture->settings.low = fixture->settings.high = 65535;
	list_nothing(fixture);
	expect(supply_of(fixture, 0, 0), 65535, 65535, 0, 0);
}

/* inet_sk_get_local_port_range: each end of its own if it is within, whatever the other is. */
static void a_socket_narrows_the_range_by_either_end(void **state)
{
	struct fixture *fixture = *state;

	reserve(fixture, 100, 104);
	list_ports(fixture, 195, 199);
	expect(supply_of(fixture, 120, 180), 120, 180, 0, 0);
	expect(supply_of(fixture, 104, 195), 104, 195, 1, 1);
	expect(supply_of(fixture, 120, 0), 120, 199, 0, 5);
	expect(supply_of(fixture, 0, 180), 100, 180, 5, 0);
	expect(supply_of(fixture, 100, 199), 100, 199, 5, 5);
	expect(supply_of(fixture, 150, 150), 150, 150, 0, 0);
}

static void an_end_outside_of_the_range_changes_nothing(void **state)
{
	struct fixture *fixture = *state;

	list_nothing(fixture);
	expect(supply_of(fixture, 50, 180), 100, 180, 0, 0);
	expect(supply_of(fixture, 120, 250), 120, 199, 0, 0);
	expect(supply_of(fixture, 50, 99), 100, 199, 0, 0);
	expect(supply_of(fixture, 200, 65535), 100, 199, 0, 0);
	expect(supply_of(fixture, 1, 65535), 100, 199, 0, 0);
}

/* setsockopt refuses it; the kernel would keep the upper end. */
static void an_upper_end_below_the_lower_one_changes_nothing(void **state)
{
	struct fixture *fixture = *state;

	list_nothing(fixture);
	expect(supply_of(fixture, 180, 120), 180, 199, 0, 0);
}

static void a_namespace_is_known_once_it_was_listed_as_a_whole(void **state)
{
	struct fixture *fixture = *state;

	assert_null(port_spaces_find(&fixture->ports, NETNS));
	begins(fixture);
	assert_null(port_spaces_find(&fixture->ports, NETNS));
	ends(fixture);
	assert_non_null(port_spaces_find(&fixture->ports, NETNS));
	assert_null(port_spaces_find(&fixture->ports, NETNS + 1));
}

static void a_listing_counts_when_it_has_ended(void **state)
{
	struct fixture *fixture = *state;

	list_ports(fixture, 100, 109);
	begins(fixture);
	binds(fixture, 150);
	expect(supply_of(fixture, 0, 0), 100, 199, 0, 10);
	expect(supply_of(fixture, 100, 199), 100, 199, 0, 10);
	ends(fixture);
	expect(supply_of(fixture, 0, 0), 100, 199, 0, 1);
}

static void a_listing_that_begins_anew_forgets_what_the_broken_one_found(void **state)
{
	struct fixture *fixture = *state;

	begins(fixture);
	binds(fixture, 150);
	list_ports(fixture, 160, 160);
	expect(supply_of(fixture, 0, 0), 100, 199, 0, 1);
	assert_true(port_supplied(space_of(fixture), &space_of(fixture)->whole, 150));
}

static void settings_may_change_between_listings(void **state)
{
	struct fixture *fixture = *state;

	list_ports(fixture, 190, 199);
	fixture->settings.low = 180;
	fixture->settings.high = 239;
	reserve(fixture, 235, 239);
	fixture->settings.tw_reuse = 2;
	list_ports(fixture, 190, 204);
	expect(supply_of(fixture, 0, 0), 180, 239, 5, 15);
	assert_int_equal(space_of(fixture)->tw_reuse, 2);
}

static void a_namespace_that_is_not_listed_any_more_is_forgotten(void **state)
{
	struct fixture *fixture = *state;

	list_ports(fixture, 100, 109);
	fixture->settings.netns++;
	list_nothing(fixture);
	assert_null(port_spaces_find(&fixture->ports, NETNS));
	assert_non_null(port_spaces_find(&fixture->ports, NETNS + 1));
}

/* Three of them, each with as many bound ports as its number; all but one. */
static void list_namespaces(struct fixture *fixture, uint32_t left_out)
{
	struct record_listing record = listing_of(0, LISTING_BEGINS, 0);

	port_spaces_listing(&fixture->ports, &record);
	for (uint32_t i = 1; i <= 3; i++) {
		if (i == left_out)
			continue;
		fixture->settings.netns = NETNS + i;
		port_spaces_settings(&fixture->ports, &fixture->settings);
		for (uint32_t port = 0; port < i; port++)
			port_spaces_bound(&fixture->ports, NETNS + i, (uint16_t)(150 + port), 0);
	}
	ends(fixture);
}

static void of_several_namespaces_each_keeps_what_is_its_own(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t gone = 1; gone <= 3; gone++) {
		list_namespaces(fixture, 0);
		list_namespaces(fixture, gone);
		for (uint32_t i = 1; i <= 3; i++) {
			const struct port_space *space =
				port_spaces_find(&fixture->ports, NETNS + i);

			if (i == gone)
				assert_null(space);
			else
				assert_int_equal(space->whole.blocked, i);
		}
	}
}

static void bound_ports_of_an_unknown_namespace_are_passed_over(void **state)
{
	struct fixture *fixture = *state;

	begins(fixture);
	port_spaces_bound(&fixture->ports, NETNS + 1, 150, process_number(fixture, 7));
	ends(fixture);
	expect(supply_of(fixture, 0, 0), 100, 199, 0, 0);
	assert_int_equal(fixture->ports.holder_count, 0);
}

/* 0: nobody. */
static uint32_t binder_of(const struct fixture *fixture, uint16_t low, uint16_t high,
			  uint32_t *ports)
{
	struct port_supply supply = supply_of(fixture, low, high);
	const struct process *process;
	struct port_blocker blocker = {0};
	uint32_t number = 0;

	if (port_spaces_blockers(&fixture->ports, NETNS, &supply, &blocker, 1))
		number = blocker.process;
	*ports = blocker.ports;
	process = processes_get(&fixture->processes, number);
	return process ? process->id.pid : 0;
}

static void who_holds_most_bound_ports_is_the_binder(void **state)
{
	struct fixture *fixture = *state;
	uint32_t ports;

	begins(fixture);
	for (uint16_t port = 100; port < 130; port++)
		holds(fixture, port, 7 + port % 3 / 2);
	ends(fixture);
	assert_int_equal(binder_of(fixture, 0, 0, &ports), 7);
	assert_int_equal(ports, 20);
}

static void a_port_that_the_binder_holds_twice_counts_once(void **state)
{
	struct fixture *fixture = *state;
	uint32_t ports;

	begins(fixture);
	for (unsigned int times = 0; times < 5; times++)
		holds(fixture, 150, 7);
	holds(fixture, 160, 8);
	holds(fixture, 161, 8);
	ends(fixture);
	assert_int_equal(binder_of(fixture, 0, 0, &ports), 8);
	assert_int_equal(ports, 2);
}

static void the_binder_is_that_of_the_range_that_was_short(void **state)
{
	struct fixture *fixture = *state;
	uint32_t ports;

	reserve(fixture, 180, 189);
	begins(fixture);
	for (uint16_t port = 130; port < 140; port++)
		holds(fixture, port, 7);
	holds(fixture, 150, 8);
	for (uint16_t port = 180; port < 190; port++)
		holds(fixture, port, 8);
	ends(fixture);
	assert_int_equal(binder_of(fixture, 140, 199, &ports), 8);
	assert_int_equal(ports, 1);
	assert_int_equal(binder_of(fixture, 160, 199, &ports), 0);
	assert_int_equal(ports, 0);
}

static void the_binder_is_of_the_same_namespace(void **state)
{
	struct fixture *fixture = *state;
	uint32_t ports;

	begins(fixture);
	holds(fixture, 150, 7);
	fixture->settings.netns = NETNS + 1;
	port_spaces_settings(&fixture->ports, &fixture->settings);
	for (uint16_t port = 150; port < 160; port++)
		port_spaces_bound(&fixture->ports, NETNS + 1, port, process_number(fixture, 8));
	ends(fixture);
	assert_int_equal(binder_of(fixture, 0, 0, &ports), 7);
	assert_int_equal(ports, 1);
}

static uint32_t references(struct fixture *fixture, uint32_t pid)
{
	return processes_get(&fixture->processes, process_number(fixture, pid))->references;
}

static void holders_are_referred_to_until_the_next_listing(void **state)
{
	struct fixture *fixture = *state;

	begins(fixture);
	for (uint16_t port = 100; port < 200; port++)
		holds(fixture, port, 7);
	holds(fixture, 99, 7);
	ends(fixture);
	assert_int_equal(references(fixture, 7), 100);
	begins(fixture);
	assert_int_equal(references(fixture, 7), 0);
	holds(fixture, 100, 7);
	assert_int_equal(references(fixture, 7), 1);
	ends(fixture);
	list_nothing(fixture);
	assert_int_equal(references(fixture, 7), 0);
}

static bool reusable(struct fixture *fixture, uint32_t tw_reuse, const char *laddr,
		     const char *raddr)
{
	struct tuple tuple = tuple_of(laddr, 150, raddr, 80);

	fixture->settings.tw_reuse = tw_reuse;
	list_nothing(fixture);
	return port_reusable(space_of(fixture), &tuple, true, 2 * SECOND);
}

static void reuse_is_off_everywhere_at_0(void **state)
{
	assert_false(reusable(*state, 0, "10.0.0.1", "10.0.0.2"));
	assert_false(reusable(*state, 0, "127.0.0.1", "127.0.0.1"));
	assert_false(reusable(*state, 0, "::1", "::1"));
}

static void reuse_is_on_everywhere_at_1(void **state)
{
	assert_true(reusable(*state, 1, "10.0.0.1", "10.0.0.2"));
	assert_true(reusable(*state, 1, "127.0.0.1", "127.0.0.1"));
	assert_true(reusable(*state, 1, "2001:db8::1", "2001:db8::2"));
}

/* Either end makes it loopback, as tcp_twsk_unique has it. */
static void reuse_is_on_for_loopback_at_2(void **state)
{
	assert_false(reusable(*state, 2, "10.0.0.1", "10.0.0.2"));
	assert_false(reusable(*state, 2, "2001:db8::1", "2001:db8::2"));
	assert_false(reusable(*state, 2, "126.255.255.255", "128.0.0.1"));
	assert_false(reusable(*state, 2, "::2", "7f00::"));
	assert_true(reusable(*state, 2, "127.0.0.1", "127.0.0.1"));
	assert_true(reusable(*state, 2, "127.255.0.9", "10.0.0.2"));
	assert_true(reusable(*state, 2, "10.0.0.1", "127.0.0.53"));
	assert_true(reusable(*state, 2, "::1", "::1"));
	assert_true(reusable(*state, 2, "2001:db8::1", "::1"));
	assert_true(reusable(*state, 2, "::ffff:127.0.0.1", "::ffff:10.0.0.2"));
	assert_false(reusable(*state, 2, "::ffff:10.0.0.1", "::ffff:10.0.0.2"));
}

static void without_timestamps_there_is_no_reuse(void **state)
{
	struct fixture *fixture = *state;
	struct tuple tuple = tuple_plain();

	list_nothing(fixture);
	assert_true(port_reusable(space_of(fixture), &tuple, true, 60 * SECOND));
	assert_false(port_reusable(space_of(fixture), &tuple, false, 60 * SECOND));
}

static void there_is_no_reuse_before_the_delay(void **state)
{
	struct fixture *fixture = *state;
	struct tuple tuple = tuple_plain();

	fixture->settings.tw_reuse_delay_ms = 250;
	list_nothing(fixture);
	assert_false(port_reusable(space_of(fixture), &tuple, true, 0));
	assert_false(port_reusable(space_of(fixture), &tuple, true, 250 * MS - 1));
	assert_true(port_reusable(space_of(fixture), &tuple, true, 250 * MS));
	fixture->settings.tw_reuse_delay_ms = UINT32_MAX;
	list_nothing(fixture);
	assert_false(port_reusable(space_of(fixture), &tuple, true, 60 * SECOND));
}

/* Whatever is bound and reserved: each port of the range is in one of three places. */
static void the_parts_add_up_for_any_settings(void **state)
{
	struct fixture *fixture = *state;
	uint64_t seed = 88172645463325252ULL;

	for (unsigned int times = 0; times < 50; times++) {
		uint32_t low = 1 + (uint32_t)(random_next(&seed) % 60000), there = 0;
		uint32_t high = low + (uint32_t)(random_next(&seed) % 3000);
		struct port_supply supply;

		fixture->settings = port_settings_of(0, (uint16_t)low, (uint16_t)high);
		for (unsigned int i = 0; i < sizeof(fixture->settings.reserved); i++)
			fixture->settings.reserved[i] =
				(uint8_t)(random_next(&seed) & random_next(&seed));
		begins(fixture);
		for (unsigned int i = 0; i < 1000; i++)
			binds(fixture, (uint16_t)random_next(&seed));
		ends(fixture);
		supply = supply_of(fixture, (uint16_t)random_next(&seed), 0);
		for (uint32_t port = 0; port < PORTS; port++)
			there += port_supplied(space_of(fixture), &supply, (uint16_t)port);
		assert_int_equal(supply.supply, there);
		expect(supply, supply.low, high, supply.reserved, supply.blocked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		port_test(the_supply_is_the_range),
		port_test(reserved_ports_count_inside_of_the_range_only),
		port_test(bound_ports_count_inside_of_the_range_only),
		port_test(a_port_bound_twice_counts_once),
		port_test(what_is_reserved_and_bound_counts_as_reserved),
		port_test(a_range_reserved_as_a_whole_supplies_none),
		port_test(the_greatest_range_ends_where_ports_end),
		port_test(a_range_of_one_port_supplies_one),
		port_test(a_socket_narrows_the_range_by_either_end),
		port_test(an_end_outside_of_the_range_changes_nothing),
		port_test(an_upper_end_below_the_lower_one_changes_nothing),
		port_test(a_namespace_is_known_once_it_was_listed_as_a_whole),
		port_test(a_listing_counts_when_it_has_ended),
		port_test(a_listing_that_begins_anew_forgets_what_the_broken_one_found),
		port_test(settings_may_change_between_listings),
		port_test(a_namespace_that_is_not_listed_any_more_is_forgotten),
		port_test(of_several_namespaces_each_keeps_what_is_its_own),
		port_test(bound_ports_of_an_unknown_namespace_are_passed_over),
		port_test(who_holds_most_bound_ports_is_the_binder),
		port_test(a_port_that_the_binder_holds_twice_counts_once),
		port_test(the_binder_is_that_of_the_range_that_was_short),
		port_test(the_binder_is_of_the_same_namespace),
		port_test(holders_are_referred_to_until_the_next_listing),
		port_test(reuse_is_off_everywhere_at_0),
		port_test(reuse_is_on_everywhere_at_1),
		port_test(reuse_is_on_for_loopback_at_2),
		port_test(without_timestamps_there_is_no_reuse),
		port_test(there_is_no_reuse_before_the_delay),
		port_test(the_parts_add_up_for_any_settings),
	};

	return cmocka_run_group_tests_name("port_space", tests, NULL, NULL);
}
