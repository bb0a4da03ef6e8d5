// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the programs tell, through the ring buffer: checked, completed, handed on. */
#include <errno.h>
#include <string.h>

#include "record/decode.h"
#include "record/outcome.h"
#include "source/live/internal.h"
#include "source/privilege.h"

#define BATCH	      8192 /* records handed on before the caller gets its turn */
#define BATCH_IS_FULL (-ECANCELED)

/* A minisocket that ended carries the kernel's stack: here it becomes a reason. */
static void receive_timewait(struct live *live, const struct record_timewait *record)
{
	struct record_timewait resolved = *record;

	if (record->action == TIMEWAIT_ENDED)
		resolved.end_reason = end_reason_of(&live->kallsyms.ends, record);
	live_hand_on(live, &resolved.header);
}

static void describe(struct live *live, const struct process_id *process, bool current)
{
	describe_process(&live->describer, &live->config->sink, process, current);
}

static void receive_transition(struct live *live, const struct record_transition *record)
{
	struct record_transition resolved = *record;

	outcome_resolve(&resolved, live->plan.minisockets_fentry);
	describe(live, &resolved.owner, record_owner_is_current(&resolved));
	describe(live, &resolved.closer, true);
	live_hand_on(live, &resolved.header);
}

void live_receive(struct live *live, const void *data, size_t size)
{
	const struct record_header *record = record_decode(data, size);

	if (!record) {
		live->refused++;
		return;
	}
	switch (record->type) {
	case RECORD_TIMEWAIT:
		receive_timewait(live, (const void *)record);
		return;
	case RECORD_TRANSITION:
		receive_transition(live, (const void *)record);
		return;
	case RECORD_SOCKET:
		describe(live, &((const struct record_socket *)record)->owner, false);
		break;
	case RECORD_HOLDER:
		describe(live, &((const struct record_holder *)record)->process, true);
		break;
	case RECORD_FAILURE:
		describe(live, &((const struct record_failure *)record)->process, true);
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
