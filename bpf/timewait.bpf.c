// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The life of a timewait minisocket after its birth (birth.bpf.h), told by its timer alone:
 * timer_cancel when it ends, for every reason there is, natural expiry among them, and when the
 * peer's FIN moves the timer; the stack says which. It runs under the timer base's lock with
 * interrupts off: only the ring buffer may be touched here, and nobody is woken.
 *
 * The peer's FIN turns a minisocket in FIN_WAIT2 into a true TIME_WAIT. If the timer stays in its
 * bucket of the wheel, which it does when both time-outs are alike, no tracepoint fires
 * (__mod_timer): find_time_wait looks at those that wait for it.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "birth.bpf.h"
#include "emit.bpf.h"
#include "kernel_record.h"
#include "minisocket.bpf.h"
#include "wanted.h"

/* bpf_trace_run and __traceiter_*: two frames of tracing glue say nothing. */
#define GLUE_FRAMES 2

static __always_inline void timewait_show(struct record_timewait *record,
					  const struct minisocket *mini, int action)
{
	record->cookie = mini->cookie;
	record->tuple = mini->tuple;
	record->netns_cookie = mini->netns_cookie;
	record->action = action;
	record->substate = mini->substate;
	record->timestamps = mini->timestamps;
	record->bound = mini->bound;
	record->remaining_ns = minisocket_remaining_ns(mini);
}

static __always_inline void timewait_tell(const struct minisocket *mini, int action, bool rearmed)
{
	struct record_timewait *record =
		emit_reserve(RECORD_TIMEWAIT, sizeof(*record), bpf_ktime_get_ns());

	if (!record)
		return;
	timewait_show(record, mini, action);
	record->rearmed = rearmed;
	emit_submit_quietly(record);
}

/* False if no view would have it, whatever it is between. */
static __always_inline bool minisocket_concerns(struct minisocket *mini, __u64 timer)
{
	minisocket_read(mini, timer);
	return wanted_minisocket(settings.outgoing && !settings.audit, mini->bound);
}

static __always_inline bool minisocket_wanted(struct minisocket *mini, __u64 timer)
{
	return minisocket_concerns(mini, timer) &&
	       filter_minisocket(&settings.filter, &mini->tuple);
}

/* lockdown=confidentiality forbids both ways before 6.2. */
static __always_inline bool can_read(void)
{
	return settings.rdonly_cast || settings.probe_reads;
}

__u64 cookie_at(const struct place *place)
{
	__u64 offset = bpf_core_field_offset(struct sock_common, skc_bind_node);
	const struct sock_common *skc;
	const struct hlist_node *node;

	if (!place || !can_read())
		return 0;
	node = (void *)place->address;
	if (settings.rdonly_cast) {
		node = cast_to(struct hlist_node, (void *)place->address);
		skc = cast_to(struct sock_common, (void *)node->next - offset);
		return skc->skc_cookie.counter;
	}
	skc = (void *)BPF_CORE_READ(node, next) - offset;
	return BPF_CORE_READ(skc, skc_cookie.counter);
}

int tell_birth(const struct known_by *known)
{
	struct minisocket mini = {};
	__u64 timer;

	if (!known || !can_read())
		return 0;
	timer = minisocket_find(known);
	if (!timer || !minisocket_concerns(&mini, timer))
		return 0;
	if (filter_minisocket(&settings.filter, &mini.tuple)) {
		await_fin(timer, mini.cookie, mini.substate);
		timewait_tell(&mini, TIMEWAIT_ARMED, false);
	}
	return 1;
}

/* DCCP, removed in 6.16, had minisockets of the same kind: one of those would be taken for TCP's.
 */
static __always_inline bool is_timewait(const struct timer_list *timer)
{
	return (__u64)timer->function == settings.tw_timer_handler;
}

static __always_inline void ended(void *ctx, const struct minisocket *mini)
{
	struct record_timewait_end *record =
		emit_reserve(RECORD_TIMEWAIT_END, sizeof(*record), bpf_ktime_get_ns());

	if (!record)
		return;
	timewait_show(&record->timewait, mini, TIMEWAIT_ENDED);
	bpf_get_stack(ctx, record->frames, sizeof(record->frames), GLUE_FRAMES);
	emit_submit_quietly(record);
}

static __always_inline int timer_cancelled(void *ctx, __u64 timer)
{
	struct minisocket mini = {};

	if (!minisocket_wanted(&mini, timer))
		return 0;
	ended(ctx, &mini);
	return 0;
}

/* Of every timer of the host: nothing is done before it is known to be one of a minisocket. */
SEC("tp_btf/timer_cancel")
int BPF_PROG(timewait_ended, struct timer_list *timer)
{
	return is_timewait(timer) ? timer_cancelled(ctx, (__u64)timer) : 0;
}

/*
 * True if it is still to be waited for. What went has left its memory as it was, or to another; its
 * end has been told.
 */
static __always_inline bool still_waits(const struct waiting *waiting)
{
	struct minisocket mini = {};

	minisocket_read(&mini, waiting->timer);
	if (mini.cookie != waiting->cookie || !mini.pending)
		return false;
	if (mini.substate == TCP_TIME_WAIT)
		timewait_tell(&mini, TIMEWAIT_SEEN, false);
	return mini.substate == TCP_FIN_WAIT2;
}

static long look_at_next(__u64 number, void *context)
{
	struct waiting waiting;

	if (bpf_map_pop_elem(&fin_wait2, &waiting) || !waiting.timer)
		return 1;
	if (still_waits(&waiting) && bpf_map_push_elem(&fin_wait2, &waiting, BPF_ANY))
		count(&losses.map_full);
	return 0;
}

/*
 * Run by BPF_PROG_RUN once an interval: has any of them got the peer's FIN since? Those that still
 * wait go to the end of the queue, behind a mark.
 */
SEC("syscall")
int find_time_wait(void *ctx)
{
	struct waiting end = {};

	if (bpf_map_push_elem(&fin_wait2, &end, BPF_ANY))
		count(&losses.map_full);
	bpf_loop(settings.waiting_max, look_at_next, NULL, 0);
	return 0;
}

/*
 * The fentry form looks at minisockets only, not at every timer of the host, and misses no rearm:
 * none is silent there.
 */
SEC("fexit/__inet_twsk_schedule")
int BPF_PROG(minisocket_rearmed, struct inet_timewait_sock *tw, int timeo, bool rearm)
{
	struct minisocket mini = {};

	if (rearm && minisocket_wanted(&mini, minisocket_timer(tw)))
		timewait_tell(&mini, TIMEWAIT_ARMED, true);
	return 0;
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
	struct last_calls *last = last_calls_here();

	if (last)
		last->refused = tw ? 0 : (__u64)sk;
	return 0;
}
