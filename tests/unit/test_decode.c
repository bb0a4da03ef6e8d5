// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/decode.h"
#include "records.h"
#include "unit.h"

/* One valid record of each type, to be spoilt. */
union any {
	struct record_header header;
	struct record_transition transition;
	struct record_timewait timewait;
	struct record_socket socket;
	struct record_holder holder;
	struct record_listing listing;
	struct record_process process;
	struct record_loss loss;
	struct record_counters counters;
	struct record_ports ports;
	struct record_failure failure;
	struct record_source source;
	struct record_refresh refresh;
	struct record_facts facts;
	struct record_watched watched;
	struct record_sending sending;
	struct record_owner owner;
	struct record_step step;
	struct record_act act;
	struct record_timewait_end timewait_end;
	struct record_namespace namespace;
	struct record_settings settings;
	struct record_host host;
	struct record_sysctl sysctl;
	struct raw_stack raw_stack;
	struct record_stack stack;
	struct record_call call;
};

static struct record_step step(void)
{
	struct record_transition record = transition_of(1, SECOND, TCP_SYN_SENT, TCP_ESTABLISHED);

	return step_from(&record);
}

static union any valid(unsigned int type)
{
	union any any = {0};

	switch (type) {
	case RECORD_TRANSITION:
		any.transition = transition_of(1, SECOND, TCP_SYN_SENT, TCP_ESTABLISHED);
		break;
	case RECORD_TIMEWAIT:
		any.timewait = timewait_of(1, SECOND, TIMEWAIT_ARMED, TCP_FIN_WAIT2, SECOND);
		break;
	case RECORD_SOCKET:
		any.socket = socket_row(1, SECOND, TCP_ESTABLISHED);
		break;
	case RECORD_HOLDER:
		any.holder = holder_of(1, SECOND, 7, "holder");
		break;
	case RECORD_LISTING:
		any.listing = listing_of(SECOND, LISTING_BEGINS, 0);
		break;
	case RECORD_PROCESS:
		any.process = description_of(7, "process", "/bin/process", "/");
		break;
	case RECORD_LOSS:
		any.loss = loss_of(SECOND, &(struct losses){0});
		break;
	case RECORD_COUNTERS:
		any.counters = counters_of(SECOND, 0);
		break;
	case RECORD_PORTS:
		any.ports = port_settings_of(SECOND, 32768, 60999);
		break;
	case RECORD_FAILURE:
		any.failure = failure_of(SECOND, FAILURE_BIND_IN_USE);
		break;
	case RECORD_SOURCE:
		any.source = source_of(SECOND, 0);
		break;
	case RECORD_REFRESH:
		any.refresh = refresh_of(SECOND);
		break;
	case RECORD_FACTS:
		any.facts = facts_of(SECOND, 7);
		break;
	case RECORD_SENDING:
		any.sending = sending_of(SECOND, 7, 0xabc);
		break;
	case RECORD_WATCHED:
		any.watched = watched_of(SECOND, 7, 4711, WATCH_IN);
		break;
	case RECORD_OWNER:
		any.owner = (struct record_owner){
			.header = {RECORD_OWNER, sizeof(any.owner), 0, SECOND},
			.cookie = 1,
			.process = process_of(7, "acceptor"),
		};
		break;
	case RECORD_STEP:
		any.step = step();
		break;
	case RECORD_ACT:
		any.act = (struct record_act){.step = step(), .actor = process_of(7, "actor")};
		any.header.type = RECORD_ACT;
		any.header.size = sizeof(any.act);
		break;
	case RECORD_TIMEWAIT_END:
		any.timewait = timewait_of(1, SECOND, TIMEWAIT_ENDED, TCP_TIME_WAIT, 0);
		any.header.type = RECORD_TIMEWAIT_END;
		any.header.size = sizeof(any.timewait_end);
		break;
	case RECORD_NAMESPACE:
		any.namespace = namespace_of(SECOND, NETNS);
		break;
	case RECORD_SETTINGS:
		any.settings = settings_of(SECOND, NETNS);
		break;
	case RECORD_HOST:
		any.host = host_of(SECOND);
		break;
	case RECORD_SYSCTL:
		any.sysctl = sysctl_of(SECOND, 7, SETTING_TW_RECYCLE, "1");
		break;
	case RECORD_RAW_STACK:
		any.raw_stack = raw_stack_of(SECOND, 64);
		break;
	case RECORD_STACK:
		any.stack = stack_of(7, (const char *const[]){"fetch", "main"}, 2);
		break;
	case RECORD_CALL:
		any.call = call_of(1, SECOND, STACK_CONNECT, 7, 7);
		break;
	}
	return any;
}

static bool passes(const union any *any)
{
	const struct record_header *record = record_decode(any, any->header.size);

	assert_true(!record || record == &any->header);
	return record != NULL;
}

static void a_valid_record_of_each_type_passes(void **state)
{
	(void)state;
	for (unsigned int type = RECORD_TRANSITION; type < RECORD_TYPES; type++) {
		union any any = valid(type);

		check(passes(&any), "type %u is refused", type);
	}
}

static void a_stack_that_cannot_be_is_refused(void **state)
{
	union any any = valid(RECORD_STACK);

	(void)state;
	any.stack.id = 0;
	assert_false(passes(&any));
	any = valid(RECORD_STACK);
	any.stack.stack.end = STACK_ENDS;
	assert_false(passes(&any));
	any = valid(RECORD_STACK);
	any.stack.stack.count = STACK_FRAMES + 1;
	any.header.size = record_stack_size(STACK_FRAMES + 1);
	assert_false(passes(&any));
	any = valid(RECORD_STACK);
	any.stack.stack.frames[1].build_id_length = FRAME_BUILD_ID + 1;
	assert_false(passes(&any));
	any = valid(RECORD_STACK);
	any.stack.stack.frames[1].flags = FRAME_FLAGS;
	assert_false(passes(&any));
	any = valid(RECORD_STACK);
	memset(any.stack.stack.frames[1].symbol, 'x', FRAME_TEXT);
	assert_false(passes(&any));
	any = valid(RECORD_STACK);
	memset(any.stack.stack.frames[0].file, 'x', FRAME_TEXT);
	assert_false(passes(&any));
	any = valid(RECORD_STACK);
	memset(any.stack.stack.frames[0].module, 'x', FRAME_TEXT);
	assert_false(passes(&any));
}

static void a_call_that_cannot_be_is_refused(void **state)
{
	union any any = valid(RECORD_CALL);

	(void)state;
	any.call.event = STACK_EVENTS;
	assert_false(passes(&any));
	any = valid(RECORD_CALL);
	any.call.event = 0;
	assert_false(passes(&any));
	any = valid(RECORD_CALL);
	any.call.stack = 0;
	assert_false(passes(&any));
	any = valid(RECORD_CALL);
	any.call.process.pid = 0;
	assert_false(passes(&any));
}

static void a_raw_stack_has_what_it_counts(void **state)
{
	union any any = valid(RECORD_RAW_STACK);

	(void)state;
	any.raw_stack.copied++;
	assert_false(passes(&any));
	any = valid(RECORD_RAW_STACK);
	any.raw_stack.walked = RAW_STACK_FRAMES + 1;
	assert_false(passes(&any));
	any = valid(RECORD_RAW_STACK);
	any.raw_stack.event = STACK_EVENTS;
	assert_false(passes(&any));
}

static void a_record_cut_short_is_refused(void **state)
{
	(void)state;
	for (unsigned int type = RECORD_TRANSITION; type < RECORD_TYPES; type++) {
		union any any = valid(type);

		for (size_t size = 0; size < any.header.size; size++)
			check(!record_decode(&any, size), "type %u passes with %zu bytes", type,
			      size);
	}
}

static void a_record_of_another_size_than_its_type_has_is_refused(void **state)
{
	(void)state;
	for (unsigned int type = RECORD_TRANSITION; type < RECORD_TYPES; type++) {
		union any any = valid(type);
		uint16_t size = any.header.size;

		for (int off = -16; off <= 16; off += 8) {
			any.header.size = (uint16_t)(size + off);
			check((record_decode(&any, sizeof(any)) != NULL) == (off == 0),
			      "type %u with a size off by %d", type, off);
		}
	}
}

static void a_record_of_an_unknown_type_is_refused(void **state)
{
	static const uint16_t types[] = {0, RECORD_TYPES, RECORD_TYPES + 1, 255, 256, 65535};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		union any any = {.header = {.type = types[i], .size = sizeof(any)}};

		check(!passes(&any), "type %u passes", types[i]);
	}
}

/* A byte of a valid record is set to a value that is out of its range. */
struct spoilt {
	unsigned int type;
	size_t offset;
	uint8_t value;
	const char *what;
};

#define SPOILT(type, record, member, value)                                                        \
	{                                                                                          \
		type, offsetof(struct record, member), value, #record "." #member " = " #value     \
	}

static const struct spoilt spoilts[] = {
	SPOILT(RECORD_TRANSITION, record_transition, old_state, 0),
	SPOILT(RECORD_TRANSITION, record_transition, old_state, TCP_STATES),
	SPOILT(RECORD_TRANSITION, record_transition, new_state, 0),
	SPOILT(RECORD_TRANSITION, record_transition, new_state, TCP_STATES),
	SPOILT(RECORD_TRANSITION, record_transition, new_state, 255),
	SPOILT(RECORD_TRANSITION, record_transition, owner_by, OWNER_EVIDENCES),
	SPOILT(RECORD_TRANSITION, record_transition, direction, DIRECTIONS),
	SPOILT(RECORD_TRANSITION, record_transition, tuple.family, 0),
	SPOILT(RECORD_TRANSITION, record_transition, tuple.family, AF_UNIX),
	SPOILT(RECORD_STEP, record_step, old_state, TCP_TIME_WAIT),
	SPOILT(RECORD_STEP, record_step, new_state, TCP_STATES),
	SPOILT(RECORD_STEP, record_step, tuple.family, AF_UNIX),
	SPOILT(RECORD_ACT, record_act, step.old_state, 0),
	SPOILT(RECORD_ACT, record_act, step.tuple.family, 0),
	SPOILT(RECORD_TIMEWAIT_END, record_timewait_end, timewait.substate, TCP_CLOSE),
	SPOILT(RECORD_TIMEWAIT_END, record_timewait_end, timewait.action, TIMEWAIT_ACTIONS),
	SPOILT(RECORD_TIMEWAIT, record_timewait, action, 0),
	SPOILT(RECORD_TIMEWAIT, record_timewait, action, TIMEWAIT_ACTIONS),
	SPOILT(RECORD_TIMEWAIT, record_timewait, substate, 0),
	SPOILT(RECORD_TIMEWAIT, record_timewait, substate, TCP_ESTABLISHED),
	SPOILT(RECORD_TIMEWAIT, record_timewait, end_reason, END_REASONS),
	SPOILT(RECORD_TIMEWAIT, record_timewait, tuple.family, AF_UNIX),
	SPOILT(RECORD_SOCKET, record_socket, state, 0),
	SPOILT(RECORD_SOCKET, record_socket, state, TCP_STATES),
	SPOILT(RECORD_SOCKET, record_socket, owner_by, OWNER_EVIDENCES),
	SPOILT(RECORD_SOCKET, record_socket, direction, DIRECTIONS),
	SPOILT(RECORD_SOCKET, record_socket, tuple.family, AF_UNIX),
	/* no minisocket is ESTABLISHED, which this row is */
	SPOILT(RECORD_SOCKET, record_socket, flags, SOCKET_MINISOCKET),
	SPOILT(RECORD_LISTING, record_listing, phase, 0),
	SPOILT(RECORD_LISTING, record_listing, phase, LISTING_PHASES),
	SPOILT(RECORD_LISTING, record_listing, scope, LISTING_SCOPES),
	SPOILT(RECORD_LISTING, record_listing, scope, 255),
	SPOILT(RECORD_FACTS, record_facts, facts.looked, 2),
	SPOILT(RECORD_FACTS, record_facts, facts.idle_loop, 2),
	SPOILT(RECORD_FACTS, record_facts, facts.polls, 2),
	SPOILT(RECORD_FACTS, record_facts, facts.state, 1),
	/* longer than it was looked for */
	SPOILT(RECORD_FACTS, record_facts, facts.starved_ns, 1),
	SPOILT(RECORD_NAMESPACE, record_namespace, tracks, 2),
	SPOILT(RECORD_SYSCTL, record_sysctl, setting, SETTINGS),
	SPOILT(RECORD_WATCHED, record_watched, how, 0),
	SPOILT(RECORD_WATCHED, record_watched, how, WATCHES),
	SPOILT(RECORD_WATCHED, record_watched, flags, WATCHED_HAS_SETS),
};

static void a_value_out_of_range_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spoilts); i++) {
		union any any = valid(spoilts[i].type);

		((uint8_t *)&any)[spoilts[i].offset] = spoilts[i].value;
		check(!passes(&any), "%s passes", spoilts[i].what);
	}
}

static void nothing_was_sent_again_before_it_was_listed(void **state)
{
	union any any = valid(RECORD_SOCKET);

	(void)state;
	any.socket.retrans_ns = any.header.time_ns;
	assert_true(passes(&any));
	any.socket.retrans_ns++;
	assert_false(passes(&any));
}

static void every_value_in_range_passes(void **state)
{
	(void)state;
	for (uint8_t old_state = 1; old_state < TCP_STATES; old_state++) {
		for (uint8_t new_state = 1; new_state < TCP_STATES; new_state++) {
			union any any = valid(RECORD_TRANSITION);

			any.transition.old_state = old_state;
			any.transition.new_state = new_state;
			any.transition.owner_by = old_state % OWNER_EVIDENCES;
			any.transition.direction = new_state % DIRECTIONS;
			any.transition.tuple.family = new_state % 2 ? AF_INET : AF_INET6;
			assert_true(passes(&any) ==
				    (old_state != TCP_TIME_WAIT && new_state != TCP_TIME_WAIT));
		}
	}
}

/* Else their differences would not fit: signed overflow in the audit, which adds them up. */
static void a_counter_beyond_what_any_kernel_counts_is_refused(void **state)
{
	union any any = valid(RECORD_COUNTERS);

	(void)state;
	for (unsigned int i = 0; i < COUNTERS; i++) {
		any.counters.values[i] = 1ULL << 62;
		assert_true(passes(&any));
		any.counters.values[i]++;
		check(!passes(&any), "counter %u passes", i);
		any.counters.values[i] = 0;
	}
}

/* What is not known is the one value beyond. */
static void a_figure_of_the_host_is_counted_or_unknown(void **state)
{
	union any settings = valid(RECORD_SETTINGS), host = valid(RECORD_HOST);

	(void)state;
	settings.settings.values[SETTINGS - 1] = host.host.values[HOST_FIGURES - 1] = 1ULL << 62;
	assert_true(passes(&settings) && passes(&host));
	settings.settings.values[SETTINGS - 1]++;
	host.host.values[HOST_FIGURES - 1] = FACTS_UNKNOWN - 1;
	assert_false(passes(&settings) || passes(&host));
}

static void a_file_or_value_without_an_end_is_refused(void **state)
{
	union any any = valid(RECORD_SYSCTL);

	(void)state;
	memset(any.sysctl.file, 'x', sizeof(any.sysctl.file));
	assert_false(passes(&any));
	any = valid(RECORD_SYSCTL);
	memset(any.sysctl.value, 'x', sizeof(any.sysctl.value));
	assert_false(passes(&any));
}

static void only_a_minisocket_is_in_TIME_WAIT(void **state)
{
	union any any = valid(RECORD_SOCKET);

	(void)state;
	any.socket.state = TCP_TIME_WAIT;
	any.socket.flags = 0;
	assert_false(passes(&any));
	any.socket.flags = SOCKET_MINISOCKET;
	assert_true(passes(&any));
}

static void a_row_in_CLOSE_WAIT_passes_whatever_its_figures(void **state)
{
	static const uint32_t queues[] = {0, 1, 2, 1 << 31, UINT32_MAX};
	static const uint64_t times[] = {0, 1, SECOND, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(queues); i++) {
		for (size_t j = 0; j < COUNT(times); j++) {
			union any any;

			any.socket = close_wait_row(1, SECOND, queues[i],
						    SOCKET_SENDING | SOCKET_OPAQUE | SOCKET_MPTCP |
							    SOCKET_UNACCEPTED,
						    times[j]);
			check(passes(&any), "recvq %u since %llu", queues[i],
			      (unsigned long long)times[j]);
		}
	}
}

static void both_scopes_of_a_listing_pass(void **state)
{
	union any any = valid(RECORD_LISTING);

	(void)state;
	any.listing.scope = LISTING_CLOSE_WAITS;
	assert_true(passes(&any));
	any.listing.scope = LISTING_ALL;
	assert_true(passes(&any));
}

static void a_path_without_an_end_is_refused(void **state)
{
	union any any = valid(RECORD_PROCESS);

	(void)state;
	memset(any.process.exe, 'x', sizeof(any.process.exe));
	assert_false(passes(&any));
	any = valid(RECORD_PROCESS);
	memset(any.process.cgroup, 'x', sizeof(any.process.cgroup));
	assert_false(passes(&any));
	any.process.cgroup[sizeof(any.process.cgroup) - 1] = 0;
	assert_true(passes(&any));
}

static void a_word_of_a_process_without_an_end_is_refused(void **state)
{
	static const struct {
		size_t offset, size;
	} words[] = {
		{offsetof(struct process_facts, wchan), FACTS_NAME},
		{offsetof(struct process_facts, syscall), FACTS_NAME},
		{offsetof(struct process_facts, names[0].name), 16},
		{offsetof(struct process_facts, names[9].name), 16},
		{offsetof(struct process_facts, names[9].waiting_in), FACTS_NAME},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		union any any = valid(RECORD_FACTS);
		char *word = (char *)&any.facts.facts + words[i].offset;

		memset(word, 'x', words[i].size);
		check(!passes(&any), "word %zu passes", i);
		word[words[i].size - 1] = 0;
		check(passes(&any), "word %zu is refused", i);
	}
}

static void what_begins_an_answer_has_flags_only(void **state)
{
	union any any = valid(RECORD_WATCHED);

	(void)state;
	any.watched.inode = 0;
	assert_false(passes(&any));
	any.watched.how = 0;
	assert_true(passes(&any));
	for (unsigned int flags = 0; flags < 256; flags++) {
		any.watched.flags = (uint8_t)flags;
		assert_true(passes(&any) == (flags < 8));
	}
}

/*
 * It is computed from a timer that may be freed memory by then (minisocket.bpf.h), and the model
 * subtracts with it: a value that no timer has must not come that far.
 */
static void a_remaining_time_that_would_overflow_is_refused(void **state)
{
	static const int64_t hostile[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		union any any = valid(RECORD_TIMEWAIT);

		any.timewait.remaining_ns = hostile[i];
		check(!passes(&any), "a timer with %lld ns left passes", (long long)hostile[i]);
		any.socket = minisocket_row(1, SECOND, TCP_TIME_WAIT, hostile[i]);
		check(!passes(&any), "a row with %lld ns left passes", (long long)hostile[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_valid_record_of_each_type_passes),
		cmocka_unit_test(a_record_cut_short_is_refused),
		cmocka_unit_test(a_stack_that_cannot_be_is_refused),
		cmocka_unit_test(a_call_that_cannot_be_is_refused),
		cmocka_unit_test(a_raw_stack_has_what_it_counts),
		cmocka_unit_test(a_record_of_another_size_than_its_type_has_is_refused),
		cmocka_unit_test(a_record_of_an_unknown_type_is_refused),
		cmocka_unit_test(a_value_out_of_range_is_refused),
		cmocka_unit_test(every_value_in_range_passes),
		cmocka_unit_test(a_counter_beyond_what_any_kernel_counts_is_refused),
		cmocka_unit_test(a_figure_of_the_host_is_counted_or_unknown),
		cmocka_unit_test(a_file_or_value_without_an_end_is_refused),
		cmocka_unit_test(only_a_minisocket_is_in_TIME_WAIT),
		cmocka_unit_test(nothing_was_sent_again_before_it_was_listed),
		cmocka_unit_test(a_row_in_CLOSE_WAIT_passes_whatever_its_figures),
		cmocka_unit_test(both_scopes_of_a_listing_pass),
		cmocka_unit_test(a_path_without_an_end_is_refused),
		cmocka_unit_test(a_word_of_a_process_without_an_end_is_refused),
		cmocka_unit_test(what_begins_an_answer_has_flags_only),
		cmocka_unit_test(a_remaining_time_that_would_overflow_is_refused),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
