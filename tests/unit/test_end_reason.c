// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live/end_reason.h"
#include "records.h"
#include "unit.h"

#define BASE  0xffffffff81000000ULL
#define BYTES 0x1000ULL /* of each function */
#define OTHER 0xffffffff80000000ULL

static struct end_range items[32];
static struct end_ranges ranges = {.items = items};

/* A kernel whose functions lie one behind the other, in the order of the table. */
static int setup(void **state)
{
	(void)state;
	assert_in_range(end_function_count, 1, COUNT(items));
	for (size_t i = 0; i < end_function_count; i++)
		items[i] = (struct end_range){BASE + i * BYTES, BASE + (i + 1) * BYTES,
					      end_functions[i].reason};
	ranges.count = end_function_count;
	return 0;
}

/* An address in a function of the kernel; one that is in none of the table for the others. */
static uint64_t address_in(const char *name)
{
	for (size_t i = 0; i < end_function_count; i++)
		if (strcmp(end_functions[i].name, name) == 0)
			return BASE + i * BYTES + 0x42;
	return OTHER;
}

struct kernel_stack {
	unsigned int substate;
	enum end_reason reason;
	const char *frames[TIMEWAIT_FRAMES]; /* the innermost first */
};

/* As they are on the kernels of kernel-facts.md. */
static const struct kernel_stack stacks[] = {
	{TCP_TIME_WAIT, END_EXPIRED, {"detach_timer", "__run_timers", "run_timer_softirq"}},
	{TCP_TIME_WAIT, END_EXPIRED, {"expire_timers", "__run_timers", "run_timer_softirq"}},
	{TCP_TIME_WAIT, END_EXPIRED, {"__run_timer_base", "run_timer_softirq", "handle_softirqs"}},
	{TCP_FIN_WAIT2, END_EXPIRED, {"__run_timers", "run_timer_softirq"}},
	/* a softirq that expires it may have interrupted anything, a connect() too */
	{TCP_TIME_WAIT,
	 END_EXPIRED,
	 {"__run_timers", "run_timer_softirq", "__inet_hash_connect", "tcp_v4_connect"}},
	{TCP_TIME_WAIT,
	 END_REUSED,
	 {"detach_if_pending", "del_timer_sync", "inet_twsk_deschedule_put", "__inet_hash_connect",
	  "inet_hash_connect", "tcp_v4_connect"}},
	{TCP_TIME_WAIT,
	 END_REUSED,
	 {"detach_if_pending", "timer_shutdown_sync", "inet_twsk_deschedule_put",
	  "__inet_check_established", "__inet_hash_connect", "inet_hash_connect"}},
	{TCP_TIME_WAIT,
	 END_REUSED,
	 {"detach_if_pending", "del_timer_sync", "inet_twsk_deschedule_put",
	  "__inet6_check_established", "__inet_hash_connect", "inet6_hash_connect"}},
	{TCP_TIME_WAIT,
	 END_SYN,
	 {"detach_if_pending", "del_timer_sync", "inet_twsk_deschedule_put", "tcp_v4_rcv",
	  "ip_protocol_deliver_rcu"}},
	{TCP_TIME_WAIT,
	 END_SYN,
	 {"detach_if_pending", "del_timer_sync", "inet_twsk_deschedule_put", "tcp_v6_rcv"}},
	{TCP_TIME_WAIT,
	 END_SYN,
	 {"detach_if_pending", "inet_twsk_deschedule_put", "nf_tproxy_handle_time_wait4"}},
	{TCP_TIME_WAIT,
	 END_SYN,
	 {"detach_if_pending", "inet_twsk_deschedule_put", "nf_tproxy_handle_time_wait6"}},
	/* a CPU goes offline */
	{TCP_TIME_WAIT,
	 END_MOVED,
	 {"migrate_timer_list", "timers_dead_cpu", "cpuhp_invoke_callback", "_cpu_down"}},
	/* data or a SYN after a half-close */
	{TCP_FIN_WAIT2,
	 END_RESET,
	 {"detach_if_pending", "del_timer_sync", "inet_twsk_deschedule_put", "tcp_v4_rcv"}},
	{TCP_FIN_WAIT2,
	 END_RESET,
	 {"detach_if_pending", "del_timer_sync", "inet_twsk_deschedule_put", "tcp_v6_rcv"}},
	/* the peer's RST */
	{TCP_TIME_WAIT,
	 END_RESET,
	 {"detach_if_pending", "inet_twsk_deschedule_put", "tcp_timewait_state_process",
	  "tcp_v4_rcv"}},
	{TCP_FIN_WAIT2,
	 END_RESET,
	 {"detach_if_pending", "inet_twsk_deschedule_put", "tcp_timewait_state_process",
	  "tcp_v6_rcv"}},
	/* no end at all */
	{TCP_TIME_WAIT,
	 END_REARMED,
	 {"detach_if_pending", "__mod_timer", "tcp_timewait_state_process", "tcp_v4_rcv"}},
	{TCP_FIN_WAIT2, END_REARMED, {"__mod_timer", "tcp_timewait_state_process", "tcp_v4_rcv"}},
	{TCP_TIME_WAIT,
	 END_DESTROYED,
	 {"detach_if_pending", "inet_twsk_deschedule_put", "tcp_abort", "tcp_diag_destroy"}},
	{TCP_TIME_WAIT,
	 END_DESTROYED,
	 {"detach_if_pending", "inet_twsk_deschedule_put", "inet_twsk_purge", "tcp_twsk_purge"}},
	{TCP_TIME_WAIT, END_UNKNOWN, {"detach_if_pending", "something_new", "another_thing"}},
	{TCP_FIN_WAIT2, END_UNKNOWN, {"detach_if_pending", "something_new"}},
	{TCP_TIME_WAIT, END_UNKNOWN, {NULL}},
};

static struct record_timewait_end record_at(unsigned int substate, int64_t remaining_ns)
{
	struct record_timewait_end record = {
		.timewait = timewait_of(1, SECOND, TIMEWAIT_ENDED, substate, remaining_ns)};

	return record;
}

static struct record_timewait_end record_of(const struct kernel_stack *stack)
{
	struct record_timewait_end record = record_at(stack->substate, -1);

	for (size_t i = 0; i < TIMEWAIT_FRAMES && stack->frames[i]; i++)
		record.frames[i] = address_in(stack->frames[i]);
	return record;
}

static void the_stack_tells_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stacks); i++) {
		struct record_timewait_end record = record_of(&stacks[i]);

		check(end_reason_of(&ranges, &record) == stacks[i].reason, "stack %zu: %u, not %u",
		      i, end_reason_of(&ranges, &record), stacks[i].reason);
	}
}

static void each_function_of_the_table_tells_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < end_function_count; i++) {
		struct kernel_stack stack = {TCP_TIME_WAIT, END_NONE, {end_functions[i].name}};
		struct record_timewait_end record = record_of(&stack);

		assert_int_equal(end_reason_of(&ranges, &record), end_functions[i].reason);
	}
}

static void a_function_begins_at_its_start_and_ends_before_the_next(void **state)
{
	struct record_timewait_end record = record_at(TCP_TIME_WAIT, 1);
	size_t last = end_function_count - 1;

	(void)state;
	record.frames[0] = items[0].start;
	assert_int_equal(end_reason_of(&ranges, &record), items[0].reason);
	record.frames[0] = items[0].start - 1;
	assert_int_equal(end_reason_of(&ranges, &record), END_UNKNOWN);
	record.frames[0] = items[last].end - 1;
	assert_int_equal(end_reason_of(&ranges, &record), items[last].reason);
	record.frames[0] = items[last].end;
	assert_int_equal(end_reason_of(&ranges, &record), END_UNKNOWN);
}

static void a_full_stack_is_read_to_its_end_and_no_further(void **state)
{
	struct record_timewait_end record = record_at(TCP_TIME_WAIT, 1);

	(void)state;
	for (size_t i = 0; i < TIMEWAIT_FRAMES; i++)
		record.frames[i] = OTHER;
	assert_int_equal(end_reason_of(&ranges, &record), END_UNKNOWN);
	record.frames[TIMEWAIT_FRAMES - 1] = address_in("tcp_abort");
	assert_int_equal(end_reason_of(&ranges, &record), END_DESTROYED);
}

static void without_addresses_only_a_time_that_is_up_is_an_expiry(void **state)
{
	static const struct end_ranges none;
	struct kernel_stack stack = {TCP_TIME_WAIT, END_NONE, {"tcp_abort"}};
	struct record_timewait_end record = record_of(&stack);

	(void)state;
	record.timewait.remaining_ns = 0;
	assert_int_equal(end_reason_of(&none, &record), END_EXPIRED);
	record.timewait.remaining_ns = -(int64_t)SECOND;
	assert_int_equal(end_reason_of(&none, &record), END_EXPIRED);
	record.timewait.remaining_ns = 1;
	assert_int_equal(end_reason_of(&none, &record), END_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stack_tells_the_reason),
		cmocka_unit_test(each_function_of_the_table_tells_its_reason),
		cmocka_unit_test(a_function_begins_at_its_start_and_ends_before_the_next),
		cmocka_unit_test(a_full_stack_is_read_to_its_end_and_no_further),
		cmocka_unit_test(without_addresses_only_a_time_that_is_up_is_an_expiry),
	};

	return cmocka_run_group_tests_name("end_reason", tests, setup, NULL);
}
