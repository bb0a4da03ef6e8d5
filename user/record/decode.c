// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/decode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define REMAINING_MAX_NS (365LL * 86400 * 1000000000)
#define COUNTER_MAX	 (1ULL << 62) /* so that differences and sums of them fit */

static const size_t sizes[RECORD_TYPES] = {
	[RECORD_TRANSITION] = sizeof(struct record_transition),
	[RECORD_TIMEWAIT] = sizeof(struct record_timewait),
	[RECORD_SOCKET] = sizeof(struct record_socket),
	[RECORD_HOLDER] = sizeof(struct record_holder),
	[RECORD_LISTING] = sizeof(struct record_listing),
	[RECORD_PROCESS] = sizeof(struct record_process),
	[RECORD_LOSS] = sizeof(struct record_loss),
	[RECORD_COUNTERS] = sizeof(struct record_counters),
	[RECORD_PORTS] = sizeof(struct record_ports),
	[RECORD_FAILURE] = sizeof(struct record_failure),
};

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

static bool transition_valid(const struct record_transition *record)
{
	return tuple_valid(&record->tuple) && full_state_valid(record->old_state) &&
	       full_state_valid(record->new_state) && record->owner_by < OWNER_EVIDENCES &&
	       record->direction < DIRECTIONS && record->failure < FAILURES;
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

static bool timewait_valid(const struct record_timewait *record)
{
	return tuple_valid(&record->tuple) && record->action > 0 &&
	       record->action < TIMEWAIT_ACTIONS && substate_valid(record->substate) &&
	       record->end_reason < END_REASONS && remaining_valid(record->remaining_ns);
}

static bool socket_valid(const struct record_socket *record)
{
	if (record->flags & SOCKET_MINISOCKET
		    ? !(substate_valid(record->state) && remaining_valid(record->remaining_ns))
		    : !full_state_valid(record->state))
		return false;
	return tuple_valid(&record->tuple) && record->owner_by < OWNER_EVIDENCES &&
	       record->direction < DIRECTIONS;
}

static bool listing_valid(const struct record_listing *record)
{
	return record->phase > 0 && record->phase < LISTING_PHASES &&
	       record->scope < LISTING_SCOPES;
}

static bool process_valid(const struct record_process *record)
{
	return memchr(record->exe, 0, sizeof(record->exe)) &&
	       memchr(record->cgroup, 0, sizeof(record->cgroup));
}

static bool counters_valid(const struct record_counters *record)
{
	for (unsigned int i = 0; i < COUNTERS; i++)
		if (record->values[i] > COUNTER_MAX)
			return false;
	return true;
}

static bool ports_valid(const struct record_ports *record)
{
	return record->low <= record->high;
}

static bool failure_valid(const struct record_failure *record)
{
	return tuple_valid(&record->tuple) && record->failure > 0 && record->failure < FAILURES;
}

static bool payload_valid(const struct record_header *header)
{
	switch (header->type) {
	case RECORD_TRANSITION:
		return transition_valid((const void *)header);
	case RECORD_TIMEWAIT:
		return timewait_valid((const void *)header);
	case RECORD_SOCKET:
		return socket_valid((const void *)header);
	case RECORD_LISTING:
		return listing_valid((const void *)header);
	case RECORD_PROCESS:
		return process_valid((const void *)header);
	case RECORD_COUNTERS:
		return counters_valid((const void *)header);
	case RECORD_PORTS:
		return ports_valid((const void *)header);
	case RECORD_FAILURE:
		return failure_valid((const void *)header);
	default:
		return true;
	}
}

const struct record_header *record_decode(const void *data, size_t size)
{
	const struct record_header *header = data;

	if (size < sizeof(*header))
		return NULL;
	if (header->type == 0 || header->type >= RECORD_TYPES)
		return NULL;
	if (header->size != sizes[header->type] || size < header->size)
		return NULL;
	return payload_valid(header) ? header : NULL;
}
