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
#include "wanted.h"

/* bpf_trace_run and __traceiter_*: two frames of tracing glue say nothing. */
#define GLUE_FRAMES 2

static __always_inline struct record_timewait *timewait_reserve(const struct minisocket *mini,
								int action)
{
	struct record_timewait *record;

	if (!filter_minisocket(&settings.filter, &mini->tuple))
		return NULL;
	record = emit_reserve(RECORD_TIMEWAIT, sizeof(*record), bpf_ktime_get_ns());
	if (!record)
		return NULL;
	record->cookie = mini->cookie;
	record->tuple = mini->tuple;
	record->netns_cookie = mini->netns_cookie;
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

/* False if no view wants it. */
static __always_inline bool minisocket_wanted(struct minisocket *mini, __u64 timer)
{
	minisocket_read(mini, timer);
	return wanted_minisocket(settings.outgoing && !settings.audit, mini->bound);
}

/* The full socket that it stands for ends next: bpf/transition.bpf.c asks. */
static __always_inline void note_minisocket(__u64 cookie)
{
	struct last_minisocket *last = last_minisocket_here();

	if (last)
		last->cookie = cookie;
}

static __always_inline void armed(const struct minisocket *mini, bool rearmed)
{
	struct record_timewait *record;

	note_minisocket(mini->cookie);
	record = timewait_reserve(mini, TIMEWAIT_ARMED);
	if (!record)
		return;
	record->rearmed = rearmed;
	emit_submit_quietly(record);
}

static __always_inline void ended(void *ctx, const struct minisocket *mini)
{
	struct record_timewait *record = timewait_reserve(mini, TIMEWAIT_ENDED);

	if (!record)
		return;
	bpf_get_stack(ctx, record->frames, sizeof(record->frames), GLUE_FRAMES);
	emit_submit_quietly(record);
}

static __always_inline int timer_started(__u64 timer)
{
	struct minisocket mini = {};

	if (!minisocket_wanted(&mini, timer))
		return 0;
	if (settings.silent_fins && mini.substate == TCP_FIN_WAIT2 &&
	    filter_minisocket(&settings.filter, &mini.tuple) &&
	    bpf_map_update_elem(&fin_wait2, &timer, &mini.cookie, BPF_ANY))
		count(&losses.map_full);
	armed(&mini, false);
	return 0;
}

static __always_inline int timer_cancelled(void *ctx, __u64 timer)
{
	struct minisocket mini = {};

	if (!minisocket_wanted(&mini, timer))
		return 0;
	if (settings.silent_fins)
		bpf_map_delete_elem(&fin_wait2, &timer);
	ended(ctx, &mini);
	return 0;
}

/* Of every timer of the host: nothing is done before it is known to be one of a minisocket. */
SEC("tp_btf/timer_start")
int BPF_PROG(timewait_armed, struct timer_list *timer)
{
	return is_timewait(timer) ? timer_started((__u64)timer) : 0;
}

SEC("tp_btf/timer_cancel")
int BPF_PROG(timewait_ended, struct timer_list *timer)
{
	return is_timewait(timer) ? timer_cancelled(ctx, (__u64)timer) : 0;
}

/* Of a minisocket in fin_wait2: has it got the peer's FIN since? */
static long look_at(void *map, const __u64 *timer, const __u64 *cookie, void *context)
{
	struct record_timewait *record;
	struct minisocket mini = {};
	__u64 key = *timer, known = *cookie;

	minisocket_read(&mini, key);
	if (mini.cookie == known && mini.substate == TCP_FIN_WAIT2)
		return 0;
	/* seen, or it went while we looked: its end is told by timewait_ended */
	bpf_map_delete_elem(&fin_wait2, &key);
	if (mini.cookie != known || mini.substate != TCP_TIME_WAIT)
		return 0;
	record = timewait_reserve(&mini, TIMEWAIT_SEEN);
	if (record)
		emit_submit_quietly(record);
	return 0;
}

/*
 * Run by BPF_PROG_RUN once an interval. An iterator over the map's elements would do as well, but
 * there are kernels that refuse all of those.
 */
SEC("syscall")
int find_time_wait(void *ctx)
{
	bpf_for_each_map_elem(&fin_wait2, look_at, NULL, 0);
	return 0;
}

/*
 * The fentry form looks at minisockets only, not at every timer of the host, and misses no rearm:
 * none is silent there.
 */
static __always_inline int minisocket_armed(const struct inet_timewait_sock *tw, bool rearmed)
{
	struct minisocket mini = {};

	if (minisocket_wanted(&mini, minisocket_timer(tw)))
		armed(&mini, rearmed);
	return 0;
}

/* Since 6.10, where it arms the timer as well. */
SEC("fexit/inet_twsk_hashdance_schedule")
int BPF_PROG(minisocket_born, struct inet_timewait_sock *tw)
{
	return minisocket_armed(tw, false);
}

/* Before 6.10, when the timer is armed already. */
SEC("fexit/inet_twsk_hashdance")
int BPF_PROG(minisocket_born_armed, struct inet_timewait_sock *tw)
{
	return minisocket_armed(tw, false);
}

SEC("fexit/__inet_twsk_schedule")
int BPF_PROG(minisocket_rearmed, struct inet_timewait_sock *tw, int timeo, bool rearm)
{
	return rearm ? minisocket_armed(tw, true) : 0;
}

SEC("fentry/inet_twsk_kill")
int BPF_PROG(minisocket_ended, struct inet_timewait_sock *tw)
{
	struct minisocket mini = {};

	if (minisocket_wanted(&mini, minisocket_timer(tw)))
		ended(ctx, &mini);
	return 0;
}

/* The full socket is closed next, on this CPU: bpf/transition.bpf.c asks. */
SEC("fexit/inet_twsk_alloc")
int BPF_PROG(minisocket_refused, const struct sock *sk, void *death_row, int state,
	     struct inet_timewait_sock *tw)
{
	struct last_minisocket *last = last_minisocket_here();

	if (last)
		last->refused = tw ? 0 : (__u64)sk;
	return 0;
}
