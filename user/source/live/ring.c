// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the programs tell, through the ring buffer: checked, completed, handed on. */
#include <errno.h>
#include <string.h>

#include "kernel_record.h"
#include "record/decode.h"
#include "record/outcome.h"
#include "source/live/internal.h"
#include "source/privilege.h"

#define BATCH	      8192 /* records handed on before the caller gets its turn */
#define BATCH_IS_FULL (-ECANCELED)

/*
 * A timer that was cancelled carries the kernel's stack: here it becomes a reason. The peer's FIN
 * has cancelled it only to set it anew, for the whole time that a TIME_WAIT lasts.
 */
static void receive_timewait_end(struct live *live, const struct record_timewait_end *record)
{
	enum end_reason reason = end_reason_of(&live->kallsyms.ends, record);
	struct record_timewait resolved = record->timewait;

	if (reason == END_MOVED)
		return;
	resolved.header.type = RECORD_TIMEWAIT;
	resolved.header.size = sizeof(resolved);
	resolved.end_reason = reason;
	resolved.by_data = end_is_by_data(&live->kallsyms.ends, record);
	if (reason == END_REARMED) {
		resolved.action = TIMEWAIT_ARMED;
		resolved.end_reason = END_NONE;
		resolved.rearmed = true;
	}
	live_hand_on(live, &resolved.header);
}

static void describe(struct live *live, const struct process_id *process, bool current)
{
	describe_process(&live->describer, &live->config->sink, process, current);
}

/*
 * Connects that failed as a transition has told, by cookie: of IPv6 the end of tcp_v6_connect,
 * which comes next, tells of it once more. As many at once as there are CPUs, at most.
 */
static void note_failed(struct live *live, uint64_t cookie)
{
	live->failed[live->failed_next++ % LENGTH(live->failed)] = cookie;
}

static bool was_failed(struct live *live, uint64_t cookie)
{
	for (size_t i = 0; i < LENGTH(live->failed); i++)
		if (live->failed[i] == cookie) {
			live->failed[i] = 0;
			return true;
		}
	return false;
}

/* A port is bound before connect() begins, or never. */
static void complete(struct record_transition *record, const struct record_step *step)
{
	*record = (struct record_transition){
		.header = {RECORD_TRANSITION, sizeof(*record), 0, step->header.time_ns},
		.cookie = step->cookie,
		.tuple = step->tuple,
		.old_state = step->old_state,
		.new_state = step->new_state,
		.refused = step->refused,
		.range_low = step->range_low,
		.range_high = step->range_high,
		.error = step->error,
		.port_held = step->port_held,
		.unsent = step->unsent,
		.dead = step->dead,
		.direction = step->accepted ? DIRECTION_IN : DIRECTION_UNKNOWN,
		.bound = step->new_state == TCP_SYN_SENT && step->port_held,
		.netns_cookie = step->netns_cookie,
		.listener = step->listener,
		.measured = step->measured,
		.carried = step->carried,
	};
}

static void complete_owner(struct record_transition *record, const struct process_id *actor,
			   enum owner_by by)
{
	record->owner = *actor;
	record->owner_by = by;
}

/* connect() and listen() make an owner; else it is close(), but for a connect() that is given up.
 */
static void complete_actor(struct record_transition *record, const struct process_id *actor)
{
	if (record->new_state == TCP_SYN_SENT)
		complete_owner(record, actor, OWNER_CONNECT);
	else if (record->new_state == TCP_LISTEN)
		complete_owner(record, actor, OWNER_LISTEN);
	else if (record->old_state != TCP_SYN_SENT)
		record->closer = *actor;
}

static void receive_step(struct live *live, const struct record_step *step)
{
	struct record_transition record;

	complete(&record, step);
	outcome_resolve(&record, live->plan.refusals);
	live_hand_on(live, &record.header);
}

static void receive_act(struct live *live, const struct record_act *act)
{
	struct record_transition record;

	live_take_calls(live); /* what the process did before was told before */
	describe(live, &act->actor, true);
	complete(&record, &act->step);
	complete_actor(&record, &act->actor);
	outcome_resolve(&record, live->plan.refusals);
	if (record.failure) { /* still in connect() */
		complete_owner(&record, &act->actor, OWNER_CONNECT);
		note_failed(live, record.cookie);
		live->failed_ns = record.header.time_ns;
	}
	live_hand_on(live, &record.header);
}

/* The transition back to CLOSE has told of it already. */
static void receive_failure(struct live *live, const struct record_failure *record)
{
	if (record->failure == FAILURE_NO_SOURCE && was_failed(live, record->cookie))
		return;
	describe(live, &record->process, true);
	live->failed_ns = record->header.time_ns;
	live_hand_on(live, &record->header);
}

void live_receive(struct live *live, const void *data, size_t size)
{
	const struct record_header *record = record_decode(data, size);

	if (!record) {
		live->refused++;
		return;
	}
	switch (record->type) {
	case RECORD_STEP:
		receive_step(live, (const void *)record);
		return;
	case RECORD_ACT:
		receive_act(live, (const void *)record);
		return;
	case RECORD_TIMEWAIT_END:
		receive_timewait_end(live, (const void *)record);
		return;
	case RECORD_FAILURE:
		receive_failure(live, (const void *)record);
		return;
	case RECORD_OWNER:
		describe(live, &((const struct record_owner *)record)->process, true);
		break;
	case RECORD_SOCKET:
		describe(live, &((const struct record_socket *)record)->owner, false);
		break;
	case RECORD_HOLDER:
		describe(live, &((const struct record_holder *)record)->process, true);
		break;
	}
	live_hand_on(live, record);
}

static int on_sample(void *context, void *data, size_t size)
{
	struct live *live = context;

	live_receive(live, data, size);
	return ++live->batch >= BATCH || *live->config->stop ? BATCH_IS_FULL : 0;
}

bool live_open_ring(struct live *live, struct refusal *refusal)
{
	live->ring = ring_buffer__new(bpf_map__fd(live->bpf->maps.records), on_sample, live, NULL);
	if (!live->ring)
		privilege_explain(refusal, "read the ring buffer", errno);
	return live->ring != NULL;
}

bool live_take(struct live *live)
{
	live->batch = 0;
	ring_buffer__consume(live->ring);
	live_take_calls(live);
	return live->batch != 0;
}

/* Where more comes than can be read, the ring is never empty: what it held at first is all. */
void live_drain(struct live *live)
{
	uint64_t read = 0;

	do {
		live->batch = 0;
		ring_buffer__consume(live->ring);
		read += live->batch;
	} while (live->batch && read < live->ring_records);
}
