// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Connections whose both ends are on this host, one in FIN_WAIT2 and the other in CLOSE_WAIT: who
 * of the two has not closed is known.
 */
#include "view/advice/internal.h"

#include "base/hash.h"
#include "base/memory.h"

/* An end in CLOSE_WAIT, by the tuple that the other end has. */
struct far_end {
	uint64_t key;
	const struct close_wait *close_wait;
};

struct search {
	struct adviser *adviser;
	struct far_end *ends;
	size_t count, capacity;
};

static uint64_t key_of(const struct tuple *tuple, bool mirrored)
{
	const uint8_t *one = mirrored ? tuple->raddr : tuple->laddr;
	const uint8_t *other = mirrored ? tuple->laddr : tuple->raddr;
	uint16_t ports[2] = {mirrored ? tuple->rport : tuple->lport,
			     mirrored ? tuple->lport : tuple->rport};
	uint64_t hash = hash_bytes(0, one, sizeof(tuple->laddr));

	hash = hash_bytes(hash, other, sizeof(tuple->raddr));
	return hash_bytes(hash, ports, sizeof(ports));
}

/* A half-close at work is legal, and the young say nothing. */
static void note_far_end(void *context, const struct close_wait *close_wait)
{
	struct search *search = context;
	const struct close_waits *close_waits = &search->adviser->config.model->close_waits;

	if (close_wait->kind == KIND_SENDING ||
	    !close_wait_is_of_age(close_waits, close_wait, HALF_CLOSED_AGE_NS))
		return;
	if (search->count == search->capacity) {
		search->capacity = search->capacity ? 2 * search->capacity : 64;
		search->ends = memory_resize(search->ends, search->capacity, sizeof(*search->ends));
	}
	search->ends[search->count++] =
		(struct far_end){key_of(&close_wait->tuple, true), close_wait};
}

static int by_key(const void *a, const void *b)
{
	const struct far_end *left = a, *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

static uint32_t holder_of(const struct adviser *adviser, const struct close_wait *close_wait)
{
	struct holder_range range =
		close_waits_holders(&adviser->config.model->close_waits, close_wait);

	return range.count ? range.first[0].process : close_wait->owner;
}

static struct half_closed *pair_of(struct adviser *adviser, uint32_t waits, uint32_t closes)
{
	for (size_t i = 0; i < adviser->pair_count; i++)
		if (adviser->pairs[i].waits == waits && adviser->pairs[i].closes == closes)
			return &adviser->pairs[i];
	if (adviser->pair_count == HALF_CLOSED_PAIRS)
		return NULL;
	adviser->pairs[adviser->pair_count] =
		(struct half_closed){.waits = waits, .closes = closes};
	return &adviser->pairs[adviser->pair_count++];
}

/* `waits`: in FIN_WAIT2. */
static void note_pair(struct search *search, const struct tuple *tuple, uint32_t waits)
{
	const struct close_waits *close_waits = &search->adviser->config.model->close_waits;
	struct far_end wanted = {.key = key_of(tuple, false)};
	const struct far_end *found = NULL;
	struct holder_range holders;
	struct half_closed *pair;
	uint64_t age_ns;

	if (search->count)
		found = bsearch(&wanted, search->ends, search->count, sizeof(wanted), by_key);
	if (!found || !leaks_charged(search->adviser->config.leaks, found->close_wait, &holders))
		return;
	pair = pair_of(search->adviser, waits, holder_of(search->adviser, found->close_wait));
	if (!pair)
		return;
	age_ns = close_wait_age_ns(close_waits, found->close_wait);
	pair->sockets++;
	if (age_ns > pair->oldest_ns)
		pair->oldest_ns = age_ns;
	pair->place = place_of(&found->close_wait->tuple, found->close_wait->direction);
	pair->direction = found->close_wait->direction;
}

static void note_leg(void *context, const struct close_wait *leg)
{
	struct search *search = context;

	if (leg->state == TCP_FIN_WAIT2)
		note_pair(search, &leg->tuple, holder_of(search->adviser, leg));
}

/* Closed by now, a minisocket stands for it. */
static void note_minisocket(void *context, struct connection *connection)
{
	uint32_t closer = connection->closer ? connection->closer : connection->owner;

	if (connection->state == TCP_FIN_WAIT2 &&
	    (connection->flags & (CONNECTION_MINISOCKET | CONNECTION_GONE)) ==
		    CONNECTION_MINISOCKET)
		note_pair(context, &connection->tuple, closer);
}

void half_closed_find(struct adviser *adviser)
{
	const struct model *model = adviser->config.model;
	struct search search = {.adviser = adviser};

	adviser->pair_count = 0;
	close_waits_each(&model->close_waits, note_far_end, &search);
	if (!search.count)
		return;
	qsort(search.ends, search.count, sizeof(*search.ends), by_key);
	close_waits_each_partner(&model->close_waits, note_leg, &search);
	connections_each(&model->connections, note_minisocket, &search);
	free(search.ends);
}

static void tell_ends(const struct judging *judging, struct advice *advice,
		      const struct half_closed *pair)
{
	const struct model *model = judging->adviser->config.model;
	const struct processes *processes = &model->connections.processes;
	struct figure_draft draft;

	draft_begin(&draft);
	json_open(&draft.json, "ends", '[');
	object_process(&draft.json, NULL, processes_get(processes, pair->waits), &model->clocks);
	object_process(&draft.json, NULL, processes_get(processes, pair->closes), &model->clocks);
	json_close(&draft.json, ']');
	draft_end(&draft, advice, "ends");
}

static void advise_pair(struct judging *judging, const struct half_closed *pair)
{
	struct advice *advice = advise(judging, SEVERITY_WARNING, SAY_HALF_CLOSED);

	about_process(judging, advice, pair->closes);
	about_place(advice, &pair->place, pair->direction);
	tell_ends(judging, advice, pair);
	tell_number(advice, "sockets", pair->sockets);
	tell_ns(advice, "oldest_s", pair->oldest_ns);
	tell_process(judging, advice, "waits", pair->waits);
	advice->other = pair->waits;
	advice->weight = pair->sockets;
}

void judge_half_closed_pair(struct judging *judging, const void *row)
{
	const struct adviser *adviser = judging->adviser;

	(void)row;
	for (size_t i = 0; i < adviser->pair_count; i++)
		advise_pair(judging, &adviser->pairs[i]);
}
