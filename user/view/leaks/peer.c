// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where a relay's legs go that wait for their peers to close, and, if their other ends are on this
 * host, who has not closed those: in CLOSE_WAIT, in whatever namespace, with the tuple mirrored.
 */
#include <string.h>

#include "base/hash.h"
#include "view/leaks/leaks.h"

/* The other end of a leg, by the tuple that it has there. */
struct far_end {
	uint64_t key;
	struct tuple tuple;
	const struct close_wait *found; /* NULL: not on this host, or not in CLOSE_WAIT */
};

struct search {
	struct leaks *leaks;
	struct pool ends;
	struct index by_tuple;
	void (*visit)(struct search *search, struct leak_row *row, const struct close_wait *leg);
};

void leaks_peers_init(struct leaks *leaks)
{
	pool_init(&leaks->peers.pool, sizeof(struct leak_peer));
	tally_init(&leaks->peers.legs);
	tally_init(&leaks->peers.holders);
}

void leaks_peers_free(struct leaks *leaks)
{
	tally_free(&leaks->peers.holders);
	tally_free(&leaks->peers.legs);
	pool_free(&leaks->peers.pool);
}

/* Whatever the namespace, and the family of the socket. */
static struct tuple anywhere(const struct tuple *tuple)
{
	struct tuple anywhere = *tuple;

	anywhere.netns = 0;
	anywhere.family = 0;
	return anywhere;
}

static struct tuple mirrored(const struct tuple *tuple)
{
	struct tuple mirror = anywhere(tuple);

	memcpy(mirror.laddr, tuple->raddr, sizeof(mirror.laddr));
	memcpy(mirror.raddr, tuple->laddr, sizeof(mirror.raddr));
	mirror.lport = tuple->rport;
	mirror.rport = tuple->lport;
	return mirror;
}

static uint64_t key_of(const struct tuple *tuple)
{
	return hash_bytes(0, tuple, sizeof(*tuple));
}

static struct far_end *find_end(const struct search *search, const struct tuple *tuple)
{
	uint32_t number = index_find(&search->by_tuple, key_of(tuple));
	struct far_end *end = number ? pool_get(&search->ends, number) : NULL;

	return end && memcmp(&end->tuple, tuple, sizeof(*tuple)) == 0 ? end : NULL;
}

static void add_end(struct search *search, const struct tuple *tuple)
{
	uint64_t key = key_of(tuple);
	uint32_t number;

	if (index_find(&search->by_tuple, key))
		return;
	number = pool_add(&search->ends);
	*(struct far_end *)pool_get(&search->ends, number) = (struct far_end){key, *tuple, NULL};
	index_add(&search->by_tuple, number);
}

/* For each relay that holds it, once. */
static void visit_leg(void *context, const struct close_wait *leg)
{
	struct search *search = context;
	struct leaks *leaks = search->leaks;
	struct holder_range holders;

	if (!leaks_is_old(leaks, leg))
		return;
	holders = close_waits_holders(&leaks->model->close_waits, leg);
	for (size_t i = 0; i < holders.count; i++) {
		struct leak_row *row = leaks_row_of(leaks, holders.first[i].process);

		if (!row || !row->peer || row->last_cookie == leg->cookie)
			continue;
		row->last_cookie = leg->cookie;
		search->visit(search, row, leg);
	}
}

static void begin_counting(void *context, struct row *row)
{
	(void)context;
	((struct leak_row *)row)->last_cookie = 0;
}

static void each_leg(struct search *search,
		     void (*visit)(struct search *search, struct leak_row *row,
				   const struct close_wait *leg))
{
	search->visit = visit;
	rows_each(&search->leaks->rows, begin_counting, NULL);
	close_waits_each_partner(&search->leaks->model->close_waits, visit_leg, search);
}

static void count_leg(struct search *search, struct leak_row *row, const struct close_wait *leg)
{
	struct tuple tuple = mirrored(&leg->tuple);
	const struct count *count = tally_by_place(&search->leaks->peers.legs, row, leg);
	const struct count *most = row->peer->legs;

	add_end(search, &tuple);
	if (!most || count->sockets > most->sockets)
		row->peer->legs = count;
}

static void find_far_end(void *context, const struct close_wait *close_wait)
{
	struct tuple tuple = anywhere(&close_wait->tuple);
	struct far_end *end = find_end(context, &tuple);

	if (end)
		end->found = close_wait;
}

/* The legs elsewhere are others' affair. */
static void count_holders(struct search *search, struct leak_row *row, const struct close_wait *leg)
{
	struct leaks *leaks = search->leaks;
	struct tuple tuple = mirrored(&leg->tuple);
	const struct far_end *end = find_end(search, &tuple);
	struct holder_range holders;

	if (!end || !end->found || !count_has_place(row->peer->legs, leg))
		return;
	holders = close_waits_holders(&leaks->model->close_waits, end->found);
	for (size_t i = 0; i < holders.count; i++)
		tally_by_process(&leaks->peers.holders, row, holders.first[i].process, end->found);
}

static void note_holder(void *context, const struct count *count)
{
	const struct leaks *leaks = context;
	struct leak_peer *peer = count->row->peer;

	peer->holders_total++;
	for (uint32_t i = 0; i < peer->holders_shown; i++) {
		const struct count *other = peer->holders[i];

		if (leaks_process(leaks, count->process)->id.pid >=
		    leaks_process(leaks, other->process)->id.pid)
			continue;
		peer->holders[i] = count;
		count = other;
	}
	if (peer->holders_shown < LEAKS_HOLDERS)
		peer->holders[peer->holders_shown++] = count;
}

/* A row that is no relay any more has no peer. */
static void begin_row(void *context, struct row *begun)
{
	struct leak_row *row = (struct leak_row *)begun;
	struct pool *peers = context;

	row->peer = NULL;
	if (leaks_has_any(row) && leaks_verdict(row) == VERDICT_RELAY)
		row->peer = pool_get(peers, pool_add(peers));
}

void leaks_find_peers(struct leaks *leaks)
{
	struct search search = {.leaks = leaks};

	pool_free(&leaks->peers.pool);
	tally_clear(&leaks->peers.legs);
	tally_clear(&leaks->peers.holders);
	rows_each(&leaks->rows, begin_row, &leaks->peers.pool);
	if (!leaks->peers.pool.live)
		return;
	pool_init(&search.ends, sizeof(struct far_end));
	index_init(&search.by_tuple, &search.ends);
	each_leg(&search, count_leg);
	close_waits_each(&leaks->model->close_waits, find_far_end, &search);
	each_leg(&search, count_holders);
	tally_each(&leaks->peers.holders, note_holder, leaks);
	index_free(&search.by_tuple);
	pool_free(&search.ends);
}
