// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What there is in each network namespace, of rows: what settings are judged by. */
#include "view/advice/internal.h"

#include "base/memory.h"

struct netns_totals *totals_of(struct adviser *adviser, uint32_t netns)
{
	for (size_t i = 0; i < adviser->totals_count; i++)
		if (adviser->totals[i].netns == netns)
			return &adviser->totals[i];
	adviser->totals =
		memory_resize(adviser->totals, adviser->totals_count + 1, sizeof(*adviser->totals));
	adviser->totals[adviser->totals_count] = (struct netns_totals){.netns = netns};
	return &adviser->totals[adviser->totals_count++];
}

static void add_time_waits(void *context, struct row *added)
{
	const struct time_wait_row *row = (const struct time_wait_row *)added;
	struct netns_totals *totals;

	if (added->key == ROWS_OTHER)
		return;
	totals = totals_of(context, row->tuple.netns);
	totals->time_waits += row->sockets;
	if (row->direction == DIRECTION_IN)
		totals->incoming += row->sockets;
	else
		totals->outgoing += row->sockets;
	totals->overflow += row->overflow;
	histogram_merge(&totals->lifetime, &row->lifetime);
	if (!totals->greatest || row->sockets + row->overflow > totals->greatest_sockets) {
		totals->greatest = row->row.process;
		totals->greatest_sockets = row->sockets + row->overflow;
	}
}

static void note_most_used(void *context, struct row *noted)
{
	const struct port_row *row = (const struct port_row *)noted;
	struct netns_totals *totals;
	double share;

	if (!row->wanted || !row->now.used || !ports_used_share(row, &share))
		return;
	totals = totals_of(context, row->tuple.netns);
	if (totals->most_used && share <= totals->most_used_share)
		return;
	totals->most_used = row;
	totals->most_used_share = share;
}

/* Those that a filter leaves out are not judged. */
static void note_namespaces(struct adviser *adviser)
{
	const struct host *host = &adviser->config.model->host;
	const struct view_config *view = &adviser->config.leaks->config;
	uint32_t netns = view->tuples ? view->tuples->netns : 0;

	if (process_filter_active(view->processes) ||
	    (view->tuples && filter_has_endpoints(view->tuples)))
		return;
	for (size_t i = 0; i < host->count; i++)
		if (!netns || host->namespaces[i].netns == netns)
			totals_of(adviser, host->namespaces[i].netns);
}

static void clear(struct adviser *adviser)
{
	for (size_t i = 0; i < adviser->totals_count; i++)
		histogram_free(&adviser->totals[i].lifetime);
	adviser->totals_count = 0;
}

void totals_find(struct adviser *adviser)
{
	clear(adviser);
	rows_each(&adviser->config.time_waits->rows, add_time_waits, adviser);
	rows_each(&adviser->config.ports->rows, note_most_used, adviser);
	note_namespaces(adviser);
}

void totals_free(struct adviser *adviser)
{
	clear(adviser);
	free(adviser->totals);
}
