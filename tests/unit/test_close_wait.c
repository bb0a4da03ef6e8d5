// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "world.h"

#define BEGIN (100 * SECOND)

static void list_begins(struct world *world, uint64_t time_ns)
{
	feed(world, close_waits_listing_of(time_ns, LISTING_BEGINS));
}

static void list_ends(struct world *world, uint64_t time_ns)
{
	feed(world, close_waits_listing_of(time_ns, LISTING_ENDS));
}

static struct close_wait *find(const struct world *world, uint64_t cookie)
{
	const struct close_waits *close_waits = &world->model.close_waits;
	uint32_t number = index_find(&close_waits->index, cookie);

	return number ? pool_get(&close_waits->pool, number) : NULL;
}

/* A listing of this one row; what it was taken for. */
static struct close_wait *listed(struct world *world, struct record_socket record)
{
	list_begins(world, record.header.time_ns);
	feed(world, record);
	list_ends(world, record.header.time_ns);
	return find(world, record.cookie);
}

struct kind_case {
	unsigned int flags;
	uint32_t recvq;
	unsigned int kind;
};

static void what_is_unread_tells_the_kind(void **state)
{
	static const struct kind_case cases[] = {
		{0, 0, KIND_DRAINED},
		{0, 1, KIND_FIN_ONLY},
		{0, 2, KIND_UNREAD_DATA},
		{0, UINT32_MAX, KIND_UNREAD_DATA},
		{SOCKET_SENDING, 0, KIND_SENDING},
		/* who has not seen the end of file does not half-close knowingly */
		{SOCKET_SENDING, 1, KIND_FIN_ONLY},
		{SOCKET_SENDING, 5, KIND_UNREAD_DATA},
		{SOCKET_UNACCEPTED, 0, KIND_UNACCEPTED},
		{SOCKET_UNACCEPTED, 1, KIND_UNACCEPTED},
		{SOCKET_UNACCEPTED, 900, KIND_UNACCEPTED},
		{SOCKET_UNACCEPTED | SOCKET_OPAQUE, 1, KIND_UNACCEPTED},
		{SOCKET_OPAQUE, 0, KIND_UNKNOWN},
		{SOCKET_OPAQUE, 900, KIND_UNKNOWN},
		{SOCKET_OPAQUE | SOCKET_SENDING, 0, KIND_UNKNOWN},
		{SOCKET_OPAQUE, 1, KIND_UNKNOWN},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct close_wait *row =
			listed(*state, close_wait_row(1, BEGIN, cases[i].recvq, cases[i].flags, 0));

		check(row->kind == cases[i].kind, "flags %x, recvq %u: kind %u", cases[i].flags,
		      cases[i].recvq, row->kind);
	}
}

static void age_is_from_its_entry_to_the_end_of_the_listing(void **state)
{
	struct world *world = *state;
	struct close_wait *row;

	list_begins(world, BEGIN);
	feed(world, close_wait_row(1, BEGIN, 0, 0, BEGIN - 5 * SECOND));
	list_ends(world, BEGIN);
	row = find(world, 1);
	assert_true(row->since_ns == BEGIN - 5 * SECOND);
	assert_true(close_wait_age_ns(&world->model.close_waits, row) == 5 * SECOND);
}

static void an_entry_in_the_future_has_no_age(void **state)
{
	struct world *world = *state;
	struct close_wait *row = listed(world, close_wait_row(1, BEGIN, 0, 0, BEGIN + 10 * SECOND));

	assert_true(close_wait_age_ns(&world->model.close_waits, row) == 0);
}

static void an_entry_not_known_is_a_lower_bound_from_the_first_listing(void **state)
{
	struct world *world = *state;
	struct close_wait *row;

	for (unsigned int n = 0; n < 4; n++) {
		row = listed(world, close_wait_row(1, BEGIN + n * SECOND, 0, 0, 0));
		assert_true(row->at_least);
		assert_true(close_wait_age_ns(&world->model.close_waits, row) == n * SECOND);
	}
}

struct age_case {
	const char *what;
	unsigned int flags;
	struct socket_times times; /* how long ago; 0 of `acked_ns`: not known */
	bool at_least;
	uint64_t age_ns;
};

#define TIMES(acked, received, sent, keepalive)                                                    \
	{                                                                                          \
		(acked) * SECOND, (received)*SECOND, (sent)*SECOND, SECOND / 5, (keepalive)*SECOND \
	}

static const struct age_case age_cases[] = {
	{"it never sent", 0, TIMES(20, 21, 30, 0), false, 20 * SECOND},
	{"it was answered after it sent", SOCKET_SENT, TIMES(20, 21, 22, 0), false, 20 * SECOND},
	{"what it sent was acknowledged long before", SOCKET_SENT, TIMES(20, 30, 21, 0), false,
	 20 * SECOND},
	{"the last ACK may be of what it sent", SOCKET_SENT, TIMES(20, 30, 20, 0), true,
	 20 * SECOND},
	{"it waits for an ACK", SOCKET_SENDING, TIMES(20, 21, 30, 0), true, 20 * SECOND},
	{"what is sent is not the process's", SOCKET_OPAQUE, TIMES(20, 21, 30, 0), true,
	 20 * SECOND},
	{"a probe may have been answered", 0, TIMES(5, 21, 30, 15), true, 5 * SECOND},
	{"no probe was sent yet", 0, TIMES(5, 14, 30, 15), false, 5 * SECOND},
	{"probes after an unknown time",
	 0,
	 {20 * SECOND, 21 * SECOND, 30 * SECOND, SECOND / 5, 1},
	 true,
	 20 * SECOND},
	{"of an MPTCP socket no time is told", SOCKET_OPAQUE, {0}, true, 0},
};

static struct record_socket aged_row(const struct age_case *age, uint64_t time_ns)
{
	struct record_socket record = close_wait_row(1, time_ns, 0, age->flags, 0);

	record.times = age->times;
	record.times.acked_ns = time_ns - age->times.acked_ns;
	record.times.received_ns = time_ns - age->times.received_ns;
	record.times.sent_ns = time_ns - age->times.sent_ns;
	return record;
}

static void the_last_ACK_tells_the_age(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < COUNT(age_cases); i++) {
		const struct age_case *age = &age_cases[i];
		struct close_wait *row = listed(world, aged_row(age, BEGIN));

		check(row->at_least == age->at_least, "%s", age->what);
		check(close_wait_age_ns(&world->model.close_waits, row) == age->age_ns, "%s: age",
		      age->what);
		list_begins(world, BEGIN);
		list_ends(world, BEGIN);
	}
}

/* Its keepalive probes are answered: what looks younger each time is as old as it was. */
static void an_age_never_shrinks(void **state)
{
	static const struct age_case exact = {"", 0, TIMES(5, 14, 30, 15), false, 0},
				     probed = {"", 0, TIMES(1, 24, 40, 15), true, 0};
	struct world *world = *state;
	struct close_wait *row;

	listed(world, aged_row(&exact, BEGIN));
	row = listed(world, aged_row(&probed, BEGIN + 10 * SECOND));
	assert_false(row->at_least);
	assert_true(row->since_ns == BEGIN - 5 * SECOND);
	list_begins(world, BEGIN);
	list_ends(world, BEGIN);
	listed(world, aged_row(&probed, BEGIN));
	row = listed(world, aged_row(&probed, BEGIN + 10 * SECOND));
	assert_true(row->at_least);
	assert_true(row->since_ns == BEGIN - SECOND);
}

static void what_was_sent_of_late_is_sending_still(void **state)
{
	struct record_socket record = close_wait_row(1, BEGIN, 0, SOCKET_SENT, 0);
	struct close_wait *row;

	record.times.acked_ns = record.times.sent_ns = BEGIN - 5 * SECOND;
	row = listed(*state, record);
	assert_int_equal(close_wait_kind(row, BEGIN - 6 * SECOND), KIND_SENDING);
	assert_int_equal(close_wait_kind(row, BEGIN - 4 * SECOND), KIND_DRAINED);
	record.recvq = 1;
	row = listed(*state, record);
	assert_int_equal(close_wait_kind(row, BEGIN - 6 * SECOND), KIND_FIN_ONLY);
}

static void what_a_listing_does_not_show_is_gone(void **state)
{
	struct world *world = *state;

	list_begins(world, BEGIN);
	for (uint64_t cookie = 1; cookie <= 1000; cookie++)
		feed(world, close_wait_row(cookie, BEGIN, 0, 0, 0));
	list_ends(world, BEGIN);
	list_begins(world, BEGIN + SECOND);
	for (uint64_t cookie = 1; cookie <= 1000; cookie += 3)
		feed(world, close_wait_row(cookie, BEGIN + SECOND, 0, 0, 0));
	list_ends(world, BEGIN + SECOND);
	for (uint64_t cookie = 1; cookie <= 1000; cookie++)
		check((find(world, cookie) != NULL) == (cookie % 3 == 1), "cookie %u",
		      (unsigned int)cookie);
	assert_int_equal(world->model.close_waits.pool.live, 334);
	list_begins(world, BEGIN + 2 * SECOND);
	list_ends(world, BEGIN + 2 * SECOND);
	assert_int_equal(world->model.close_waits.pool.live, 0);
}

/* An iterator over a table that changes may show an entry again. */
static void a_row_twice_in_a_listing_is_one_socket(void **state)
{
	struct world *world = *state;

	list_begins(world, BEGIN);
	feed(world, close_wait_row(1, BEGIN, 5, 0, 0));
	feed(world, close_wait_row(1, BEGIN, 3, 0, 0));
	list_ends(world, BEGIN);
	assert_int_equal(world->model.close_waits.pool.live, 1);
	assert_int_equal(find(world, 1)->recvq, 3);
}

static void direction_is_the_records_or_told_by_a_listener(void **state)
{
	struct world *world = *state;
	struct record_socket record = close_wait_row(1, BEGIN, 1, 0, 0);
	struct record_socket listener = socket_row(9, BEGIN, TCP_LISTEN);

	assert_int_equal(listed(world, record)->direction, DIRECTION_UNKNOWN);
	record.direction = DIRECTION_OUT;
	assert_int_equal(listed(world, record)->direction, DIRECTION_OUT);
	record.direction = DIRECTION_UNKNOWN;
	record.flags = SOCKET_UNACCEPTED;
	assert_int_equal(listed(world, record)->direction, DIRECTION_IN);
	record.flags = 0;
	listener.tuple = tuple_of("10.0.0.1", record.tuple.lport, "0.0.0.0", 0);
	feed(world, listener);
	assert_int_equal(listed(world, record)->direction, DIRECTION_IN);
}

static const struct process *holder_at(const struct world *world, struct holder_range range,
				       size_t i)
{
	assert_true(i < range.count);
	return processes_get(&world->model.connections.processes, range.first[i].process);
}

static void holders_are_those_of_the_cookie(void **state)
{
	struct world *world = *state;
	struct holder_range range;
	struct record_holder second = holder_of(2, BEGIN, 8, "b");

	second.fd = 9;
	list_begins(world, BEGIN);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		feed(world, close_wait_row(cookie, BEGIN, 0, 0, 0));
	feed(world, holder_of(3, BEGIN, 7, "a"));
	feed(world, second);
	feed(world, holder_of(2, BEGIN, 7, "a"));
	list_ends(world, BEGIN);
	range = close_waits_holders(&world->model.close_waits, find(world, 1));
	assert_int_equal(range.count, 0);
	range = close_waits_holders(&world->model.close_waits, find(world, 2));
	assert_int_equal(range.count, 2);
	assert_int_equal(holder_at(world, range, 0)->id.pid + holder_at(world, range, 1)->id.pid,
			 15);
	range = close_waits_holders(&world->model.close_waits, find(world, 3));
	assert_int_equal(range.count, 1);
	assert_int_equal(holder_at(world, range, 0)->id.pid, 7);
	assert_int_equal(range.first[0].fd, 3);
}

static void holders_of_a_listing_do_not_outlive_it(void **state)
{
	struct world *world = *state;

	list_begins(world, BEGIN);
	feed(world, close_wait_row(1, BEGIN, 0, 0, 0));
	feed(world, holder_of(1, BEGIN, 7, "a"));
	list_ends(world, BEGIN);
	listed(world, close_wait_row(1, BEGIN + SECOND, 0, 0, 0));
	assert_int_equal(close_waits_holders(&world->model.close_waits, find(world, 1)).count, 0);
}

static void the_unaccepted_are_held_by_the_holders_of_their_listener(void **state)
{
	struct world *world = *state;
	struct record_socket listener = socket_row(9, BEGIN, TCP_LISTEN);
	struct holder_range range;

	listener.tuple = tuple_of("0.0.0.0", tuple_plain().lport, "0.0.0.0", 0);
	list_begins(world, BEGIN);
	feed(world, listener);
	feed(world, close_wait_row(1, BEGIN, 1, SOCKET_UNACCEPTED, 0));
	feed(world, holder_of(9, BEGIN, 7, "a"));
	feed(world, holder_of(9, BEGIN, 8, "b"));
	list_ends(world, BEGIN);
	range = close_waits_holders(&world->model.close_waits, find(world, 1));
	assert_int_equal(range.count, 2);
	assert_int_equal(holder_at(world, range, 0)->id.pid + holder_at(world, range, 1)->id.pid,
			 15);
}

static void a_backlog_without_a_listener_has_no_holders(void **state)
{
	struct world *world = *state;

	list_begins(world, BEGIN);
	feed(world, close_wait_row(1, BEGIN, 1, SOCKET_UNACCEPTED, 0));
	feed(world, holder_of(1, BEGIN, 7, "a"));
	list_ends(world, BEGIN);
	assert_int_equal(close_waits_holders(&world->model.close_waits, find(world, 1)).count, 0);
}

static uint32_t references(const struct world *world, uint32_t pid)
{
	struct processes *processes = (struct processes *)&world->model.connections.processes;
	struct process_id id = process_of(pid, "a");

	return processes_get(processes, processes_number(processes, &id))->references;
}

static void processes_are_let_go_with_their_sockets(void **state)
{
	struct world *world = *state;
	struct record_socket record = close_wait_row(1, BEGIN, 0, 0, 0);

	record.owner = process_of(7, "a");
	record.owner_by = OWNER_ACCEPT;
	list_begins(world, BEGIN);
	feed(world, record);
	feed(world, record);
	feed(world, holder_of(1, BEGIN, 7, "a"));
	list_ends(world, BEGIN);
	assert_int_equal(references(world, 7), 3); /* owner, holder, the first of these */
	record.owner = process_of(8, "a");
	listed(world, record);
	assert_int_equal(references(world, 7), 2); /* it was a holder in the listing before */
	listed(world, record);
	assert_int_equal(references(world, 7), 1);
	assert_int_equal(references(world, 8), 1);
	list_begins(world, BEGIN); /* gone, which is told until the next listing */
	list_ends(world, BEGIN);
	list_begins(world, BEGIN);
	list_ends(world, BEGIN);
	assert_int_equal(references(world, 7), 0);
	assert_int_equal(references(world, 8), 0);
}

/* The listing at the start has other states too; they go where they always did. */
static void rows_in_other_states_are_not_kept_here(void **state)
{
	struct world *world = *state;

	listed(world, socket_row(1, BEGIN, TCP_ESTABLISHED));
	assert_null(find(world, 1));
	assert_true(world_knows(world, 1));
	listed(world, close_wait_row(2, BEGIN, 0, 0, 0));
	assert_non_null(find(world, 2));
	assert_false(world_knows(world, 2));
}

struct farewell_case {
	const char *what;
	uint32_t unread;
	unsigned int flags;
	unsigned int direction;
	uint64_t before_ns; /* so long before the FIN it came */
	bool farewell;
};

static void a_farewell_is_short_and_last_and_to_who_was_answered(void **state)
{
	static const struct farewell_case cases[] = {
		{"a close_notify", 31, SOCKET_READ, DIRECTION_OUT, 0, true},
		{"a database's", 512, SOCKET_READ, DIRECTION_UNKNOWN, SECOND, true},
		{"more than that", 513, SOCKET_READ, DIRECTION_OUT, 0, false},
		{"nothing was read before", 31, 0, DIRECTION_OUT, 0, false},
		{"a server's", 31, SOCKET_READ, DIRECTION_IN, 0, false},
		{"long before", 31, SOCKET_READ, DIRECTION_OUT, SECOND + 1, false},
		{"none", 0, SOCKET_READ, DIRECTION_OUT, 0, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t since_ns = BEGIN - 5 * SECOND;
		struct record_socket record =
			close_wait_row(1, BEGIN, cases[i].unread + 1, cases[i].flags, since_ns);

		record.direction = (uint8_t)cases[i].direction;
		record.times.received_ns = since_ns - cases[i].before_ns;
		check(close_wait_is_farewell(listed(*state, record)) == cases[i].farewell, "%s",
		      cases[i].what);
		list_begins(*state, BEGIN);
		list_ends(*state, BEGIN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		watching_test(what_is_unread_tells_the_kind),
		watching_test(age_is_from_its_entry_to_the_end_of_the_listing),
		watching_test(an_entry_in_the_future_has_no_age),
		watching_test(an_entry_not_known_is_a_lower_bound_from_the_first_listing),
		watching_test(the_last_ACK_tells_the_age),
		watching_test(an_age_never_shrinks),
		watching_test(what_was_sent_of_late_is_sending_still),
		watching_test(a_farewell_is_short_and_last_and_to_who_was_answered),
		watching_test(what_a_listing_does_not_show_is_gone),
		watching_test(a_row_twice_in_a_listing_is_one_socket),
		watching_test(direction_is_the_records_or_told_by_a_listener),
		watching_test(holders_are_those_of_the_cookie),
		watching_test(holders_of_a_listing_do_not_outlive_it),
		watching_test(the_unaccepted_are_held_by_the_holders_of_their_listener),
		watching_test(a_backlog_without_a_listener_has_no_holders),
		watching_test(processes_are_let_go_with_their_sockets),
		watching_test(rows_in_other_states_are_not_kept_here),
	};

	return cmocka_run_group_tests_name("close_wait", tests, NULL, NULL);
}
