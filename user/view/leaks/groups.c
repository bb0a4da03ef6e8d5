// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What of a row's sockets is told by their spread: its places, and of a group which of its
 * processes evidence is of. */
#include "view/leaks/leaks.h"

static void note_place(void *context, const struct count *count)
{
	(void)context;
	greatest_note(&count->row->places, count);
}

void leaks_choose_places(struct leaks *leaks)
{
	tally_each(&leaks->places, note_place, NULL);
}

/* Who has most; of equals, who began first. */
static void choose_about(void *context, const struct count *count)
{
	const struct leaks *leaks = context;
	struct leak_row *row = count->row;
	uint32_t most = row->about_sockets;

	if (!count->process || count->sockets < most)
		return;
	if (count->sockets == most &&
	    processes_compare(leaks->rows.processes, count->process, row->about) > 0)
		return;
	row->about = count->process;
	row->about_sockets = count->sockets;
}

void leaks_choose_processes(struct leaks *leaks)
{
	tally_each(&leaks->processes, choose_about, leaks);
}

/* UINT64_MAX: not known, or no limit. */
static uint64_t descriptors_left(const struct process *process)
{
	const struct process_facts *facts =
		process && process->readings ? &process->readings->now : NULL;

	if (!facts || facts->fds == FACTS_UNKNOWN || facts->fd_limit == FACTS_UNKNOWN)
		return UINT64_MAX;
	return facts->fd_limit > facts->fds ? facts->fd_limit - facts->fds : 0;
}

static void choose_nearest(void *context, const struct count *count)
{
	const struct leaks *leaks = context;
	struct leak_row *row = count->row;

	if (!row->nearest || descriptors_left(leaks_process(leaks, count->process)) <
				     descriptors_left(leaks_process(leaks, row->nearest)))
		row->nearest = count->process;
}

static void forget_nearest(void *context, struct row *row)
{
	(void)context;
	((struct leak_row *)row)->nearest = 0;
}

void leaks_find_nearest(struct leaks *leaks)
{
	rows_each(&leaks->rows, forget_nearest, NULL);
	tally_each(&leaks->processes, choose_nearest, leaks);
}
