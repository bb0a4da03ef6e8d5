// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Why a destination does not answer, as far as this host can tell. */
#include <string.h>

#include "view/opening/opening.h"

static bool is_unspecified(const uint8_t *address)
{
	static const uint8_t v6[16], v4[16] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, v6, 16) == 0 || memcmp(address, v4, 16) == 0;
}

static bool is_same(const uint8_t *one, const uint8_t *other)
{
	return memcmp(one, other, 16) == 0;
}

/* An address that the namespace of the connect() has itself. */
static bool is_local(const struct tuple *tuple)
{
	return address_is_loopback(tuple->raddr) || is_same(tuple->raddr, tuple->laddr);
}

/*
 * In its own namespace by any address that is surely of that; in another one only by an address
 * that the listener has, or has been reached by.
 */
static bool leads_to(const struct tuple *tuple, const struct listener_row *listener)
{
	const uint8_t *address = listener->tuple.laddr;
	bool here = tuple->netns == listener->tuple.netns;

	if (!listener->there || tuple->rport != listener->tuple.lport)
		return false;
	if (here && is_local(tuple) && is_unspecified(address))
		return true;
	if (!here && address_is_loopback(tuple->raddr))
		return false;
	return is_same(tuple->raddr, address) ||
	       (listener->has_local && is_same(tuple->raddr, listener->local));
}

struct search {
	const struct tuple *tuple;
	const struct listener_row *found;
};

/* Of several the one that is worst off. */
static void look_at(void *context, struct row *row)
{
	const struct listener_row *listener = (const struct listener_row *)row;
	struct search *search = context;

	if (leads_to(search->tuple, listener) &&
	    (!search->found || listener->verdict > search->found->verdict))
		search->found = listener;
}

const struct listener_row *opening_other_end(const struct opening *opening,
					     const struct opening_row *row)
{
	struct search search = {.tuple = &row->tuple};

	if (row->row.key != ROWS_OTHER)
		rows_each(&opening->listeners, look_at, &search);
	return search.found;
}

bool tracking_grew(const struct tracking *tracking)
{
	const struct conntrack *conntrack = &tracking->conntrack;

	return conntrack->insert_failed || conntrack->drop || conntrack->early_drop;
}

/* False where it has none. */
static bool tracking_of(const struct opening *opening, uint32_t netns, struct tracking *tracking)
{
	const struct opening_namespace *namespace = opening_namespace(opening, netns);
	const struct conntrack *first, *now;

	if (!namespace || !namespace->now.tracks)
		return false;
	first = &namespace->first.conntrack;
	now = &namespace->now.conntrack;
	*tracking = (struct tracking){
		.netns = netns,
		.conntrack =
			{
				.count = now->count,
				.max = now->max,
				.insert_failed =
					opening_grown(first->insert_failed, now->insert_failed),
				.drop = opening_grown(first->drop, now->drop),
				.early_drop = opening_grown(first->early_drop, now->early_drop),
			},
	};
	return true;
}

bool opening_tracking(const struct opening *opening, uint32_t netns, struct tracking *tracking)
{
	struct tracking own, host;
	bool tracks = tracking_of(opening, netns, &own);

	if (tracks)
		*tracking = own;
	if (tracks && tracking_grew(&own))
		return true;
	if (!tracking_of(opening, opening->model->netns, &host) || !tracking_grew(&host))
		return tracks;
	*tracking = host;
	return true;
}

bool opening_is_inferred(const struct opening *opening, const struct opening_row *row)
{
	const struct listener_row *other_end = opening_other_end(opening, row);
	struct tracking tracking;

	if (other_end && other_end->verdict == LISTENER_FULL)
		return false; /* that is seen, and enough */
	return row->verdict == OPENING_NO_ANSWER &&
	       opening_tracking(opening, row->tuple.netns, &tracking) && tracking_grew(&tracking);
}
