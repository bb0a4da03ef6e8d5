// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/parse.h"
#include "records.h"
#include "unit.h"
#include "wanted.h"

#define LOW  20000
#define HIGH 20009

static struct tuple_filter filter_of(const char *lports)
{
	struct tuple_filter filter = {0};

	assert_null(parse_ports(lports, &filter.lport));
	return filter;
}

/* Of a connect() the port is known when SYN_SENT is over. */
static void what_leaves_SYN_SENT_passes_whatever_its_port_is(void **state)
{
	struct tuple_filter own = filter_of("40000"), other = filter_of("40001");
	struct tuple tuple = tuple_plain();

	(void)state;
	for (int old = TCP_ESTABLISHED; old < TCP_STATES; old++) {
		assert_true(filter_transition(&own, &tuple, old, TCP_CLOSE));
		check(filter_transition(&other, &tuple, old, TCP_CLOSE) == (old == TCP_SYN_SENT),
		      "%d", old);
	}
	tuple.lport = 0;
	for (int old = TCP_ESTABLISHED; old < TCP_STATES; old++)
		if (old != TCP_LISTEN)
			assert_true(filter_transition(&other, &tuple, old, TCP_CLOSE));
}

/* It tells whose the connections are that pass, and has no remote end itself. */
static void a_listener_passes_by_its_port_alone(void **state)
{
	struct tuple_filter own = filter_of("40000"), other = filter_of("40001"), remote = {0};
	struct tuple tuple = tuple_of("0.0.0.0", 40000, "0.0.0.0", 0);

	(void)state;
	assert_null(parse_ports("81", &remote.rport));
	assert_true(filter_socket(&own, &tuple, TCP_LISTEN));
	assert_false(filter_socket(&other, &tuple, TCP_LISTEN));
	assert_true(filter_socket(&remote, &tuple, TCP_LISTEN));
	assert_true(filter_transition(&remote, &tuple, TCP_CLOSE, TCP_LISTEN));
	assert_true(filter_transition(&remote, &tuple, TCP_LISTEN, TCP_CLOSE));
}

static void what_else_filters_decides_in_SYN_SENT_as_well(void **state)
{
	struct tuple_filter filter = {0};
	struct tuple tuple = tuple_plain();

	(void)state;
	assert_null(parse_ports("81", &filter.rport));
	assert_false(filter_transition(&filter, &tuple, TCP_SYN_SENT, TCP_CLOSE));
}

static void a_socket_without_a_port_passes_and_a_minisocket_has_one(void **state)
{
	struct tuple_filter own = filter_of("40000"), other = filter_of("40001");
	struct tuple tuple = tuple_plain(), none = tuple_plain();

	(void)state;
	none.lport = 0;
	assert_true(filter_socket(&own, &tuple, TCP_ESTABLISHED));
	assert_false(filter_socket(&other, &tuple, TCP_ESTABLISHED));
	assert_true(filter_socket(&other, &none, TCP_ESTABLISHED));
	assert_true(filter_minisocket(&own, &tuple));
	assert_false(filter_minisocket(&other, &tuple));
	assert_false(filter_minisocket(&other, &none));
}

static void a_listener_was_not_accepted(void **state)
{
	(void)state;
	assert_true(is_accepted(DIRECTION_IN, TCP_SYN_RECV, TCP_ESTABLISHED));
	assert_true(is_accepted(DIRECTION_IN, TCP_LAST_ACK, TCP_CLOSE));
	assert_false(is_accepted(DIRECTION_IN, TCP_CLOSE, TCP_LISTEN));
	assert_false(is_accepted(DIRECTION_IN, TCP_LISTEN, TCP_CLOSE));
	assert_false(is_accepted(DIRECTION_OUT, TCP_LAST_ACK, TCP_CLOSE));
	assert_false(is_accepted(DIRECTION_UNKNOWN, TCP_LAST_ACK, TCP_CLOSE));
}

static void of_minisockets_only_those_of_a_bound_port_are_left_out(void **state)
{
	(void)state;
	assert_true(wanted_minisocket(false, false));
	assert_true(wanted_minisocket(false, true));
	assert_true(wanted_minisocket(true, false));
	assert_false(wanted_minisocket(true, true));
}

static void what_was_accepted_counts_on_a_bound_port_of_the_range(void **state)
{
	static const struct {
		uint8_t direction, state;
		uint16_t bound_port;
		bool counts;
	} cases[] = {
		{DIRECTION_OUT, TCP_ESTABLISHED, 0, true},
		{DIRECTION_UNKNOWN, TCP_ESTABLISHED, 0, true},
		{DIRECTION_IN, TCP_LISTEN, 80, true},
		{DIRECTION_IN, TCP_ESTABLISHED, 0, false},
		{DIRECTION_IN, TCP_ESTABLISHED, LOW - 1, false},
		{DIRECTION_IN, TCP_ESTABLISHED, LOW, true},
		{DIRECTION_IN, TCP_CLOSE_WAIT, HIGH, true},
		{DIRECTION_IN, TCP_ESTABLISHED, HIGH + 1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(counts_for_range(cases[i].direction, cases[i].state, cases[i].bound_port, LOW,
				       HIGH) == cases[i].counts,
		      "case %zu", i);
	/* no range is known: no port is one of it */
	assert_false(counts_for_range(DIRECTION_IN, TCP_ESTABLISHED, 0, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_leaves_SYN_SENT_passes_whatever_its_port_is),
		cmocka_unit_test(a_listener_passes_by_its_port_alone),
		cmocka_unit_test(what_else_filters_decides_in_SYN_SENT_as_well),
		cmocka_unit_test(a_socket_without_a_port_passes_and_a_minisocket_has_one),
		cmocka_unit_test(a_listener_was_not_accepted),
		cmocka_unit_test(of_minisockets_only_those_of_a_bound_port_are_left_out),
		cmocka_unit_test(what_was_accepted_counts_on_a_bound_port_of_the_range),
	};

	return cmocka_run_group_tests_name("wanted", tests, NULL, NULL);
}
