// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/outcome.h"

#include <errno.h>

#include "records.h"
#include "unit.h"

/* connect() goes back to CLOSE, as the kernel shows it. */
struct attempt {
	uint16_t lport; /* inet_sport, which outlives the port */
	uint16_t port_held;
	bool unsent;
	int error;
	enum port_failure_kind failure;
	uint16_t lport_then;
};

static const struct attempt attempts[] = {
	/* the first connect() of a socket finds no port; one that had a port before */
	{0, 0, true, 0, FAILURE_NO_PORT, 0},
	{40000, 0, true, 0, FAILURE_NO_PORT, 0},
	/* its beginning was not seen: that it has no port is certain all the same */
	{0, 0, false, 0, FAILURE_NO_PORT, 0},
	/* bound, and the tuple is in use */
	{40000, 40000, true, 0, FAILURE_IN_USE, 40000},
	/* a SYN was sent: close() meanwhile, with and without a bound port */
	{40000, 0, false, 0, FAILURE_NONE, 40000},
	{40000, 40000, false, 0, FAILURE_NONE, 40000},
	/* refused, timed out */
	{40000, 0, false, ECONNREFUSED, FAILURE_NONE, 40000},
	{40000, 40000, false, ETIMEDOUT, FAILURE_NONE, 40000},
	/* the error is of the connection before: connect(AF_UNSPEC) left it */
	{40000, 40000, true, ECONNRESET, FAILURE_IN_USE, 40000},
	{40000, 0, true, ECONNRESET, FAILURE_NO_PORT, 0},
};

static struct record_transition failing(const struct attempt *attempt)
{
	struct record_transition record = transition_of(1, SECOND, TCP_SYN_SENT, TCP_CLOSE);

	record.tuple.lport = attempt->lport;
	record.port_held = attempt->port_held;
	record.unsent = attempt->unsent;
	record.error = (uint16_t)attempt->error;
	record.range_low = 100;
	record.range_high = 200;
	return record;
}

static void a_connect_that_fails_is_told_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(attempts); i++) {
		struct record_transition record = failing(&attempts[i]);

		outcome_resolve(&record, false);
		check(record.failure == attempts[i].failure, "attempt %zu: %u, not %u", i,
		      record.failure, attempts[i].failure);
		check(record.tuple.lport == attempts[i].lport_then, "attempt %zu: port %u", i,
		      record.tuple.lport);
		check(!record.error == (record.failure || !attempts[i].error),
		      "attempt %zu: error %u", i, record.error);
	}
}

static void only_a_want_of_ports_has_a_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(attempts); i++) {
		struct record_transition record = failing(&attempts[i]);
		bool short_of = attempts[i].failure == FAILURE_NO_PORT;

		if (attempts[i].failure == FAILURE_NONE && record.error)
			continue;
		outcome_resolve(&record, false);
		assert_int_equal(record.range_low, short_of ? 100 : 0);
		assert_int_equal(record.range_high, short_of ? 200 : 0);
	}
}

static void other_transitions_are_no_failures(void **state)
{
	(void)state;
	for (unsigned int old = TCP_ESTABLISHED; old < TCP_STATES; old++)
		for (unsigned int new = TCP_ESTABLISHED; new < TCP_STATES; new ++) {
			struct record_transition record = transition_of(1, SECOND, old, new);

			if (old == TCP_SYN_SENT && new == TCP_CLOSE)
				continue;
			record.unsent = true;
			outcome_resolve(&record, true);
			assert_int_equal(record.failure, FAILURE_NONE);
			assert_int_equal(record.tuple.lport, tuple_plain().lport);
		}
}

static uint32_t closer_after(unsigned int old, unsigned int new, int error)
{
	struct record_transition record = transition_of(1, SECOND, old, new);

	record.closer = process_of(7, "closer");
	record.error = (uint16_t)error;
	outcome_resolve(&record, false);
	return record.closer.pid;
}

static void who_sent_the_fin_is_the_closer_whatever_the_error(void **state)
{
	(void)state;
	assert_int_equal(closer_after(TCP_ESTABLISHED, TCP_FIN_WAIT1, 0), 7);
	assert_int_equal(closer_after(TCP_ESTABLISHED, TCP_FIN_WAIT1, ECONNRESET), 7);
	assert_int_equal(closer_after(TCP_CLOSE_WAIT, TCP_LAST_ACK, EPIPE), 7);
}

static void an_rst_has_a_closer_unless_it_is_the_peers(void **state)
{
	(void)state;
	assert_int_equal(closer_after(TCP_ESTABLISHED, TCP_CLOSE, 0), 7);
	assert_int_equal(closer_after(TCP_CLOSE_WAIT, TCP_CLOSE, 0), 7);
	assert_int_equal(closer_after(TCP_ESTABLISHED, TCP_CLOSE, ECONNRESET), 0);
	assert_int_equal(closer_after(TCP_CLOSE_WAIT, TCP_CLOSE, EPIPE), 0);
	assert_int_equal(closer_after(TCP_SYN_RECV, TCP_CLOSE, ECONNABORTED), 0);
}

static bool refused_after(unsigned int old, int error, bool told, bool refusals_told)
{
	struct record_transition record = transition_of(1, SECOND, old, TCP_CLOSE);

	record.error = (uint16_t)error;
	record.refused = told;
	outcome_resolve(&record, refusals_told);
	return record.refused;
}

static void what_should_have_become_a_minisocket_seems_refused(void **state)
{
	(void)state;
	assert_true(refused_after(TCP_FIN_WAIT2, 0, false, false));
	assert_true(refused_after(TCP_CLOSING, 0, false, false));
	assert_false(refused_after(TCP_FIN_WAIT2, ECONNRESET, false, false));
	assert_false(refused_after(TCP_LAST_ACK, 0, false, false));
	assert_false(refused_after(TCP_FIN_WAIT1, 0, false, false));
}

static void a_refusal_that_is_told_is_certain(void **state)
{
	(void)state;
	assert_true(refused_after(TCP_FIN_WAIT2, 0, true, true));
	assert_true(refused_after(TCP_CLOSING, ECONNRESET, true, true));
	assert_false(refused_after(TCP_FIN_WAIT2, 0, false, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connect_that_fails_is_told_why),
		cmocka_unit_test(only_a_want_of_ports_has_a_range),
		cmocka_unit_test(other_transitions_are_no_failures),
		cmocka_unit_test(who_sent_the_fin_is_the_closer_whatever_the_error),
		cmocka_unit_test(an_rst_has_a_closer_unless_it_is_the_peers),
		cmocka_unit_test(what_should_have_become_a_minisocket_seems_refused),
		cmocka_unit_test(a_refusal_that_is_told_is_certain),
	};

	return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
