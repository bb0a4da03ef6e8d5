// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What TIME_WAITs say, and connections that are closed. */
#include "view/advice/internal.h"

#include <string.h>

#include "base/memory.h"

static const struct time_waits *waits_of(const struct judging *judging)
{
	return judging->adviser->config.time_waits;
}

static uint64_t key_of(const struct time_wait_row *row, unsigned int counter)
{
	return row->row.key ^ (uint64_t)counter << 56;
}

/* A median, of what was measured. */
static void tell_median(struct advice *advice, const char *key, const struct histogram *histogram)
{
	if (histogram->count)
		tell_ns(advice, key, histogram_percentile(histogram, 0.5));
}

static struct advice *advise_row(struct judging *judging, const struct time_wait_row *row,
				 enum severity severity, enum saying saying)
{
	struct advice *advice = advise(judging, severity, saying);

	about_process(judging, advice, row->row.process);
	about_place(advice, &row->tuple, row->direction);
	tell_process(judging, advice, "owner", row->row.process);
	tell_place(advice, "place", &row->tuple, row->direction);
	tell_median(advice, "connected_p50_s", &row->connected);
	tell_median(advice, "idle_p50_s", &row->idle);
	tell_row(judging, advice, &time_waits_table, waits_of(judging), row);
	return advice;
}

static bool are_short(const struct time_wait_row *row)
{
	return (row->connected.count &&
		histogram_percentile(&row->connected, 0.5) <= (uint64_t)SHORT_NS) ||
	       (row->idle.count && histogram_percentile(&row->idle, 0.5) < (uint64_t)SHORT_IDLE_NS);
}

/* Whether a destination sustains less than ten times as many a second. */
bool is_a_tenth(const struct adviser *adviser, const struct tuple *place, double per_s)
{
	const struct port_row *row = ports_destination(adviser->config.ports, place);
	double sustainable;

	return row && ports_sustainable(adviser->config.ports, row, &sustainable) &&
	       per_s >= SUSTAINED_SHARE * sustainable;
}

/* Who makes the connections that a service of this host closes, if that is known. */
struct client {
	const struct tuple *service;
	const struct opening_row *found;
};

static bool leads_to(const struct tuple *destination, const struct tuple *service)
{
	return destination->rport == service->lport &&
	       memcmp(destination->raddr, service->laddr, sizeof(service->laddr)) == 0;
}

static void look_for_client(void *context, struct row *row)
{
	const struct opening_row *opening = (const struct opening_row *)row;
	struct client *client = context;

	if (row->process && leads_to(&opening->tuple, client->service) &&
	    (!client->found || opening->established > client->found->established))
		client->found = opening;
}

static uint32_t client_of(const struct adviser *adviser, const struct time_wait_row *row)
{
	struct client client = {.service = &row->tuple};

	if (row->direction != DIRECTION_IN)
		return row->row.process;
	rows_each(&adviser->config.opening->rows, look_for_client, &client);
	return client.found ? client.found->row.process : 0;
}

void judge_short_connections(struct judging *judging, const void *at)
{
	const struct adviser *adviser = judging->adviser;
	const struct time_wait_row *row = at;
	double per_s = rate_of(judging, key_of(row, 1), row->closed_first);
	bool in = row->direction == DIRECTION_IN;
	bool heavy = !in && is_a_tenth(adviser, &row->tuple, per_s);
	struct advice *advice;
	uint32_t client;

	if (!row->row.process || per_s < CLOSES_PER_S || !are_short(row))
		return;
	client = client_of(adviser, row);
	advice = advise_row(judging, row, heavy ? SEVERITY_WARNING : SEVERITY_INFO,
			    in ? SAY_SHORT_IN : SAY_SHORT_OUT);
	tell_rate(advice, "rate_per_s", per_s);
	tell_share(advice, "closed_first_share", (double)row->closed_first / (double)row->closed);
	advice->weight = per_s;
	if (in)
		tell_process(judging, advice, "client", client);
	software_helps_of(judging, advice, TOPIC_REUSE, client);
}

/* What one owner has closed, wherever. */
struct closed {
	uint32_t process;
	uint64_t closed, by_reset;
};

struct closers {
	struct judging *judging;
	struct closed *items;
	size_t count;
};

static void note_closed(void *context, struct row *noted)
{
	const struct time_wait_row *row = (const struct time_wait_row *)noted;
	struct closers *closers = context;

	if (noted->key == ROWS_OTHER || !noted->process)
		return;
	closers->items[closers->count++] = (struct closed){
		noted->process,
		counted_since(closers->judging, key_of(row, 1), row->closed),
		counted_since(closers->judging, key_of(row, 2), row->closed_by_reset),
	};
}

static int by_process(const void *a, const void *b)
{
	const struct closed *left = a, *right = b;

	return (left->process > right->process) - (left->process < right->process);
}

static void judge_closer(struct judging *judging, const struct closed *closed)
{
	struct advice *advice;

	if (closed->closed < RESET_CLOSED ||
	    (double)closed->by_reset < RESET_SHARE * (double)closed->closed)
		return;
	advice = advise(judging, SEVERITY_INFO, SAY_RESET);
	about_process(judging, advice, closed->process);
	tell_process(judging, advice, "owner", closed->process);
	tell_number(advice, "closed", closed->closed);
	tell_number(advice, "closed_by_reset", closed->by_reset);
	advice->weight = (double)closed->by_reset;
}

void judge_reset_instead_of_close(struct judging *judging, const void *at)
{
	const struct rows *rows = &waits_of(judging)->rows;
	struct closers closers = {
		.judging = judging,
		.items = memory_new(rows->pool.live + 1, sizeof(*closers.items)),
	};
	struct closed sum = {0};

	(void)at;
	rows_each(rows, note_closed, &closers);
	qsort(closers.items, closers.count, sizeof(*closers.items), by_process);
	for (size_t i = 0; i < closers.count; i++) {
		if (closers.items[i].process != sum.process)
			sum = (struct closed){closers.items[i].process, 0, 0};
		sum.closed += closers.items[i].closed;
		sum.by_reset += closers.items[i].by_reset;
		if (i + 1 == closers.count || closers.items[i + 1].process != sum.process)
			judge_closer(judging, &sum);
	}
	free(closers.items);
}

/* As a time-out of one length makes it. */
static bool is_constant(const struct histogram *idle)
{
	uint64_t p10 = histogram_percentile(idle, 0.1), p90 = histogram_percentile(idle, 0.9);

	return p10 >= RACE_IDLE_NS && (double)p90 <= (1 + RACE_SPREAD) * (double)p10;
}

void judge_keepalive_race(struct judging *judging, const void *at)
{
	const struct time_wait_row *row = at;
	uint64_t closes = counted_since(judging, key_of(row, 1), row->closed_first);
	uint64_t races = counted_since(judging, key_of(row, 2), row->reset_by_data);
	struct advice *advice;

	if (closes < RACE_CLOSES || !races || !is_constant(&row->idle))
		return;
	advice = advise_row(judging, row, SEVERITY_WARNING, SAY_KEEPALIVE_RACE);
	advice->weight = (double)races;
	software_helps(judging, advice, TOPIC_RACE);
}
