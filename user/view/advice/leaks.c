// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sockets in CLOSE_WAIT say, and the descriptors that they take. */
#include "view/advice/internal.h"
#include "view/stack_frames.h"

static const struct leaks *leaks_of(const struct judging *judging)
{
	return judging->adviser->config.leaks;
}

static void about_greatest_place(struct advice *advice, const struct leak_row *row)
{
	const struct count *greatest = row->places.counts[0];
	struct tuple place;

	if (!greatest)
		return;
	place = count_place(greatest);
	about_place(advice, &place, greatest->example->direction);
	tell_place(advice, "place", &place, greatest->example->direction);
}

/* About a row, with all figures of it that the rule wants. */
static struct advice *advise_row(struct judging *judging, const struct leak_row *row,
				 enum severity severity, enum saying saying)
{
	const struct leaks *leaks = leaks_of(judging);
	struct process_facts facts = leaks_facts(leaks, row);
	struct advice *advice = advise(judging, severity, saying);

	about_process(judging, advice, leaks_about(row));
	about_greatest_place(advice, row);
	tell_row(judging, advice, &leaks_table, leaks, row);
	tell_threads(judging, advice, &facts);
	if (!advice_figure(advice, "sockets"))
		tell_number(advice, "sockets", row->sockets);
	advice->weight = row->sockets + row->dead;
	return advice;
}

static void tell_listener(const struct judging *judging, struct advice *advice,
			  const struct leak_row *row)
{
	const struct connection *listener = leaks_listener(leaks_of(judging), row);
	struct figure_draft draft;

	draft_begin(&draft);
	leaks_json_listener(&draft.json, leaks_of(judging), row);
	draft_end(&draft, advice, "listener");
	if (!listener)
		return;
	about_place(advice, &listener->tuple, DIRECTION_IN);
	advice->listener = listener->cookie;
	tell_number(advice, "queue", listener->queue);
	tell_number(advice, "queue_limit", listener->queue_limit);
}

static void tell_peer(const struct judging *judging, struct advice *advice,
		      const struct leak_row *row)
{
	const struct leak_peer *peer = row->peer;
	struct figure_draft draft;
	struct tuple place;

	draft_begin(&draft);
	leaks_json_peer(&draft.json, leaks_of(judging), row);
	draft_end(&draft, advice, "peer");
	if (!peer || !peer->legs)
		return;
	place = count_place(peer->legs);
	tell_place(advice, "other_side", &place, peer->legs->example->direction);
	if (peer->holders_shown)
		tell_process(judging, advice, "who", peer->holders[0]->process);
}

static bool runs_out_within(const struct leaks *leaks, const struct leak_row *row, double limit_s)
{
	double seconds;

	return leaks_fds_exhausted_in(leaks, row, &seconds) && seconds <= limit_s;
}

/* Incoming, all read, not more of them and young: the answer may still be on its way. */
static bool may_be_answered(const struct leaks *leaks, const struct leak_row *row)
{
	return row->judgement.cause == LEAK_DRAINED && !row->old.outgoing &&
	       !leaks_grows(leaks, row) && leaks_oldest_ns(row) < ANSWER_AWAITED_NS;
}

/* With --stacks: the code to look at. */
static void tell_stack(struct advice *advice, const struct leaks *leaks, const struct leak_row *row)
{
	const struct call_stacks *stacks = &leaks->model->connections.calls.stacks;
	const struct stack_line *line = leaks_worst_stack(leaks, row);
	struct sentence code = {0};
	struct figure_draft draft;

	if (!line)
		return;
	draft_begin(&draft);
	stack_write(&draft.json, "stack", stacks, line);
	draft_end(&draft, advice, "stack");
	say_stack(&code, stacks, line->stack, false);
	tell_name(advice, line->event == STACK_EOF ? "end_read_in" : "opened_in", code.text,
		  code.length);
}

void judge_close_wait_leak(struct judging *judging, const void *at)
{
	static const enum saying sayings[LEAK_CAUSES] = {
		[LEAK_DRAINED] = SAY_LEAK_DRAINED,
		[LEAK_FORGOTTEN] = SAY_LEAK_FORGOTTEN,
		[LEAK_GROWING] = SAY_LEAK_GROWING,
		[LEAK_INHERITED] = SAY_LEAK_INHERITED,
	};
	const struct leaks *leaks = leaks_of(judging);
	const struct leak_row *row = at;
	bool soon = runs_out_within(leaks, row, CRITICAL_WITHIN_S);
	struct advice *advice;

	if (leaks_verdict(row) != VERDICT_LEAK || row->sockets < SOCKETS_LEAST ||
	    may_be_answered(leaks, row))
		return;
	advice = advise_row(judging, row, soon ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			    sayings[row->judgement.cause]);
	tell_word(advice, "cause", leak_cause_name(row->judgement.cause));
	if (row->judgement.inferred)
		tell_word(advice, "inferred", "inferred");
	tell_stack(advice, leaks, row);
	software_helps(judging, advice, TOPIC_LEAK);
}

void judge_close_wait_stall(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;

	if (row->sockets && leaks_verdict(row) == VERDICT_STALL)
		advise_row(judging, row, SEVERITY_WARNING, SAY_STALL);
}

static enum saying saying_of_stopped(const struct process_facts *facts)
{
	if (facts->frozen)
		return SAY_FROZEN;
	return facts->tracer.pid ? SAY_TRACED : SAY_STOPPED;
}

void judge_close_wait_stopped(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;
	struct process_facts facts;

	if (!leaks_has_any(row) || leaks_verdict(row) != VERDICT_STOPPED)
		return;
	facts = leaks_facts(leaks_of(judging), row);
	advise_row(judging, row, SEVERITY_WARNING, saying_of_stopped(&facts));
}

void judge_close_wait_backlog(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;

	if (row->sockets && leaks_verdict(row) == VERDICT_BACKLOG)
		tell_listener(judging, advise_row(judging, row, SEVERITY_WARNING, SAY_BACKLOG),
			      row);
}

void judge_close_wait_relay(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;
	bool grows = leaks_grows(leaks_of(judging), row);
	struct advice *advice;

	if (!row->sockets || leaks_verdict(row) != VERDICT_RELAY)
		return;
	advice = advise_row(judging, row, grows ? SEVERITY_WARNING : SEVERITY_INFO, SAY_RELAY);
	tell_peer(judging, advice, row);
	software_helps(judging, advice, TOPIC_RELAY);
}

void judge_close_wait_not_reading(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;

	if (row->sockets >= SOCKETS_LEAST && leaks_verdict(row) == VERDICT_NOT_READING)
		advise_row(judging, row, SEVERITY_WARNING, SAY_NOT_READING);
}

void judge_close_wait_other(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;
	enum verdict verdict = leaks_verdict(row);

	if (!row->sockets || (verdict != VERDICT_MIXED && verdict != VERDICT_UNKNOWN))
		return;
	if (row->sockets >= OTHER_SOCKETS || leaks_grows(leaks_of(judging), row))
		advise_row(judging, row, SEVERITY_WARNING,
			   verdict == VERDICT_MIXED ? SAY_MIXED : SAY_OPAQUE);
}

void judge_idle_pool(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;

	if (row->sockets && leaks_verdict(row) == VERDICT_IDLE_POOL)
		advise_row(judging, row, SEVERITY_INFO, SAY_IDLE_POOL);
}

void judge_dead_descriptors(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;

	if (row->dead >= SOCKETS_LEAST)
		advise_row(judging, row, SEVERITY_WARNING, SAY_DEAD);
}

static bool is_near_limit(const struct process_facts *facts)
{
	return facts->fds != FACTS_UNKNOWN && facts->fd_limit != FACTS_UNKNOWN &&
	       (double)facts->fds >= DESCRIPTORS_SHARE * (double)facts->fd_limit;
}

/* Where all are young, they come and go: that there are more of them now is no growth. */
void judge_descriptor_limit(struct judging *judging, const void *at)
{
	const struct leaks *leaks = leaks_of(judging);
	const struct leak_row *row = at;
	const struct process_facts *facts = leaks_descriptors(leaks, row);
	bool near = is_near_limit(facts), lasts = leaks_verdict(row) != VERDICT_TRANSIENT;
	bool soon = lasts && runs_out_within(leaks, row, CRITICAL_WITHIN_S);
	struct advice *advice;

	if (!leaks_has_any(row) || row->listener ||
	    (!near && !(lasts && runs_out_within(leaks, row, DESCRIPTORS_WITHIN_S))))
		return;
	soon |= near && facts->fds >= facts->fd_limit;
	advice = advise_row(judging, row, soon ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			    SAY_DESCRIPTORS);
	advice->by_growth = !near;
}

void judge_no_cpu_of_holder(struct judging *judging, const void *at)
{
	const struct leak_row *row = at;

	if (row->looked && leaks_has_any(row) &&
	    leaks_starved(leaks_of(judging), row) >= STARVED_SHARE)
		tell_pressure(judging, advise_row(judging, row, SEVERITY_WARNING, SAY_NO_CPU));
}
