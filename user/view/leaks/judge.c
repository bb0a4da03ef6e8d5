// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From what was listed and answered to the facts of a verdict. */
#include "view/leaks/leaks.h"
#include "view/threads.h"

enum close_wait_kind leaks_kind(const struct leaks *leaks, const struct close_wait *close_wait)
{
	uint64_t now_ns = leaks->model->close_waits.time_ns, age_ns = leaks->config.age_ns;

	return close_wait_kind(close_wait, now_ns > age_ns ? now_ns - age_ns : 0);
}

enum close_wait_kind leaks_judged_kind(const struct leaks *leaks,
				       const struct close_wait *close_wait)
{
	return close_wait_is_farewell(close_wait) ? KIND_FIN_ONLY : leaks_kind(leaks, close_wait);
}

static void count_for(const struct leaks *leaks, const struct close_wait *close_wait,
		      uint32_t process)
{
	struct leak_row *row = leaks_row_of(leaks, process);

	if (!row || row->last_cookie == close_wait->cookie)
		return;
	row->last_cookie = close_wait->cookie;
	if (leaks_watched(leaks, row, process, close_wait) == WATCHED_NO)
		verdict_count_unwatched(&row->old, leaks_judged_kind(leaks, close_wait),
					close_wait->direction);
}

static void count_unwatched(void *context, const struct close_wait *close_wait)
{
	const struct leaks *leaks = context;
	struct holder_range holders;

	if (close_wait->kind == KIND_UNACCEPTED || !leaks_is_old(leaks, close_wait) ||
	    !leaks_charged(leaks, close_wait, &holders))
		return;
	for (size_t i = 0; i < holders.count; i++)
		count_for(leaks, close_wait, holders.first[i].process);
}

static void begin_counting(void *context, struct row *row)
{
	struct leak_row *counted = (struct leak_row *)row;
	bool *wanted = context;

	counted->last_cookie = 0;
	counted->old.unwatched = 0;
	counted->old.forgotten = 0;
	*wanted |= leaks_wants_watched(counted);
}

/* Where no row depends on it, as with most, the sockets are not gone through once more. */
static void count_watched(struct leaks *leaks)
{
	bool wanted = false;

	rows_each(&leaks->rows, begin_counting, &wanted);
	if (wanted)
		close_waits_each(&leaks->model->close_waits, count_unwatched, leaks);
}

/*
 * Of many threads not all are looked at: those may be busy. And a thread in poll or select may wait
 * for just what is in no epoll set, or, as a worker of a server, for one answer.
 */
static bool is_idle(const struct process_facts *facts)
{
	return facts->looked && facts->idle_loop && !facts->polls &&
	       facts->looked_at == facts->threads;
}

static enum blocked blocked(const struct leaks *leaks, const struct leak_row *row)
{
	const struct process *process = leaks_process(leaks, leaks_about(row));

	return process ? sending_blocked(process->sending) : BLOCKED_UNKNOWN;
}

/* Of a group one process is looked at: what stops that one stops the group if it has most. */
static bool speaks_for_all(const struct leak_row *row)
{
	return row->row.process || verdict_most(row->about_sockets, row->sockets);
}

/* Where nobody is known nothing can be found out that would be waited for. */
struct verdict_facts leaks_verdict_facts(const struct leaks *leaks, const struct leak_row *row)
{
	struct process_facts facts = leaks_facts(leaks, row);
	bool for_all = speaks_for_all(row);

	return (struct verdict_facts){
		.all = row->all,
		.old = row->old,
		.dead = leaks_dead(leaks, row),
		.partners = row->partners,
		.once = leaks->config.once,
		.looked_up = !leaks_about(row) || row->looked,
		.stopped = for_all && threads_are_stopped(&facts),
		.frozen = for_all && threads_are_frozen(&facts),
		.idle_loop = is_idle(&facts),
		.blocked_sender = blocked(leaks, row),
		.growing = leaks_growing(leaks, row),
		.inherited = leaks_inherited(row),
	};
}

bool leaks_wants_sending(const struct leaks *leaks, const struct leak_row *row)
{
	return row->sockets &&
	       (row->judgement.cause == LEAK_FORGOTTEN || blocked(leaks, row) == BLOCKED_YES);
}

/* One that has lost all its sockets keeps the last that was said of it. */
static void judge_row(void *context, struct row *judged)
{
	struct leak_row *row = (struct leak_row *)judged;
	struct verdict_facts facts = leaks_verdict_facts(context, row);

	if (leaks_has_any(row))
		row->judgement = verdict_of(&facts);
}

void leaks_judge(struct leaks *leaks)
{
	count_watched(leaks);
	leaks_find_makers(leaks);
	rows_each(&leaks->rows, judge_row, leaks);
}

enum verdict leaks_verdict(const struct leak_row *row)
{
	return row->judgement.verdict;
}
