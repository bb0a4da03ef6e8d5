// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who made the sockets of a row, where that is not who holds them: a parent whose descriptors were
 * not close-on-exec, or a process that hands them on.
 */
#include <string.h>

#include "base/time.h"
#include "view/leaks/leaks.h"

#define BEFORE_NS NS_PER_S /* so long before its start was the last data of what is not its own */

static uint64_t start_ns(const struct leaks *leaks, const struct process *process)
{
	uint64_t suspended_ns = leaks->model->suspended_ns;

	return process->id.start_ns > suspended_ns ? process->id.start_ns - suspended_ns : 0;
}

static bool is_older(const struct leaks *leaks, const struct close_wait *close_wait,
		     uint32_t process)
{
	uint64_t last_ns = close_wait->received_ns;

	if (!last_ns || !process)
		return false;
	if (close_wait->sent_ns > last_ns)
		last_ns = close_wait->sent_ns;
	return last_ns + BEFORE_NS <= start_ns(leaks, leaks_process(leaks, process));
}

static bool is_made_by_its_owner(const struct close_wait *close_wait)
{
	return close_wait->owner && close_wait->owner_by >= OWNER_ACCEPT;
}

void leaks_note_maker(const struct leaks *leaks, struct leak_row *row,
		      const struct close_wait *close_wait, uint32_t process)
{
	bool own = is_made_by_its_owner(close_wait) ? close_wait->owner == process
						    : close_wait->first == process;

	row->older += is_older(leaks, close_wait, process);
	row->handed_on |= !own;
}

bool leaks_wants_maker(const struct leak_row *row)
{
	return row->older || row->handed_on;
}

bool leaks_wants_ancestors(const struct leaks *leaks, const struct leak_row *row)
{
	const struct process *process = leaks_process(leaks, leaks_about(row));

	return process && leaks_wants_maker(row) && !processes_has_ancestors(process);
}

/* The first to begin of its ancestors that hold the socket, or were seen to hold it. */
static uint32_t ancestor_of(const struct leaks *leaks, const struct close_wait *close_wait,
			    uint32_t process)
{
	const struct process *holder = leaks_process(leaks, process);
	struct holder_range holders;

	if (close_wait->first &&
	    processes_descends(holder, leaks_process(leaks, close_wait->first)))
		return close_wait->first;
	holders = close_waits_holders(&leaks->model->close_waits, close_wait);
	for (size_t i = 0; i < holders.count; i++)
		if (processes_descends(holder, leaks_process(leaks, holders.first[i].process)))
			return holders.first[i].process;
	return 0;
}

/* 0: not known, or itself. */
static uint32_t maker_of(const struct leaks *leaks, const struct close_wait *close_wait,
			 uint32_t process)
{
	if (!is_made_by_its_owner(close_wait))
		return ancestor_of(leaks, close_wait, process);
	return close_wait->owner == process ? 0 : close_wait->owner;
}

static bool runs_another(const struct process *process, const struct process *other)
{
	if (process->exe && other->exe)
		return strcmp(process->exe, other->exe) != 0;
	return memcmp(process->id.comm, other->id.comm, sizeof(other->id.comm)) != 0;
}

/* Who held it first may well have made it: of the same program it is not blamed for that. */
static enum finding inherits(const struct leaks *leaks, const struct close_wait *close_wait,
			     uint32_t process, uint32_t maker)
{
	const struct process *holder = leaks_process(leaks, process);
	uint32_t known = maker ? maker : close_wait->first;

	if (!is_older(leaks, close_wait, process))
		return FINDING_NO;
	if (known && known != process && !runs_another(holder, leaks_process(leaks, known)))
		return FINDING_NO;
	return maker ? FINDING_SEEN : FINDING_INFERRED;
}

static void judge_socket(struct leaks *leaks, const struct close_wait *close_wait, uint32_t process)
{
	struct leak_row *row = leaks_row_of(leaks, process);
	bool old = leaks_is_old(leaks, close_wait);
	enum finding finding;
	uint32_t maker;

	if (!row || row->last_cookie == close_wait->cookie)
		return;
	row->last_cookie = close_wait->cookie;
	maker = maker_of(leaks, close_wait, process);
	if (maker)
		common_note(&row->maker, maker);
	finding = inherits(leaks, close_wait, process, maker);
	row->all.inherited += finding != FINDING_NO;
	row->old.inherited += old && finding != FINDING_NO;
	row->seen_inherited += finding == FINDING_SEEN && (old || !row->old.all);
}

static void judge_holders(void *context, const struct close_wait *close_wait)
{
	struct leaks *leaks = context;
	struct holder_range holders;

	if (close_wait->kind == KIND_UNACCEPTED || !leaks_charged(leaks, close_wait, &holders))
		return;
	for (size_t i = 0; i < holders.count; i++)
		judge_socket(leaks, close_wait, holders.first[i].process);
}

static void begin(void *context, struct row *begun)
{
	struct leak_row *row = (struct leak_row *)begun;
	bool *wanted = context;

	row->last_cookie = 0;
	row->maker = (struct common){0};
	row->seen_inherited = 0;
	row->all.inherited = 0;
	row->old.inherited = 0;
	*wanted |= leaks_wants_maker(row);
}

/* Where all hold what they have made, as mostly, the sockets are not gone through once more. */
void leaks_find_makers(struct leaks *leaks)
{
	bool wanted = false;

	rows_each(&leaks->rows, begin, &wanted);
	if (wanted)
		close_waits_each(&leaks->model->close_waits, judge_holders, leaks);
}

enum finding leaks_inherited(const struct leak_row *row)
{
	const struct verdict_sockets *judged = row->old.all ? &row->old : &row->all;

	return verdict_most(row->seen_inherited, judged->all) ? FINDING_SEEN : FINDING_INFERRED;
}

const struct process *leaks_maker(const struct leaks *leaks, const struct leak_row *row)
{
	return row->maker.mixed ? NULL : leaks_process(leaks, row->maker.value);
}
