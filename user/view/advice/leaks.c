// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sockets in CLOSE_WAIT say. */
#include "view/advice/internal.h"

static const struct leaks *leaks_of(const struct judging *judging)
{
	return judging->adviser->config.leaks;
}

static void tell_greatest_place(struct advice *advice, const struct leak_row *row)
{
	const struct count *greatest = row->places.counts[0];
	struct tuple place;

	if (!greatest)
		return;
	place = count_place(greatest);
	about_place(advice, &place, greatest->example->direction);
	tell_place(advice, "place", &place, greatest->example->direction);
}

/* An advice about a row, with all figures that it has. */
static struct advice *advise_row(struct judging *judging, const struct leak_row *row,
				 enum severity severity, enum saying saying)
{
	struct advice *advice = advise(judging, severity, saying);

	about_process(judging, advice, leaks_about(row));
	tell_greatest_place(advice, row);
	tell_row(judging, advice, &leaks_table, leaks_of(judging), row);
	advice->weight = row->sockets + row->dead;
	return advice;
}

/* Incoming, all read, not more of them and young: the answer may still be on its way. */
static bool may_be_answered(const struct leaks *leaks, const struct leak_row *row)
{
	return row->judgement.cause == LEAK_DRAINED && !row->old.outgoing &&
	       !leaks_grows(leaks, row) && leaks_oldest_ns(row) < ANSWER_AWAITED_NS;
}

static bool runs_out_within(const struct leaks *leaks, const struct leak_row *row, double limit_s)
{
	double seconds;

	return leaks_fds_exhausted_in(leaks, row, &seconds) && seconds <= limit_s;
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
}
