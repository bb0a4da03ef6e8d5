// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The life of a timewait minisocket, told by its timer: timer_start when it is born (or rearmed),
 * timer_cancel when it ends, for every reason there is, natural expiry among them; the stack says
 * which. Both run under the timer base's lock with interrupts off: only the ring buffer and a
 * preallocated map may be touched here, and nobody is woken.
 *
 * The peer's FIN turns a minisocket in FIN_WAIT2 into a true TIME_WAIT, and moves its timer. If the
 * timer stays in its bucket of the wheel, which it does when both time-outs are alike, no
 * tracepoint fires (__mod_timer): find_time_wait looks at those that wait for it.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "emit.bpf.h"
#include "minisocket.bpf.h"

/* bpf_trace_run and __traceiter_*: two frames of tracing glue say nothing. */
#define GLUE_FRAMES 2

static __always_inline struct record_timewait *timewait_reserve(const struct minisocket *mini,
								int action)
{
	struct record_timewait *record;

	if (!filter_tuple(&settings.filter, &mini->tuple, 1))
		return NULL;
	record = emit_reserve(RECORD_TIMEWAIT, sizeof(*record));
	if (!record)
		return NULL;
	record->cookie = mini->cookie;
	record->tuple = mini->tuple;
	record->action = action;
	record->substate = mini->substate;
	record->timestamps = mini->timestamps;
	record->bound = mini->bound;
	record->remaining_ns = minisocket_remaining_ns(mini);
	return record;
}

/* DCCP, removed in 6.16, had minisockets of the same kind: one of those would be taken for TCP's.
 */
static __always_inline bool is_timewait(const struct timer_list *timer)
{
	return (__u64)timer->function == settings.tw_timer_handler;
}

/*
 * False if the timer is not one of a minisocket, or if the view does not want it: connect() has not
 * chosen its port.
 */
static __always_inline bool timewait_read(struct minisocket *mini, const struct timer_list *timer)
{
	if (!is_timewait(timer))
		return false;
	minisocket_read(mini, (__u64)timer);
	return !settings.outgoing || settings.audit || !mini->bound;
}

/* The full socket that it stands for ends next: bpf/transition.bpf.c asks. */
static __always_inline void note_minisocket(__u64 cookie)
{
	__u32 zero = 0;
	__u64 *last = bpf_map_lookup_elem(&last_minisocket, &zero);

	if (last)
		*last = cookie;
}

SEC("tp_btf/timer_start")
int BPF_PROG(timewait_armed, struct timer_list *timer)
{
	struct record_timewait *record;
	struct minisocket mini = {};
	__u64 key = (__u64)timer;

	if (!timewait_read(&mini, timer))
		return 0;
	note_minisocket(mini.cookie);
	if (mini.substate == TCP_FIN_WAIT2 &&
	    bpf_map_update_elem(&fin_wait2, &key, &mini.cookie, BPF_ANY))
		count(&losses.map_full);
	record = timewait_reserve(&mini, TIMEWAIT_ARMED);
	if (record)
		emit_submit_quietly(record);
	return 0;
}

SEC("tp_btf/timer_cancel")
int BPF_PROG(timewait_ended, struct timer_list *timer)
{
	struct record_timewait *record;
	struct minisocket mini = {};
	__u64 key = (__u64)timer;

	if (!timewait_read(&mini, timer))
		return 0;
	bpf_map_delete_elem(&fin_wait2, &key);
	record = timewait_reserve(&mini, TIMEWAIT_ENDED);
	if (!record)
		return 0;
	bpf_get_stack(ctx, record->frames, sizeof(record->frames), GLUE_FRAMES);
	emit_submit_quietly(record);
	return 0;
}

/* Run over fin_wait2 once an interval: which of them got the peer's FIN since? */
SEC("iter/bpf_map_elem")
int find_time_wait(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *timer = ctx->key, *cookie = ctx->value;
	struct record_timewait *record;
	struct minisocket mini = {};
	__u64 key;

	if (!timer || !cookie)
		return 0;
	key = *timer;
	minisocket_read(&mini, key);
	if (mini.cookie == *cookie && mini.substate == TCP_FIN_WAIT2)
		return 0;
	/* seen, or it went while we looked: its end is told by timewait_ended */
	bpf_map_delete_elem(&fin_wait2, &key);
	if (mini.cookie != *cookie || mini.substate != TCP_TIME_WAIT)
		return 0;
	record = timewait_reserve(&mini, TIMEWAIT_SEEN);
	if (record)
		emit_submit_quietly(record);
	return 0;
}
