// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What becomes of sockets in CLOSE_WAIT: they die, and are held still, or are closed. */
#include "view/leaks/leaks.h"

uint32_t leaks_dead(const struct leaks *leaks, const struct leak_row *row)
{
	const struct model *model = leaks->model;

	if (!needs_want(&model->needs, WANT_DEAD) || model_lacks(model, WANT_DEAD))
		return COUNT_UNKNOWN;
	return row->dead;
}

/* It has no addresses and ports any more that a filter could ask for. */
static bool passes(const struct leaks *leaks, const struct close_wait *dead,
		   struct holder_range holders)
{
	const struct tuple_filter *tuples = leaks->config.tuples;

	if (tuples && (filter_has_endpoints(tuples) || !filter_tuple(tuples, &dead->tuple, 1)))
		return false;
	if (!process_filter_active(leaks->config.processes))
		return true;
	for (size_t i = 0; i < holders.count; i++)
		if (process_filter_match(leaks->config.processes,
					 leaks_process(leaks, holders.first[i].process)))
			return true;
	return false;
}

/* Those that do not count yet make no row. */
static void charge(struct leaks *leaks, uint32_t process, const struct close_wait *dead,
		   bool counts)
{
	const struct close_waits *close_waits = &leaks->model->close_waits;
	struct leak_row *row =
		counts ? leaks_make_row(leaks, process) : leaks_row_of(leaks, process);

	if (!row || row->last_cookie == dead->cookie)
		return;
	row->last_cookie = dead->cookie;
	row->dead += counts;
	if ((counts || dead->died) && !close_wait_died_before(close_waits, dead))
		row->more++;
}

#define DEAD_ALL_THE_WHILE_NS ((uint64_t)(3 * NS_PER_S)) /* a shorter watch tells nothing */

/* Dead for --age; of one short watch, dead all the while. */
static bool is_dead_for_long(const struct leaks *leaks, const struct close_wait *dead)
{
	const struct close_waits *close_waits = &leaks->model->close_waits;
	uint64_t age_ns = leaks->config.once ? 0 : leaks->config.age_ns;

	if (leaks->config.brief && close_wait_died_before(close_waits, dead) &&
	    age_ns > DEAD_ALL_THE_WHILE_NS)
		age_ns = DEAD_ALL_THE_WHILE_NS;
	return close_wait_is_dead(close_waits, dead, age_ns);
}

/* To whom it is charged that holds it: there is nobody else who could close it. */
static void charge_dead(void *context, const struct close_wait *dead)
{
	struct leaks *leaks = context;
	const struct close_waits *close_waits = &leaks->model->close_waits;
	struct holder_range holders = close_waits_holders(close_waits, dead);
	bool counts = is_dead_for_long(leaks, dead);

	if (!passes(leaks, dead, holders))
		return;
	leaks->dead += counts && holders.count;
	for (size_t i = 0; i < holders.count; i++)
		charge(leaks, holders.first[i].process, dead, counts);
}

static void count_left(const struct leaks *leaks, uint32_t process)
{
	struct leak_row *row = leaks_row_of(leaks, process);

	if (row)
		row->left++;
}

static void count_gone(void *context, const struct close_wait *gone)
{
	const struct leaks *leaks = context;
	const struct close_waits *close_waits = &leaks->model->close_waits;
	struct holder_range holders = close_waits_holders_before(close_waits, gone);

	if (gone->kind == KIND_UNACCEPTED ||
	    !close_wait_was_of_age(close_waits, gone, leaks->config.age_ns))
		return;
	for (size_t i = 0; i < holders.count; i++)
		count_left(leaks, holders.first[i].process);
	if (!holders.count)
		count_left(leaks, gone->owner);
}

void leaks_count_ends(struct leaks *leaks)
{
	close_waits_each_dead(&leaks->model->close_waits, charge_dead, leaks);
	close_waits_each_gone(&leaks->model->close_waits, count_gone, leaks);
}
