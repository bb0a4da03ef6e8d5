// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What bind() takes counts for every destination: a row for a range without one. */
#include "view/ports/internal.h"

double ports_blocked_share(const struct port_row *row)
{
	const struct port_supply *supply = &row->now.supply;
	uint32_t all = supply->blocked + supply->supply;

	return all ? (double)supply->blocked / all : 0;
}

static bool half_is_blocked(const struct port_supply *supply)
{
	return supply->blocked && supply->blocked >= supply->supply;
}

/* A range is shown whatever ports and addresses are asked for: it concerns them all. */
static bool is_asked_for(const struct ports *view, const struct port_space *space)
{
	const struct tuple_filter *tuples = view->config.tuples;
	const struct process_filter *processes = view->config.processes;
	struct port_blocker blockers[PORTS_LISTED];
	size_t count;

	if (tuples && tuples->netns && tuples->netns != space->netns)
		return false;
	if (!process_filter_active(processes))
		return true;
	count = port_spaces_blockers(&view->model->ports, space->netns, &space->whole, blockers,
				     PORTS_LISTED);
	for (size_t i = 0; i < count; i++)
		if (process_filter_match(processes, rows_process(&view->rows, blockers[i].process)))
			return true;
	return false;
}

static void note_range(struct ports *view, const struct port_space *space)
{
	struct tuple place = {.netns = space->netns};
	struct port_row *row = (struct port_row *)rows_find(&view->rows, ports_key(0, &place));

	if (!row && !half_is_blocked(&space->whole))
		return;
	row = ports_row_of(view, &place);
	row->range = true;
	row->wanted = is_asked_for(view, space);
}

void ports_note_ranges(struct ports *view)
{
	const struct port_spaces *ports = &view->model->ports;

	if (!ports_know_bound(view))
		return;
	for (size_t i = 0; i < ports->space_count; i++)
		if (ports->spaces[i].known)
			note_range(view, &ports->spaces[i]);
}

static bool is_in_range(const struct ports *view, const struct port_row *row,
			const struct connection *listener)
{
	const struct port_space *space = port_spaces_find(&view->model->ports, row->tuple.netns);

	return space && listener->tuple.netns == space->netns &&
	       port_in_range(space, &row->now.supply, listener->tuple.lport);
}

/* Keeps the lowest ports, each once, in their order. */
static size_t keep_lowest(const struct connection **listeners, size_t count, size_t max,
			  const struct connection *listener)
{
	for (size_t i = 0; i < count; i++) {
		const struct connection *other = listeners[i];

		if (other->tuple.lport == listener->tuple.lport)
			return count;
		if (other->tuple.lport < listener->tuple.lport)
			continue;
		listeners[i] = listener;
		listener = other;
	}
	if (count < max)
		listeners[count++] = listener;
	return count;
}

size_t ports_listeners_in_range(const struct ports *view, const struct port_row *row,
				const struct connection **listeners, size_t max)
{
	const struct connections *connections = &view->model->connections;
	size_t count = 0;

	for (uint32_t i = 0; i < connections->listener_count; i++) {
		const struct connection *listener =
			pool_get(&connections->pool, connections->listeners[i]);

		if (is_in_range(view, row, listener))
			count = keep_lowest(listeners, count, max, listener);
	}
	return count;
}
