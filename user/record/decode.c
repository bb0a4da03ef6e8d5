// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/decode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel_record.h"
#include "raw_stack.h"

#define REMAINING_MAX_NS (365LL * 86400 * 1000000000)
#define COUNTER_MAX	 (1ULL << 62) /* so that differences and sums of them fit */
#define INODE_MAX	 (UINT64_MAX >> 1)

static bool state_valid(unsigned int state)
{
	return state > 0 && state < TCP_STATES;
}

/* inet_sock_set_state never shows a TIME_WAIT, nor is a full socket ever in one. */
static bool full_state_valid(unsigned int state)
{
	return state_valid(state) && state != TCP_TIME_WAIT;
}

static bool tuple_valid(const struct tuple *tuple)
{
	return tuple->family == AF_INET || tuple->family == AF_INET6;
}

static bool transition_valid(const struct record_header *header)
{
	const struct record_transition *record = (const void *)header;

	return tuple_valid(&record->tuple) && full_state_valid(record->old_state) &&
	       full_state_valid(record->new_state) && record->owner_by < OWNER_EVIDENCES &&
	       record->direction < DIRECTIONS && record->failure < FAILURES &&
	       record->carried.idle_ns <= COUNTER_MAX;
}

static bool step_valid(const struct record_header *header)
{
	const struct record_step *record = (const void *)header;

	return tuple_valid(&record->tuple) && full_state_valid(record->old_state) &&
	       full_state_valid(record->new_state) && record->carried.idle_ns <= COUNTER_MAX;
}

static bool substate_valid(unsigned int state)
{
	return state == TCP_FIN_WAIT2 || state == TCP_TIME_WAIT;
}

/* Read from memory that may have been freed meanwhile: no timer of a minisocket is a year long. */
static bool remaining_valid(int64_t remaining_ns)
{
	return remaining_ns > -REMAINING_MAX_NS && remaining_ns < REMAINING_MAX_NS;
}

static bool timewait_valid(const struct record_header *header)
{
	const struct record_timewait *record = (const void *)header;

	return tuple_valid(&record->tuple) && record->action > 0 &&
	       record->action < TIMEWAIT_ACTIONS && substate_valid(record->substate) &&
	       record->end_reason < END_REASONS && remaining_valid(record->remaining_ns);
}

static bool socket_valid(const struct record_header *header)
{
	const struct record_socket *record = (const void *)header;

	if (record->flags & SOCKET_MINISOCKET
		    ? !(substate_valid(record->state) && remaining_valid(record->remaining_ns))
		    : !full_state_valid(record->state))
		return false;
	return tuple_valid(&record->tuple) && record->owner_by < OWNER_EVIDENCES &&
	       record->direction < DIRECTIONS && record->retrans_ns <= header->time_ns;
}

static bool listing_valid(const struct record_header *header)
{
	const struct record_listing *record = (const void *)header;

	return record->phase > 0 && record->phase < LISTING_PHASES &&
	       record->scope < LISTING_SCOPES;
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static bool process_valid(const struct record_header *header)
{
	const struct record_process *record = (const void *)header;

	return ends(record->exe, sizeof(record->exe)) &&
	       ends(record->cgroup, sizeof(record->cgroup));
}

static bool counters_valid(const struct record_header *header)
{
	const struct record_counters *record = (const void *)header;

	for (unsigned int i = 0; i < COUNTERS; i++)
		if (record->values[i] > COUNTER_MAX)
			return false;
	return true;
}

static bool ports_valid(const struct record_header *header)
{
	const struct record_ports *record = (const void *)header;

	return record->low <= record->high;
}

static bool failure_valid(const struct record_header *header)
{
	const struct record_failure *record = (const void *)header;

	return tuple_valid(&record->tuple) && record->failure > 0 && record->failure < FAILURES;
}

static bool source_valid(const struct record_header *header)
{
	const struct record_source *record = (const void *)header;

	return record->timewait_ns > 0 && record->timewait_ns < REMAINING_MAX_NS;
}

static bool refresh_valid(const struct record_header *header)
{
	return ((const struct record_refresh *)header)->last <= 1;
}

static bool names_valid(const struct process_facts *facts)
{
	for (unsigned int i = 0; i < FACTS_NAMES; i++) {
		const struct thread_name *name = &facts->names[i];

		if (!ends(name->name, sizeof(name->name)) ||
		    !ends(name->waiting_in, sizeof(name->waiting_in)))
			return false;
	}
	return true;
}

static bool facts_valid(const struct record_header *header)
{
	const struct record_facts *record = (const void *)header;
	const struct process_facts *facts = &record->facts;

	return ends(facts->wchan, sizeof(facts->wchan)) &&
	       ends(facts->syscall, sizeof(facts->syscall)) && names_valid(facts) &&
	       facts->looked <= 1 && facts->idle_loop <= 1 && facts->polls <= 1 &&
	       (!facts->state || (facts->state >= 'A' && facts->state <= 'z')) &&
	       facts->looked_for_ns <= COUNTER_MAX && facts->ran_ns <= COUNTER_MAX &&
	       (facts->starved_ns == FACTS_UNKNOWN || facts->starved_ns <= facts->looked_for_ns);
}

/* Flags begin an answer, sockets follow. */
static bool watched_valid(const struct record_header *header)
{
	const struct record_watched *record = (const void *)header;

	if (!record->inode)
		return !record->how && record->flags < WATCHED_TOO_MANY << 1;
	return !record->flags && record->how > 0 && record->how < WATCHES &&
	       record->inode <= INODE_MAX;
}

static bool namespace_valid(const struct record_header *header)
{
	const struct record_namespace *record = (const void *)header;
	const struct conntrack *conntrack = &record->conntrack;

	return record->tracks <= 1 && record->listen_overflows <= COUNTER_MAX &&
	       record->listen_drops <= COUNTER_MAX && conntrack->insert_failed <= COUNTER_MAX &&
	       conntrack->drop <= COUNTER_MAX && conntrack->early_drop <= COUNTER_MAX;
}

/* So that differences and sums fit; FACTS_UNKNOWN stays. */
static bool figures_valid(const __u64 *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i] > COUNTER_MAX && values[i] != FACTS_UNKNOWN)
			return false;
	return true;
}

static bool settings_valid(const struct record_header *header)
{
	return figures_valid(((const struct record_settings *)header)->values, SETTINGS);
}

static bool host_valid(const struct record_header *header)
{
	return figures_valid(((const struct record_host *)header)->values, HOST_FIGURES);
}

static bool sysctl_valid(const struct record_header *header)
{
	const struct record_sysctl *record = (const void *)header;

	return record->setting < SETTINGS && ends(record->file, sizeof(record->file)) &&
	       ends(record->value, sizeof(record->value));
}

static bool frame_valid(const struct stack_frame *frame)
{
	return frame->flags < FRAME_FLAGS && frame->build_id_length <= FRAME_BUILD_ID &&
	       ends(frame->symbol, sizeof(frame->symbol)) &&
	       ends(frame->module, sizeof(frame->module)) && ends(frame->file, sizeof(frame->file));
}

static bool stack_valid(const struct record_header *header)
{
	const struct record_stack *record = (const void *)header;
	const struct stack *stack = &record->stack;

	if (!record->id || stack->end >= STACK_ENDS || stack->count > STACK_FRAMES ||
	    header->size != record_stack_size(stack->count))
		return false;
	for (unsigned int i = 0; i < stack->count; i++)
		if (!frame_valid(&stack->frames[i]))
			return false;
	return true;
}

static bool event_valid(unsigned int event)
{
	return event > 0 && event < STACK_EVENTS;
}

static bool call_valid(const struct record_header *header)
{
	const struct record_call *record = (const void *)header;

	return event_valid(record->event) && record->stack && record->process.pid;
}

static bool raw_stack_valid(const struct record_header *header)
{
	const struct raw_stack *record = (const void *)header;

	return event_valid(record->event) && record->walked <= RAW_STACK_FRAMES &&
	       record->copied <= RAW_STACK_BYTES && record->python_count <= PYTHON_FRAMES &&
	       header->size == RAW_STACK_HEAD + record->copied;
}

/* The one table of record types: how long they are, and what their payload must be like. */
static const struct {
	size_t size;
	bool (*valid)(const struct record_header *header); /* NULL: any will do */
	size_t least; /* of those that differ in length, which `valid` checks; 0: all are `size` */
} kinds[RECORD_TYPES] = {
	[RECORD_TRANSITION] = {sizeof(struct record_transition), transition_valid},
	[RECORD_TIMEWAIT] = {sizeof(struct record_timewait), timewait_valid},
	[RECORD_SOCKET] = {sizeof(struct record_socket), socket_valid},
	[RECORD_HOLDER] = {sizeof(struct record_holder), NULL},
	[RECORD_LISTING] = {sizeof(struct record_listing), listing_valid},
	[RECORD_PROCESS] = {sizeof(struct record_process), process_valid},
	[RECORD_LOSS] = {sizeof(struct record_loss), NULL},
	[RECORD_COUNTERS] = {sizeof(struct record_counters), counters_valid},
	[RECORD_PORTS] = {sizeof(struct record_ports), ports_valid},
	[RECORD_FAILURE] = {sizeof(struct record_failure), failure_valid},
	[RECORD_SOURCE] = {sizeof(struct record_source), source_valid},
	[RECORD_REFRESH] = {sizeof(struct record_refresh), refresh_valid},
	[RECORD_FACTS] = {sizeof(struct record_facts), facts_valid},
	[RECORD_WATCHED] = {sizeof(struct record_watched), watched_valid},
	[RECORD_SENDING] = {sizeof(struct record_sending), NULL},
	[RECORD_OWNER] = {sizeof(struct record_owner), NULL},
	[RECORD_STEP] = {sizeof(struct record_step), step_valid},
	[RECORD_ACT] = {sizeof(struct record_act), step_valid},
	[RECORD_TIMEWAIT_END] = {sizeof(struct record_timewait_end), timewait_valid},
	[RECORD_NAMESPACE] = {sizeof(struct record_namespace), namespace_valid},
	[RECORD_SETTINGS] = {sizeof(struct record_settings), settings_valid},
	[RECORD_HOST] = {sizeof(struct record_host), host_valid},
	[RECORD_SYSCTL] = {sizeof(struct record_sysctl), sysctl_valid},
	[RECORD_RAW_STACK] = {sizeof(struct raw_stack), raw_stack_valid, RAW_STACK_HEAD},
	[RECORD_STACK] = {sizeof(struct record_stack), stack_valid,
			  offsetof(struct record_stack, stack.frames)},
	[RECORD_CALL] = {sizeof(struct record_call), call_valid},
};

size_t record_size(unsigned int type)
{
	return type < RECORD_TYPES ? kinds[type].size : 0;
}

bool record_varies(unsigned int type)
{
	return type < RECORD_TYPES && kinds[type].least;
}

static bool size_valid(const struct record_header *header)
{
	size_t most = kinds[header->type].size, least = kinds[header->type].least;

	return header->size <= most && header->size >= (least ? least : most);
}

const struct record_header *record_decode(const void *data, size_t size)
{
	const struct record_header *header = data;

	if (size < sizeof(*header))
		return NULL;
	if (header->type == 0 || header->type >= RECORD_TYPES)
		return NULL;
	if (!size_valid(header) || size < header->size)
		return NULL;
	return !kinds[header->type].valid || kinds[header->type].valid(header) ? header : NULL;
}
