// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listeners that have no room. */
#include "view/advice/internal.h"
#include "view/holders.h"

static const struct opening *opening_of(const struct judging *judging)
{
	return judging->adviser->config.opening;
}

/* As in `close_wait`. */
static void tell_listener(const struct judging *judging, struct advice *advice,
			  const struct listener_row *row)
{
	const struct opening *opening = opening_of(judging);
	struct figure_draft draft;

	draft_begin(&draft);
	json_open(&draft.json, "listener", '{');
	object_place(&draft.json, &row->tuple, DIRECTION_IN);
	json_number(&draft.json, "queue", row->queue);
	json_number(&draft.json, "queue_limit", row->queue_limit);
	holders_write(&draft.json, &opening->listeners, listeners_holders(opening, row),
		      row->row.process);
	json_close(&draft.json, '}');
	draft_end(&draft, advice, "listener");
}

static struct advice *advise_row(struct judging *judging, const struct listener_row *row,
				 enum severity severity, enum saying saying)
{
	const struct opening *opening = opening_of(judging);
	struct process_facts facts = listeners_facts(opening, row);
	struct advice *advice = advise(judging, severity, saying);

	about_process(judging, advice, row->row.process);
	about_place(advice, &row->tuple, DIRECTION_IN);
	tell_listener(judging, advice, row);
	tell_word(advice, "limited_by", listeners_limited_by(opening, row));
	tell_row(judging, advice, &listener_table, opening, row);
	tell_threads(judging, advice, &facts);
	advice->listener = row->row.key;
	advice->weight = row->queue;
	return advice;
}

void judge_accept_queue_full(struct judging *judging, const void *at)
{
	const struct listener_row *row = at;

	if (row->there && row->verdict == LISTENER_FULL)
		advise_row(judging, row, SEVERITY_CRITICAL, SAY_ACCEPT_QUEUE_FULL);
}

void judge_no_cpu_of_listener(struct judging *judging, const void *at)
{
	const struct listener_row *row = at;
	struct process_facts facts;

	if (!row->there || !row->looked)
		return;
	facts = listeners_facts(opening_of(judging), row);
	if (threads_share(&facts, facts.starved_ns) >= STARVED_SHARE)
		tell_pressure(judging, advise_row(judging, row, SEVERITY_WARNING, SAY_NO_CPU));
}
