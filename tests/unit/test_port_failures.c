// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connects that got no port: why, whose, and who held them. */
#include "ports_screen.h"

static void a_range_held_as_a_whole_is_exhausted(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	connect_range(screen, LOW, LOW + 5, 7);
	connect_range(screen, LOW + 6, HIGH, 8);
	fails(screen, 9);
	failure = only_failure(screen);
	assert_int_equal(failure->cause, CAUSE_RANGE_EXHAUSTED);
	assert_int_equal(failure->count, 1);
	assert_int_equal(pid_of(screen, failure->row.process), 9);
	assert_int_equal(failure->tuple.rport, 80);
	assert_int_equal(failure->census.used, 10);
	assert_int_equal(failure->census.supply.supply, 10);
	assert_int_equal(ports_of(screen, &failure->census, 7), 6);
	assert_int_equal(ports_of(screen, &failure->census, 8), 4);
	assert_int_equal(ports_of(screen, &failure->census, 9), 0);
}

static void when_and_how_long_it_searched_is_told(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	fails(screen, 7);
	pass(screen, SECOND);
	fails(screen, 7);
	failure = only_failure(screen);
	assert_true(failure->first_ns == BEGIN + SEARCH_NS);
	assert_true(failure->last_ns == BEGIN + SECOND + SEARCH_NS);
	assert_true(failure->search_ns == SEARCH_NS);
}

static void a_search_whose_begin_was_not_seen_has_no_length(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = step_of(screen, 1, 0, TCP_SYN_SENT, TCP_CLOSE, 7);

	record.failure = FAILURE_NO_PORT;
	feed(screen->world, record);
	assert_true(only_failure(screen)->search_ns == UNKNOWN_NS);
}

static void failures_of_one_owner_and_destination_are_counted(void **state)
{
	struct screen *screen = *state;

	for (unsigned int times = 0; times < 100; times++)
		fails(screen, 7);
	assert_int_equal(only_failure(screen)->count, 100);
	pass(screen, SECOND);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->count, 101);
}

static void two_owners_fail_each_for_itself(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 7);
	fails(screen, 8);
	fails(screen, 8);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct port_failure *failure = ports_failure(&screen->ports, i);
		uint32_t pid = pid_of(screen, failure->row.process);

		assert_int_equal(failure->count, pid - 6);
		assert_int_equal(ports_of(screen, &failure->census, 7), 10);
	}
}

static void two_destinations_fail_each_for_itself(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 7);
	screen->to.rport = 81;
	fails(screen, 7);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct port_failure *failure = ports_failure(&screen->ports, i);

		assert_int_equal(failure->census.used, failure->tuple.rport == 80 ? 10 : 0);
	}
}

static void an_unknown_owner_fails_as_nobody_known(void **state)
{
	struct screen *screen = *state;

	fails(screen, 0);
	assert_int_equal(only_failure(screen)->row.process, 0);
}

static void v4_and_v4_mapped_fail_together(void **state)
{
	struct screen *screen = *state;

	fails(screen, 7);
	screen->to = tuple_of("::ffff:10.0.0.1", 0, "::ffff:10.0.0.2", 80);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->count, 2);
}

static void more_bound_than_used_is_blocked_by_bind(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	list_bound(screen, LOW, LOW + 5, 30);
	connect_range(screen, LOW + 6, HIGH, 7);
	fails(screen, 7);
	failure = only_failure(screen);
	assert_int_equal(failure->cause, CAUSE_BLOCKED_BY_BIND);
	assert_int_equal(failure->census.supply.blocked, 6);
	assert_int_equal(failure->census.used, 4);
	assert_int_equal(pid_of(screen, failure->binder), 30);
	assert_int_equal(failure->binder_ports, 6);
}

static void as_many_bound_as_used_is_exhausted(void **state)
{
	struct screen *screen = *state;

	list_bound(screen, LOW, LOW + 4, 30);
	connect_range(screen, LOW + 5, HIGH, 7);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->cause, CAUSE_RANGE_EXHAUSTED);
}

static void reserved_ports_block_nobody_by_bind(void **state)
{
	struct screen *screen = *state;

	reserve(screen, LOW, HIGH);
	list_bound(screen, LOW, HIGH, 30);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->cause, CAUSE_RANGE_EXHAUSTED);
}

static void a_binder_that_is_unknown_is_none(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	list_bound(screen, LOW, HIGH, 0);
	fails(screen, 7);
	failure = only_failure(screen);
	assert_int_equal(failure->cause, CAUSE_BLOCKED_BY_BIND);
	assert_int_equal(failure->binder, 0);
}

static void a_bound_port_in_use_is_a_cause_of_its_own(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	fails_with(screen, 7, FAILURE_IN_USE, 0, 0);
	failure = only_failure(screen);
	assert_int_equal(failure->cause, CAUSE_TUPLE_IN_USE);
	assert_int_equal(failure->census.used, 0);
	assert_int_equal(failure->tuple.lport, 50000);
}

static void the_causes_of_one_owner_are_told_apart(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 7);
	fails_with(screen, 7, FAILURE_IN_USE, 0, 0);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 2);
	for (uint16_t port = LOW; port <= HIGH; port++)
		is_over(screen, port, port);
	list_bound(screen, LOW, HIGH, 30);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->cause, CAUSE_BLOCKED_BY_BIND);
	refresh(screen, true);
	assert_int_equal(screen->ports.failures.shown_count, 3);
}

static void without_settings_the_cause_is_unknown(void **state)
{
	struct screen *screen = *state;

	fails(screen, 7);
	assert_int_equal(only_failure(screen)->cause, CAUSE_UNKNOWN);
}

/* Before its settings are told, or after. */
static void what_fails_while_the_first_listing_runs_gets_its_cause(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 8);
	listing_begins(screen);
	fails(screen, 9);
	listing_ends(screen);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ports_failure(&screen->ports, i)->cause, CAUSE_RANGE_EXHAUSTED);
		assert_int_equal(ports_failure(&screen->ports, i)->census.supply.supply, 10);
	}
}

static void the_census_is_that_of_the_failure(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 7);
	for (uint16_t port = LOW; port <= HIGH; port++)
		is_over(screen, port, port);
	assert_int_equal(only_failure(screen)->census.used, 10);
}

/* Of a storm the first one is looked at, at each refresh. */
static void the_census_is_that_of_the_first_failure_of_a_refresh(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 7);
	is_over(screen, LOW, LOW);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->census.used, 10);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->census.used, 9);
}

/* Of a storm of processes that live for one connect each as well. */
static void what_fails_towards_one_destination_shares_a_census(void **state)
{
	struct screen *screen = *state;
	const struct census_owner *owners;

	connect_range(screen, LOW, HIGH, 7);
	for (uint32_t pid = 8; pid < 20; pid++)
		fails(screen, pid);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 12);
	owners = ports_failure(&screen->ports, 0)->census.owners;
	for (size_t i = 0; i < 12; i++)
		assert_ptr_equal(ports_failure(&screen->ports, i)->census.owners, owners);
}

/* Where new processes fail all the time, old failures do not keep all that was ever listed. */
static void an_old_failure_shares_the_latest_census(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *old, *new;

	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 8);
	refresh(screen, false);
	pass(screen, 61 * SECOND);
	fails(screen, 9);
	refresh(screen, true);
	assert_int_equal(screen->ports.failures.shown_count, 2);
	old = ports_failure(&screen->ports, 0);
	new = ports_failure(&screen->ports, 1);
	assert_ptr_equal(old->census.owners, new->census.owners);
	assert_true(old->census_ns == new->census_ns);
	assert_true(old->last_ns != new->last_ns);
}

/* What no transition tells. */
static const struct port_failure *told(struct screen *screen, unsigned int failure)
{
	struct record_failure record = failure_of(screen->time_ns, failure);

	memcpy(record.tuple.laddr, screen->to.laddr, sizeof(record.tuple.laddr));
	record.tuple.lport = 80;
	feed(screen->world, record);
	return only_failure(screen);
}

static void bind_fails_without_a_destination(void **state)
{
	static const struct {
		unsigned int failure, cause;
		bool short_of_ports;
	} cases[] = {
		{FAILURE_BIND_NO_PORT, CAUSE_RANGE_EXHAUSTED, true},
		{FAILURE_BIND_IN_USE, CAUSE_PORT_IN_USE, false},
		{FAILURE_BIND_NOT_LOCAL, CAUSE_ADDRESS_NOT_LOCAL, false},
	};
	struct screen *screen = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct port_failure *failure = told(screen, cases[i].failure);

		assert_true(ports_failed_to_bind(failure));
		assert_int_equal(failure->cause, cases[i].cause);
		assert_int_equal(ports_were_short(failure), cases[i].short_of_ports);
		assert_int_equal(screen->ports.rows.shown_count, 0);
		assert_int_equal(failure->tuple.lport, 80);
	}
}

static void connect_fails_without_a_source(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure = told(screen, FAILURE_NO_SOURCE);

	assert_false(ports_failed_to_bind(failure));
	assert_int_equal(failure->cause, CAUSE_NO_SOURCE_ADDRESS);
	assert_false(ports_were_short(failure));
}

static void a_census_that_is_shared_is_renewed_for_all(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, LOW + 3, 7);
	fails(screen, 8);
	fails(screen, 9);
	fails_with(screen, 10, FAILURE_NO_PORT, LOW, LOW + 3);
	list_bound(screen, LOW + 4, HIGH, 11);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct port_failure *failure = ports_failure(&screen->ports, i);
		bool own = pid_of(screen, failure->row.process) == 10;

		assert_int_equal(failure->census.supply.supply, 4);
		assert_int_equal(failure->census.used, 4);
		assert_int_equal(failure->census.supply.blocked, own ? 0 : 6);
	}
}

static void what_was_bound_meanwhile_is_looked_up(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	connect_range(screen, LOW, LOW + 1, 7);
	fails(screen, 7);
	list_bound(screen, LOW + 2, HIGH, 30);
	failure = only_failure(screen);
	assert_int_equal(failure->cause, CAUSE_BLOCKED_BY_BIND);
	assert_int_equal(failure->census.supply.supply, 2);
	assert_int_equal(failure->census.used, 2);
	assert_int_equal(pid_of(screen, failure->binder), 30);
}

static void what_was_given_back_meanwhile_leaves_the_census_alone(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	list_bound(screen, LOW, LOW + 5, 30);
	connect_range(screen, LOW + 6, HIGH, 7);
	fails(screen, 7);
	list_bound(screen, LOW, LOW + 1, 30);
	failure = only_failure(screen);
	assert_int_equal(failure->cause, CAUSE_BLOCKED_BY_BIND);
	assert_int_equal(failure->census.supply.blocked, 6);
}

static void a_range_of_its_own_counts_for_itself(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	connect_range(screen, LOW, LOW + 4, 7);
	fails_with(screen, 8, FAILURE_NO_PORT, LOW + 2, LOW + 4);
	failure = only_failure(screen);
	assert_int_equal(failure->census.supply.low, LOW + 2);
	assert_int_equal(failure->census.supply.high, LOW + 4);
	assert_int_equal(failure->census.supply.supply, 3);
	assert_int_equal(failure->census.used, 3);
	assert_int_equal(ports_of(screen, &failure->census, 7), 3);
	assert_int_equal(ports_shown(&screen->ports, 0)->now.used, 5);
	assert_int_equal(ports_shown(&screen->ports, 0)->now.supply.supply, 10);
}

static void a_range_of_its_own_may_be_blocked_where_the_whole_is_not(void **state)
{
	struct screen *screen = *state;

	list_bound(screen, LOW, LOW + 1, 30);
	connect_range(screen, LOW + 2, HIGH, 7);
	fails_with(screen, 8, FAILURE_NO_PORT, LOW, LOW + 1);
	assert_int_equal(only_failure(screen)->cause, CAUSE_BLOCKED_BY_BIND);
	fails(screen, 8);
	assert_int_equal(only_failure(screen)->cause, CAUSE_RANGE_EXHAUSTED);
}

static void a_failure_is_shown_when_it_grew(void **state)
{
	struct screen *screen = *state;

	fails(screen, 7);
	assert_true(asks_for_a_listing(screen));
	assert_int_equal(only_failure(screen)->count, 1);
	assert_false(asks_for_a_listing(screen));
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 0);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->count, 2);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 0);
}

static void the_last_refresh_shows_all_failures(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 5; pid++) {
		fails(screen, pid);
		refresh(screen, false);
	}
	refresh(screen, true);
	assert_int_equal(screen->ports.failures.shown_count, 5);
}

static void the_newest_is_the_first_of_the_recent(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 9; pid++) {
		fails(screen, 1 + pid * 4 % 9);
		pass(screen, SECOND);
	}
	refresh(screen, false);
	assert_int_equal(screen->ports.recent_count, 9);
	for (size_t i = 1; i < 9; i++)
		assert_true(screen->ports.recent[i - 1]->last_ns >
			    screen->ports.recent[i]->last_ns);
}

static void a_filter_on_pid_chooses_failures_and_leaves_their_census(void **state)
{
	struct screen *screen = *state;
	const struct port_failure *failure;

	screen->filter.pid = 8;
	connect_range(screen, LOW, HIGH, 7);
	fails(screen, 7);
	fails(screen, 8);
	failure = only_failure(screen);
	assert_int_equal(pid_of(screen, failure->row.process), 8);
	assert_int_equal(ports_of(screen, &failure->census, 7), 10);
}

/* It never got a port that could be asked for. */
static void a_filter_on_lport_passes_what_has_none(void **state)
{
	struct screen *screen = *state;

	screen->tuples.lport.active = 1;
	screen->tuples.lport.bitmap[LOW / 8] = 1 << LOW % 8;
	connect_range(screen, LOW, HIGH, 7);
	fails_with(screen, 7, FAILURE_IN_USE, 0, 0);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->cause, CAUSE_RANGE_EXHAUSTED);
	assert_int_equal(ports_failure(&screen->ports, 0)->census.used, 10);
}

static void a_filter_on_raddr_chooses_its_failures(void **state)
{
	struct screen *screen = *state;

	address_of(screen->tuples.raddr.address, "10.0.0.9");
	screen->tuples.raddr.prefix = 128;
	fails(screen, 7);
	screen->to = tuple_of("10.0.0.1", 0, "10.0.0.9", 443);
	fails(screen, 7);
	assert_int_equal(only_failure(screen)->tuple.rport, 443);
}

static void a_storm_is_one_failure(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	for (unsigned int times = 0; times < 100000; times++)
		fails(screen, 7);
	assert_int_equal(only_failure(screen)->count, 100000);
	assert_int_equal(screen->ports.failures.pool.live, 1);
}

static uint32_t references(struct screen *screen, uint32_t pid, const char *comm)
{
	struct processes *processes = &screen->world->model.connections.processes;
	struct process_id id = process_of(pid, comm);

	return processes_get(processes, processes_number(processes, &id))->references;
}

/* Whatever was settled, renewed or replaced. */
static void failures_give_back_what_they_refer_to(void **state)
{
	struct screen *screen = *state;

	for (unsigned int times = 0; times < 4; times++) {
		connects(screen, LOW, LOW, 7);
		fails(screen, 7);
		list_bound(screen, (uint16_t)(LOW + 1 + times), HIGH, 30 + times);
		fails(screen, 8);
		refresh(screen, false);
		fails(screen, 7);
		fails_with(screen, 9, FAILURE_IN_USE, 0, 0);
	}
	ports_free(&screen->ports);
	ports_init(&screen->ports, &screen->ports.config, &screen->world->model);
	assert_int_equal(references(screen, 7, "client"), 1);
	assert_int_equal(references(screen, 8, "client"), 0);
	assert_int_equal(references(screen, 9, "client"), 0);
	assert_int_equal(references(screen, 32, "binder"), 0);
	list_nothing(screen);
	assert_int_equal(references(screen, 33, "binder"), 0);
}

static void causes_have_names(void **state)
{
	(void)state;
	assert_string_equal(port_cause_name(CAUSE_RANGE_EXHAUSTED), "range_exhausted");
	assert_string_equal(port_cause_name(CAUSE_BLOCKED_BY_BIND), "blocked_by_bind");
	assert_string_equal(port_cause_name(CAUSE_TUPLE_IN_USE), "tuple_in_use");
	assert_string_equal(port_cause_name(CAUSE_NO_SOURCE_ADDRESS), "no_source_address");
	assert_string_equal(port_cause_name(CAUSE_PORT_IN_USE), "port_in_use");
	assert_string_equal(port_cause_name(CAUSE_ADDRESS_NOT_LOCAL), "address_not_local");
	assert_string_equal(port_cause_name(CAUSE_UNKNOWN), "unknown");
	assert_string_equal(port_cause_name(CAUSES), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_range_held_as_a_whole_is_exhausted),
		screen_test(when_and_how_long_it_searched_is_told),
		screen_test(a_search_whose_begin_was_not_seen_has_no_length),
		screen_test(failures_of_one_owner_and_destination_are_counted),
		screen_test(two_owners_fail_each_for_itself),
		screen_test(two_destinations_fail_each_for_itself),
		screen_test(an_unknown_owner_fails_as_nobody_known),
		screen_test(v4_and_v4_mapped_fail_together),
		screen_test(more_bound_than_used_is_blocked_by_bind),
		screen_test(as_many_bound_as_used_is_exhausted),
		screen_test(reserved_ports_block_nobody_by_bind),
		screen_test(a_binder_that_is_unknown_is_none),
		screen_test(a_bound_port_in_use_is_a_cause_of_its_own),
		screen_test(the_causes_of_one_owner_are_told_apart),
		unlisted_test(without_settings_the_cause_is_unknown),
		unlisted_test(what_fails_while_the_first_listing_runs_gets_its_cause),
		screen_test(the_census_is_that_of_the_failure),
		screen_test(the_census_is_that_of_the_first_failure_of_a_refresh),
		screen_test(what_fails_towards_one_destination_shares_a_census),
		screen_test(a_census_that_is_shared_is_renewed_for_all),
		screen_test(an_old_failure_shares_the_latest_census),
		screen_test(bind_fails_without_a_destination),
		screen_test(connect_fails_without_a_source),
		screen_test(what_was_bound_meanwhile_is_looked_up),
		screen_test(what_was_given_back_meanwhile_leaves_the_census_alone),
		screen_test(a_range_of_its_own_counts_for_itself),
		screen_test(a_range_of_its_own_may_be_blocked_where_the_whole_is_not),
		screen_test(a_failure_is_shown_when_it_grew),
		screen_test(the_last_refresh_shows_all_failures),
		screen_test(the_newest_is_the_first_of_the_recent),
		screen_test(a_filter_on_pid_chooses_failures_and_leaves_their_census),
		screen_test(a_filter_on_lport_passes_what_has_none),
		screen_test(a_filter_on_raddr_chooses_its_failures),
		screen_test(a_storm_is_one_failure),
		screen_test(failures_give_back_what_they_refer_to),
		screen_test(causes_have_names),
	};

	return cmocka_run_group_tests_name("port_failures", tests, NULL, NULL);
}
