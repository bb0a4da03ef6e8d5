/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What must hold of the rows of a view at each of its refreshes, and of all of it at the end. */
#ifndef TCPLINGER_FUZZ_INVARIANTS_H
#define TCPLINGER_FUZZ_INVARIANTS_H

#include "world.h"

static void check_judged(const struct verdict_sockets *sockets)
{
	uint32_t kinds = 0;

	for (unsigned int i = 0; i < KINDS; i++)
		kinds += sockets->kinds[i];
	must(kinds == sockets->all);
	must(sockets->outgoing <= sockets->all);
	must(sockets->fin_only_in <= sockets->kinds[KIND_FIN_ONLY]);
	must(sockets->forgotten <= sockets->unwatched);
	must(sockets->unwatched <= sockets->all);
}

/* Each socket is at one place, of which the greatest are kept. */
static void check_places(const struct leak_row *row)
{
	uint32_t sockets = 0, places = 0;

	for (; places < TALLY_GREATEST && row->places.counts[places]; places++) {
		must(row->places.counts[places]->row == row);
		must(!places || row->places.counts[places - 1]->sockets >=
					row->places.counts[places]->sockets);
		sockets += row->places.counts[places]->sockets;
	}
	must(places < TALLY_GREATEST ? sockets == row->sockets : sockets <= row->sockets);
}

static void check_row(const struct leak_row *row)
{
	uint32_t kinds = 0;

	must(!row->listener || row->kinds[KIND_UNACCEPTED] == row->sockets);
	must(row->at_most <= row->old.all);
	check_places(row);

	for (unsigned int i = 0; i < KINDS; i++)
		kinds += row->kinds[i];
	must(kinds == row->sockets);
	must(row->all.all == row->sockets && row->old.all <= row->sockets);
	check_judged(&row->all);
	check_judged(&row->old);
	must((row->judgement.verdict == VERDICT_LEAK) == (row->judgement.cause != LEAK_NOT));
	for (unsigned int i = 0; i < LEAKS_OLDEST; i++)
		must(!row->oldest[i].close_wait == (i >= row->sockets));
	for (unsigned int i = 1; i < LEAKS_OLDEST && row->oldest[i].close_wait; i++)
		must(row->oldest[i - 1].age_ns >= row->oldest[i].age_ns);
}

static void check_closing_row(const struct closing_row *row)
{
	uint32_t states = 0;

	for (unsigned int i = 0; i < TCP_STATES; i++)
		states += row->by_state[i];
	must(states == row->sockets && row->orphans <= row->sockets);
	must(row->zero_window <= row->sockets && row->old.all <= row->sockets);
	must(row->old.fin_wait2 <= row->by_state[TCP_FIN_WAIT2]);
	must(row->old.silent + row->old.zero_window <= row->old.all);
	for (unsigned int i = 0; i < CLOSING_OLDEST; i++)
		must(!row->oldest[i].listed == (i >= row->sockets));
}

static void check_opening_row(void *context, struct row *shown)
{
	const struct opening_row *row = (const struct opening_row *)shown;
	uint64_t failed = 0, ends = 0;

	(void)context;
	for (unsigned int i = 0; i < FAILED_WAYS; i++)
		failed += row->failed[i];
	for (unsigned int i = 0; i < CONNECT_ENDS; i++)
		ends += row->ends[i];
	must(failed == row->failures && ends == row->failures + row->established);
	must(row->silent <= row->pending && row->handshake.count <= row->established);
}

/* Of all rows of TIME_WAIT, or of the connections that they count. */
struct sums {
	uint64_t sockets, fin_wait2, reasons;
};

static void sum_row(void *context, struct row *shown)
{
	const struct time_wait_row *row = (const struct time_wait_row *)shown;
	uint64_t reasons = 0;
	struct sums *sums = context;

	for (unsigned int i = 0; i < END_REASONS; i++)
		reasons += row->reasons[i];
	must(reasons == row->ended);
	must(row->predates <= row->sockets);
	must(row->closed_first <= row->closed);
	must(row->idle.count <= row->closed);
	must(row->lifetime.count <= row->ended);
	must(row->connected.count <= row->closed);
	sums->sockets += row->sockets;
	sums->fin_wait2 += row->fin_wait2;
}

static void sum_connection(void *context, struct connection *connection)
{
	struct sums *sums = context;

	if (!connection->row)
		return;
	must(connection->flags & CONNECTION_MINISOCKET);
	must(connection->state == TCP_TIME_WAIT || connection->state == TCP_FIN_WAIT2);
	if (connection->state == TCP_TIME_WAIT)
		sums->sockets++;
	else
		sums->fin_wait2++;
}

static void check_time_waits(const struct world *world)
{
	struct sums rows = {0}, there = {0};

	rows_each(&world->waits.rows, sum_row, &rows);
	connections_each(&world->model.connections, sum_connection, &there);
	must(rows.sockets == there.sockets);
	must(rows.fin_wait2 == there.fin_wait2);
}

static void check_census(const struct census *census)
{
	const struct port_supply *supply = &census->supply;
	uint32_t states = 0, owners = 0;

	for (unsigned int i = 0; i < TCP_STATES; i++)
		states += census->by_state[i];
	for (size_t i = 0; i < census->owner_count; i++) {
		owners += census->owners[i].ports;
		must(!i || census->owners[i - 1].ports >= census->owners[i].ports);
	}
	must(census->used == states && census->used == owners);
	must(census->reusable <= census->by_state[TCP_TIME_WAIT]);
	must(census->held <= census->used);
	must(supply->low <= supply->high);
	must(!census->supply_known || supply->reserved + supply->blocked + supply->supply ==
					      supply->high - supply->low + 1U);
}

static void check_port_row(void *context, struct row *row)
{
	(void)context;
	check_census(&((struct port_row *)row)->now);
}

static void check_port_failure(void *context, struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;

	(void)context;
	must(failure->cause < CAUSES);
	must(failure->count && failure->count == failure->row.counted);
	check_census(&failure->census);
}

static void check_audit_line(const struct audit_line *line)
{
	int64_t sum = line->seen + line->unexplained;

	for (unsigned int why = 0; why < AUDIT_WHYS; why++)
		sum += line->explained[why];
	must(line->kernel == sum);
}

static void check_audit(const struct audit *audit)
{
	const struct audit_namespace *space;

	for (uint32_t i = 0; (space = audit_namespace_at(audit, i)); i++) {
		const struct audit_line *present = &space->lines[COUNTER_MINISOCKETS];

		if (!space->counted)
			continue;
		for (unsigned int counter = 0; counter < AUDITED; counter++)
			check_audit_line(&space->lines[counter]);
		must(present->seen >= 0);
		must(present->explained[AUDIT_FILTER] >= 0);
		must(present->explained[AUDIT_PREDATES] >= 0);
		must(present->explained[AUDIT_LATE] >= 0);
	}
}

/* Who refers to a process; and what else is counted twice. */
struct references {
	uint64_t references;
	uint32_t listeners;
};

static void refer_connection(void *context, struct connection *connection)
{
	struct references *found = context;

	found->references += !!connection->owner + !!connection->closer + !!connection->listens;
	found->listeners += connection->state == TCP_LISTEN;
	must(connection->state > 0 && connection->state < TCP_STATES);
	must(!connection->owner == (connection->owner_by == OWNER_NONE));
}

static void refer_close_wait(void *context, const struct close_wait *close_wait)
{
	struct references *found = context;

	found->references += !!close_wait->owner + !!close_wait->first;
	must(close_wait->kind < KINDS);
	must(!close_wait->died || close_wait->state == TCP_CLOSE);
}

static uint64_t refer_holders(const struct holders *holders)
{
	uint64_t references = 0;

	for (size_t i = 0; i < holders->count; i++)
		references += !!holders->items[i].process;
	return references;
}

static void refer_gone(void *context, const struct close_wait *close_wait)
{
	must(close_wait->state == TCP_CLOSE_WAIT);
	refer_close_wait(context, close_wait);
}

static void refer_close_waits(const struct close_waits *close_waits, struct references *found)
{
	close_waits_each(close_waits, refer_close_wait, found);
	close_waits_each_partner(close_waits, refer_close_wait, found);
	close_waits_each_dead(close_waits, refer_close_wait, found);
	close_waits_each_gone(close_waits, refer_gone, found);
	found->references +=
		refer_holders(&close_waits->holders) + refer_holders(&close_waits->holders_before);
}

static void refer_row(void *context, struct row *row)
{
	*(uint64_t *)context += !!row->process;
}

static void refer_closer(void *context, struct row *row)
{
	*(uint64_t *)context += !!((struct time_wait_row *)row)->closer.value;
}

/* Censuses that were shared refer to their owners once. */
struct port_references {
	uint64_t references;
	const uint32_t *shared[4096];
	size_t shared_count;
};

static bool is_counted(struct port_references *found, const struct census *census)
{
	for (size_t i = 0; i < found->shared_count; i++)
		if (found->shared[i] == census->sharers)
			return true;
	must(found->shared_count < sizeof(found->shared) / sizeof(found->shared[0]));
	found->shared[found->shared_count++] = census->sharers;
	return false;
}

static void refer_census(struct port_references *found, const struct census *census)
{
	if (census->sharers && is_counted(found, census))
		return;
	for (size_t i = 0; i < census->owner_count; i++)
		found->references += !!census->owners[i].process;
}

static void refer_port_row(void *context, struct row *row)
{
	const struct port_row *port = (const struct port_row *)row;

	refer_census(context, &port->now);
	refer_census(context, &port->failing_census.census);
	refer_census(context, &port->latest_census.census);
}

static void refer_port_failure(void *context, struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;
	struct port_references *found = context;

	found->references += !!row->process + !!failure->binder + !!failure->in_the_way.process;
	refer_census(found, &failure->census);
}

static void refer_ports(const struct world *world, uint64_t *references)
{
	struct port_references found = {0};

	rows_each(&world->ports.rows, refer_port_row, &found);
	rows_each(&world->ports.failures, refer_port_failure, &found);
	rows_each(&world->ports.pending, refer_port_failure, &found);
	*references += found.references + world->model.ports.holder_count;
}

/* Also of what a listing that still runs has not shown yet. */
static uint64_t refer_listed(const struct listed_sockets *sockets)
{
	uint64_t references = 0;

	for (uint32_t i = 0; i <= sockets->index.mask; i++) {
		uint32_t number = sockets->index.slots[i].number;
		const struct listed *listed = number ? pool_get(&sockets->pool, number) : NULL;

		references += listed && listed->owner;
	}
	return references;
}

static uint64_t refer_advice(const struct adviser *adviser)
{
	uint64_t references = 0;

	for (size_t i = 0; i < adviser->count; i++) {
		const struct advice *advice = &adviser->items[i];

		references += !!advice->process;
		for (uint32_t j = 0; j < advice->figure_count; j++)
			references += advice->figures[j].of == FIGURE_PROCESS;
	}
	return references;
}

static void refer_path(void *references, uint32_t number, const struct call_path *path)
{
	(void)number;
	*(uint64_t *)references += !!path->process;
}

/* What must hold whatever was applied. */
static void check_world(const struct world *world)
{
	const struct connections *connections = &world->model.connections;
	const struct processes *processes = &connections->processes;
	struct references found = {0};
	uint64_t references = 0;

	connections_each(connections, refer_connection, &found);
	refer_close_waits(&world->model.close_waits, &found);
	found.references += refer_listed(&world->model.listed);
	rows_each(&world->leaks.rows, refer_row, &found.references);
	rows_each(&world->closing.rows, refer_row, &found.references);
	rows_each(&world->opening.rows, refer_row, &found.references);
	rows_each(&world->opening.listeners, refer_row, &found.references);
	rows_each(&world->waits.rows, refer_row, &found.references);
	rows_each(&world->waits.rows, refer_closer, &found.references);
	refer_ports(world, &found.references);
	found.references += refer_advice(&world->adviser);
	call_paths_each(&world->model.connections.calls, refer_path, &found.references);
	check_time_waits(world);
	for (uint32_t i = 0; i <= processes->index.mask; i++) {
		uint32_t number = processes->index.slots[i].number;

		if (number)
			references += processes_get(processes, number)->references;
	}
	must(references == found.references);
	must(found.listeners == connections->listener_count);
	must(connections->pool.live == connections->index.used);
	must(processes->pool.live == processes->index.used);
}

#endif
