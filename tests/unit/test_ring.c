// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the source makes of what the programs tell. */
#include <errno.h>

#include "record/decode.h"
#include "records.h"
#include "source/live/internal.h"
#include "unit.h"

#define ACTOR  7
#define COOKIE 11
#define TOLD   8

/* A source without programs, and what it has handed on. */
struct desk {
	struct live live;
	struct source_config config;
	union {
		struct record_header header;
		struct record_transition transition;
		struct record_timewait timewait;
		struct record_failure failure;
		struct record_process process;
	} told[TOLD];
	size_t count; /* descriptions of processes apart */
};

static void note(void *context, const struct record_header *record)
{
	struct desk *desk = context;

	assert_ptr_equal(record_decode(record, record->size), record);
	if (record->type == RECORD_PROCESS)
		return;
	assert_true(desk->count < TOLD);
	memcpy(&desk->told[desk->count++], record, record->size);
}

static int setup(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	desk->config.sink = (struct record_sink){note, desk};
	desk->live.config = &desk->config;
	describer_open(&desk->live.describer);
	*state = desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	describer_close(&desk->live.describer);
	free(desk);
	return 0;
}

static struct record_step step_of(unsigned int old_state, unsigned int new_state)
{
	struct record_transition record = transition_of(COOKIE, SECOND, old_state, new_state);

	return step_from(&record);
}

static void receive(struct desk *desk, const void *record)
{
	live_receive(&desk->live, record, ((const struct record_header *)record)->size);
}

static void act(struct desk *desk, struct record_step step)
{
	struct record_act record = {.step = step, .actor = process_of(ACTOR, "actor")};

	record.step.header.type = RECORD_ACT;
	record.step.header.size = sizeof(record);
	receive(desk, &record);
}

static const struct record_transition *last(const struct desk *desk)
{
	assert_true(desk->count > 0);
	assert_int_equal(desk->told[desk->count - 1].header.type, RECORD_TRANSITION);
	return &desk->told[desk->count - 1].transition;
}

static void a_step_becomes_a_transition(void **state)
{
	struct record_step step = step_of(TCP_SYN_RECV, TCP_ESTABLISHED);
	struct desk *desk = *state;

	step.listener = 5;
	receive(desk, &step);
	assert_int_equal(last(desk)->cookie, COOKIE);
	assert_int_equal(last(desk)->old_state, TCP_SYN_RECV);
	assert_int_equal(last(desk)->new_state, TCP_ESTABLISHED);
	assert_int_equal(last(desk)->listener, 5);
	assert_memory_equal(&last(desk)->tuple, &step.tuple, sizeof(step.tuple));
	assert_true(last(desk)->header.time_ns == SECOND);
	assert_int_equal(last(desk)->owner.pid, 0);
	assert_int_equal(last(desk)->closer.pid, 0);
}

static void who_connects_or_listens_is_the_owner(void **state)
{
	struct desk *desk = *state;

	act(desk, step_of(TCP_CLOSE, TCP_SYN_SENT));
	assert_int_equal(last(desk)->owner.pid, ACTOR);
	assert_int_equal(last(desk)->owner_by, OWNER_CONNECT);
	assert_int_equal(last(desk)->closer.pid, 0);
	act(desk, step_of(TCP_CLOSE, TCP_LISTEN));
	assert_int_equal(last(desk)->owner.pid, ACTOR);
	assert_int_equal(last(desk)->owner_by, OWNER_LISTEN);
}

static void who_sends_our_fin_is_the_closer(void **state)
{
	struct record_step reset = step_of(TCP_ESTABLISHED, TCP_CLOSE);
	struct desk *desk = *state;

	act(desk, step_of(TCP_ESTABLISHED, TCP_FIN_WAIT1));
	assert_int_equal(last(desk)->closer.pid, ACTOR);
	assert_int_equal(last(desk)->owner.pid, 0);
	act(desk, reset);
	assert_int_equal(last(desk)->closer.pid, ACTOR);
	reset.error = ECONNRESET; /* the peer's, met in the process's time */
	act(desk, reset);
	assert_int_equal(last(desk)->closer.pid, 0);
}

static void a_port_that_is_there_before_connect_is_bound(void **state)
{
	struct record_step step = step_of(TCP_CLOSE, TCP_SYN_SENT);
	struct desk *desk = *state;

	act(desk, step);
	assert_false(last(desk)->bound);
	step.port_held = 40000;
	act(desk, step);
	assert_true(last(desk)->bound);
	step.old_state = TCP_SYN_SENT;
	step.new_state = TCP_ESTABLISHED;
	receive(desk, &step);
	assert_false(last(desk)->bound); /* it is by now, whoever chose it */
}

/* Without a port: still in connect(). */
static struct record_step without_port(void)
{
	struct record_step step = step_of(TCP_SYN_SENT, TCP_CLOSE);

	step.unsent = 1;
	step.tuple.lport = 0;
	return step;
}

static void who_gets_no_port_is_the_owner_even_if_its_beginning_was_lost(void **state)
{
	struct record_step given_up = step_of(TCP_SYN_SENT, TCP_CLOSE);
	struct desk *desk = *state;

	act(desk, without_port());
	assert_int_equal(last(desk)->failure, FAILURE_NO_PORT);
	assert_int_equal(last(desk)->owner.pid, ACTOR);
	assert_int_equal(last(desk)->owner_by, OWNER_CONNECT);
	/* after the SYN it may be another that closes */
	act(desk, given_up);
	assert_int_equal(last(desk)->failure, FAILURE_NONE);
	assert_int_equal(last(desk)->owner.pid, 0);
	assert_int_equal(last(desk)->closer.pid, 0);
}

/* tcp_v6_connect fails with the same errno, whether it got a source address or not. */
static void a_failure_that_a_transition_has_told_is_not_told_again(void **state)
{
	struct record_failure failure = failure_of(SECOND, FAILURE_NO_SOURCE);
	struct desk *desk = *state;

	failure.cookie = COOKIE;
	act(desk, without_port());
	receive(desk, &failure);
	assert_int_equal(desk->count, 1);
	receive(desk, &failure); /* once more, and this time there was no address */
	assert_int_equal(desk->count, 2);
	assert_int_equal(desk->told[1].header.type, RECORD_FAILURE);
	failure.failure = FAILURE_BIND_IN_USE;
	act(desk, without_port());
	receive(desk, &failure);
	assert_int_equal(desk->count, 4);
}

static struct record_timewait_end end_at(uint64_t address)
{
	struct record_timewait_end record = {
		.timewait = timewait_of(COOKIE, SECOND, TIMEWAIT_ENDED, TCP_TIME_WAIT, SECOND),
		.frames = {address},
	};

	record.timewait.header.type = RECORD_TIMEWAIT_END;
	record.timewait.header.size = sizeof(record);
	return record;
}

static void a_cancelled_timer_is_an_end_or_a_fin_or_nothing(void **state)
{
	struct end_range ranges[] = {
		{100, 200, END_SYN}, {200, 300, END_REARMED}, {300, 400, END_MOVED}};
	struct desk *desk = *state;

	desk->live.kallsyms.ends = (struct end_ranges){ranges, COUNT(ranges)};
	for (uint64_t address = 100; address < 400; address += 100) {
		struct record_timewait_end record = end_at(address);

		receive(desk, &record);
	}
	assert_int_equal(desk->count, 2);
	assert_int_equal(desk->told[0].timewait.action, TIMEWAIT_ENDED);
	assert_int_equal(desk->told[0].timewait.end_reason, END_SYN);
	assert_int_equal(desk->told[1].timewait.action, TIMEWAIT_ARMED);
	assert_true(desk->told[1].timewait.rearmed);
	assert_int_equal(desk->told[1].timewait.end_reason, END_NONE);
}

static void what_is_no_record_is_counted(void **state)
{
	struct record_step step = step_of(TCP_ESTABLISHED, TCP_TIME_WAIT);
	struct desk *desk = *state;

	receive(desk, &step);
	assert_int_equal(desk->count, 0);
	assert_int_equal(desk->live.refused, 1);
}

#define desk_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		desk_test(a_step_becomes_a_transition),
		desk_test(who_connects_or_listens_is_the_owner),
		desk_test(who_sends_our_fin_is_the_closer),
		desk_test(a_port_that_is_there_before_connect_is_bound),
		desk_test(who_gets_no_port_is_the_owner_even_if_its_beginning_was_lost),
		desk_test(a_failure_that_a_transition_has_told_is_not_told_again),
		desk_test(a_cancelled_timer_is_an_end_or_a_fin_or_nothing),
		desk_test(what_is_no_record_is_counted),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
