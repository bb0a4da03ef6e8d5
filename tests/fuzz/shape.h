/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small numbers become records: of few connections and processes, so that they meet. */
#ifndef TCPLINGER_FUZZ_SHAPE_H
#define TCPLINGER_FUZZ_SHAPE_H

#include <string.h>
#include <sys/socket.h>

#include "input.h"
#include "kernel_record.h"
#include "raw_stack.h"

#define SECOND 1000000000ULL

static struct process_id take_process(struct input *input)
{
	struct process_id id = {.pid = below(input, 4)};

	id.start_ns = below(input, 2) * SECOND;
	memset(id.comm, (int)take(input, 1), sizeof(id.comm));
	return id;
}

static struct tuple take_tuple(struct input *input)
{
	struct tuple tuple = {
		.family = below(input, 2) ? AF_INET6 : AF_INET,
		.lport = below(input, 4),
		.rport = below(input, 4),
		.netns = below(input, 2),
	};

	tuple.laddr[15] = below(input, 2);
	tuple.raddr[15] = below(input, 2);
	return tuple;
}

/* Mostly a time-out's length; at times what no timer has, as in freed memory. */
static int64_t take_remaining(struct input *input)
{
	static const int64_t extremes[] = {INT64_MIN, INT64_MIN / 2, -1,
					   0,	      INT64_MAX / 2, INT64_MAX};
	unsigned int choice = below(input, 16);

	if (choice < sizeof(extremes) / sizeof(extremes[0]))
		return extremes[choice];
	return (int64_t)(take(input, 1) * SECOND) - (int64_t)(20 * SECOND);
}

static void shape_transition(struct input *input, void *to)
{
	struct record_transition *record = to;

	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->netns_cookie = record->tuple.netns;
	record->old_state = 1 + below(input, TCP_STATES - 1);
	record->new_state = 1 + below(input, TCP_STATES - 1);
	record->owner_by = below(input, OWNER_EVIDENCES);
	record->direction = below(input, DIRECTIONS);
	record->owner = take_process(input);
	record->closer = take_process(input);
	record->refused = below(input, 2);
	record->error = below(input, 2);
	record->bound = below(input, 2);
	record->listener = below(input, 8);
	record->measured = below(input, 2);
	record->carried = (struct carried){below(input, 4), below(input, 4), below(input, 4)};
	if (record->old_state == TCP_SYN_SENT && record->new_state == TCP_CLOSE) {
		record->failure = below(input, FAILURES);
		record->range_low = below(input, 4);
		record->range_high = below(input, 4);
	}
}

static void shape_timewait(struct input *input, void *to)
{
	struct record_timewait *record = to;

	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->netns_cookie = record->tuple.netns;
	record->action = 1 + below(input, TIMEWAIT_ACTIONS - 1);
	record->substate = below(input, 2) ? TCP_TIME_WAIT : TCP_FIN_WAIT2;
	record->end_reason = below(input, END_REASONS);
	record->rearmed = below(input, 2);
	record->by_data = below(input, 2);
	record->remaining_ns = take_remaining(input);
}

static void shape_socket(struct input *input, void *to)
{
	struct record_socket *record = to;

	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->flags = (uint16_t)take(input, 2);
	record->recvq = below(input, 4);
	record->times = (struct socket_times){
		.acked_ns = below(input, 2) * take(input, 1) * SECOND,
		.received_ns = take(input, 1) * SECOND,
		.sent_ns = take(input, 1) * SECOND,
		.rto_ns = take(input, 1) * SECOND,
		.keepalive_ns = below(input, 2) * take(input, 1) * SECOND,
	};
	record->state = 1 + below(input, TCP_STATES - 1);
	if (record->flags & SOCKET_MINISOCKET)
		record->state = record->state % 2 ? TCP_TIME_WAIT : TCP_FIN_WAIT2;
	record->owner_by = below(input, OWNER_EVIDENCES);
	record->direction = below(input, DIRECTIONS);
	record->netns_cookie = record->tuple.netns;
	record->remaining_ns = take_remaining(input);
	record->owner = take_process(input);
	record->unacked = below(input, 4);
	record->unsent = below(input, 4);
	record->syn_queue = below(input, 2) - 1U;
	record->drops = below(input, 4);
	record->retransmits = below(input, 3);
	record->probes = below(input, 3);
	record->retrans_ns = record->header.time_ns / 16 * below(input, 16);
	/* bits that are no flags choose: the corpora stay what they are */
	record->inode = record->flags >> 12 & 1 ? record->cookie + 1 : 0;
	record->listener = record->flags >> 13;
	record->queue_limit = record->recvq;
}

static void shape_holder(struct input *input, void *to)
{
	struct record_holder *record = to;

	record->cookie = below(input, 8);
	record->process = take_process(input);
	record->fd = below(input, 3);
	record->netns = below(input, 2);
	record->bound_port = below(input, 4);
}

static void shape_ports(struct input *input, void *to)
{
	struct record_ports *record = to;

	record->netns = below(input, 2);
	record->low = below(input, 4);
	record->high = record->low + below(input, 4);
	record->tw_reuse = below(input, 4);
	record->tw_reuse_delay_ms = below(input, 4) * 1000;
	record->reserved[0] = (uint8_t)take(input, 1);
}

static void shape_process(struct input *input, void *to)
{
	struct record_process *record = to;

	record->process = take_process(input);
	memset(record->exe, (int)take(input, 1), below(input, 4) * 300);
	memset(record->cgroup, (int)take(input, 1), below(input, 4) * 64);
}

static void shape_listing(struct input *input, void *to)
{
	struct record_listing *record = to;

	record->phase = 1 + below(input, LISTING_PHASES - 1);
	record->netns = below(input, 2);
	record->scope = below(input, LISTING_SCOPES);
}

static void shape_loss(struct input *input, void *to)
{
	((struct record_loss *)to)->losses.ring_full = below(input, 4);
}

static void shape_counters(struct input *input, void *to)
{
	struct record_counters *record = to;

	record->netns = below(input, 2);
	record->netns_cookie = record->netns;
	record->read_ns = record->header.time_ns + below(input, 2) * SECOND;
	for (unsigned int i = 0; i < COUNTERS; i++)
		record->values[i] = below(input, 8);
}

static void shape_failure(struct input *input, void *to)
{
	struct record_failure *record = to;

	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->failure = 1 + below(input, FAILURES - 1);
	record->range_low = below(input, 4);
	record->range_high = below(input, 4);
	record->process = take_process(input);
}

static void shape_source(struct input *input, void *shaped)
{
	struct record_source *record = shaped;

	record->lacks = take(input, 2);
	record->netns = below(input, 2);
	record->timewait_ns = 1 + take(input, 5);
	record->monotonic_offset_ns = (int64_t)take(input, 8);
	record->boottime_offset_ns = (int64_t)take(input, 8);
}

static void shape_refresh(struct input *input, void *shaped)
{
	struct record_refresh *record = shaped;

	record->monotonic_offset_ns = (int64_t)take(input, 8);
	record->last = below(input, 2);
}

static void shape_facts(struct input *input, void *shaped)
{
	struct record_facts *record = shaped;
	struct process_facts *facts = &record->facts;

	record->process = take_process(input);
	facts->fds = take(input, 8);
	facts->fd_limit = take(input, 8);
	facts->looked_for_ns = take(input, 5);
	facts->ran_ns = take(input, 5);
	facts->starved_ns = facts->looked_for_ns / (1 + below(input, 4));
	facts->tracer = take_process(input);
	facts->threads = facts->looked_at = below(input, 4);
	facts->waiting = below(input, 4);
	facts->looked = below(input, 2);
	facts->state = "RSDT"[below(input, 4)];
	facts->idle_loop = below(input, 2);
	facts->polls = below(input, 2);
	facts->wchan[0] = (char)take(input, 1);
	for (size_t i = 0; i < FACTS_ANCESTORS; i++) {
		struct process_id id = take_process(input);

		facts->ancestors[i] = (struct ancestor){.pid = id.pid, .start_ns = id.start_ns};
	}
	facts->names_total = below(input, FACTS_NAMES + 2);
	for (uint32_t i = 0; i < facts->names_total && i < FACTS_NAMES; i++) {
		facts->names[i].name[0] = (char)take(input, 1);
		facts->names[i].threads = below(input, 4);
	}
}

static void shape_watched(struct input *input, void *shaped)
{
	struct record_watched *record = shaped;

	record->process = take_process(input);
	record->inode = below(input, 8);
	if (record->inode)
		record->how = 1 + below(input, WATCHES - 1);
	else
		record->flags = below(input, WATCHED_TOO_MANY << 1);
}

static void shape_namespace(struct input *input, void *shaped)
{
	struct record_namespace *record = shaped;

	record->netns = below(input, 2);
	record->somaxconn = below(input, 4);
	record->listen_overflows = below(input, 8);
	record->listen_drops = below(input, 8);
	record->tracks = below(input, 2);
	record->conntrack.count = below(input, 4);
	record->conntrack.max = below(input, 4);
	record->conntrack.insert_failed = below(input, 4);
	record->conntrack.drop = below(input, 4);
	record->conntrack.early_drop = below(input, 4);
}

static void shape_figures(struct input *input, __u64 *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = below(input, 8) ? take(input, 2) : FACTS_UNKNOWN;
}

static void shape_settings(struct input *input, void *shaped)
{
	struct record_settings *record = shaped;

	record->netns = below(input, 2);
	shape_figures(input, record->values, SETTINGS);
}

static void shape_host(struct input *input, void *shaped)
{
	shape_figures(input, ((struct record_host *)shaped)->values, HOST_FIGURES);
}

static void shape_sysctl(struct input *input, void *shaped)
{
	struct record_sysctl *record = shaped;

	record->line = below(input, 3);
	record->setting = below(input, SETTINGS);
	record->unread = below(input, 2);
	record->file[0] = (char)take(input, 1);
	record->value[0] = (char)take(input, 1);
}

static void shape_sending(struct input *input, void *shaped)
{
	struct record_sending *record = shaped;

	record->process = take_process(input);
	record->cookie = below(input, 8);
}

static void shape_owner(struct input *input, void *to)
{
	struct record_owner *record = to;

	record->cookie = below(input, 8);
	record->process = take_process(input);
}

/* What only sources make something of passes by all that comes behind them. */
static void shape_step(struct input *input, void *to)
{
	struct record_step *record = to;

	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->old_state = 1 + below(input, TCP_STATES - 1);
	record->new_state = 1 + below(input, TCP_STATES - 1);
}

static void shape_raw_stack(struct input *input, void *to)
{
	struct raw_stack *record = to;

	record->cookie = below(input, 8);
	record->process = take_process(input);
	record->event = 1 + below(input, STACK_EVENTS - 1);
	record->walked = below(input, RAW_STACK_FRAMES + 1);
}

/* Its size is made here: the other ones are as long as their types. */
static void shape_stack(struct input *input, void *to)
{
	struct record_stack *record = to;

	record->id = 1 + below(input, 4);
	record->stack.end = below(input, STACK_ENDS);
	record->stack.count = below(input, 4);
	for (unsigned int i = 0; i < record->stack.count; i++) {
		struct stack_frame *frame = &record->stack.frames[i];

		frame->address = below(input, 4);
		frame->line = below(input, 3);
		frame->build_id_length = below(input, FRAME_BUILD_ID + 1);
		frame->symbol[0] = (char)take(input, 1);
		frame->module[0] = (char)take(input, 1);
		frame->file[0] = (char)take(input, 1);
	}
	record->header.size = record_stack_size(record->stack.count);
}

static void shape_call(struct input *input, void *to)
{
	struct record_call *record = to;

	record->cookie = below(input, 8);
	record->stack = 1 + below(input, 4);
	record->event = 1 + below(input, STACK_EVENTS - 1);
	record->process = take_process(input);
}

struct shape {
	uint16_t size;
	void (*fill)(struct input *input, void *record);
};

static const struct shape shapes[RECORD_TYPES] = {
	[RECORD_TRANSITION] = {sizeof(struct record_transition), shape_transition},
	[RECORD_TIMEWAIT] = {sizeof(struct record_timewait), shape_timewait},
	[RECORD_SOCKET] = {sizeof(struct record_socket), shape_socket},
	[RECORD_HOLDER] = {sizeof(struct record_holder), shape_holder},
	[RECORD_LISTING] = {sizeof(struct record_listing), shape_listing},
	[RECORD_PROCESS] = {sizeof(struct record_process), shape_process},
	[RECORD_LOSS] = {sizeof(struct record_loss), shape_loss},
	[RECORD_COUNTERS] = {sizeof(struct record_counters), shape_counters},
	[RECORD_PORTS] = {sizeof(struct record_ports), shape_ports},
	[RECORD_FAILURE] = {sizeof(struct record_failure), shape_failure},
	[RECORD_SOURCE] = {sizeof(struct record_source), shape_source},
	[RECORD_REFRESH] = {sizeof(struct record_refresh), shape_refresh},
	[RECORD_FACTS] = {sizeof(struct record_facts), shape_facts},
	[RECORD_WATCHED] = {sizeof(struct record_watched), shape_watched},
	[RECORD_SENDING] = {sizeof(struct record_sending), shape_sending},
	[RECORD_OWNER] = {sizeof(struct record_owner), shape_owner},
	[RECORD_STEP] = {sizeof(struct record_step), shape_step},
	[RECORD_ACT] = {sizeof(struct record_act), shape_step},
	[RECORD_TIMEWAIT_END] = {sizeof(struct record_timewait_end), shape_timewait},
	[RECORD_NAMESPACE] = {sizeof(struct record_namespace), shape_namespace},
	[RECORD_SETTINGS] = {sizeof(struct record_settings), shape_settings},
	[RECORD_HOST] = {sizeof(struct record_host), shape_host},
	[RECORD_SYSCTL] = {sizeof(struct record_sysctl), shape_sysctl},
	[RECORD_RAW_STACK] = {RAW_STACK_HEAD, shape_raw_stack},
	[RECORD_STACK] = {sizeof(struct record_stack), shape_stack},
	[RECORD_CALL] = {sizeof(struct record_call), shape_call},
};

/* The rest of a record that has its type and its time. */
static void shape(struct input *input, struct record_header *header)
{
	header->size = shapes[header->type].size;
	shapes[header->type].fill(input, header);
}

#endif
