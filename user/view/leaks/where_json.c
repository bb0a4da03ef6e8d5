// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whom and where, in JSON. */
#include "view/holders.h"
#include "view/leaks/leaks.h"

void leaks_json_listener(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	const struct connection *listener = leaks_listener(leaks, row);

	if (!listener) {
		json_null(json, "listener");
		return;
	}
	json_open(json, "listener", '{');
	object_place(json, &listener->tuple, DIRECTION_IN);
	json_number(json, "queue", listener->queue);
	json_number(json, "queue_limit", listener->queue_limit);
	holders_write(json, &leaks->rows, leaks_listener_holders(leaks, row), leaks_about(row));
	json_close(json, '}');
}

/* A process with one of its descriptors of the other ends. */
static void peer_holder(struct json *json, const struct leaks *leaks, const struct count *count)
{
	struct holder_range range = close_waits_holders(&leaks->model->close_waits, count->example);

	for (size_t i = 0; i < range.count; i++) {
		if (range.first[i].process != count->process)
			continue;
		holder_write(json, leaks->rows.processes, &range.first[i]);
		return;
	}
}

void leaks_json_peer(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	const struct leak_peer *peer = row->peer;
	struct tuple place;

	if (!peer || !peer->legs) {
		json_null(json, "peer");
		return;
	}
	place = count_place(peer->legs);
	json_open(json, "peer", '{');
	object_place(json, &place, peer->legs->example->direction);
	json_number(json, "sockets", peer->legs->sockets);
	json_open(json, "holders", '[');
	for (uint32_t i = 0; i < peer->holders_shown; i++)
		peer_holder(json, leaks, peer->holders[i]);
	json_close(json, ']');
	json_number(json, "holders_total", peer->holders_total);
	json_close(json, '}');
}

void leaks_json_places(struct json *json, const struct member *member, const void *view,
		       const void *row)
{
	const struct greatest *places = &((const struct leak_row *)row)->places;

	(void)view;
	json_open(json, member->key, '[');
	for (size_t i = 0; i < TALLY_GREATEST && places->counts[i]; i++) {
		struct tuple place = count_place(places->counts[i]);

		json_open(json, NULL, '{');
		object_place(json, &place, places->counts[i]->example->direction);
		json_number(json, "sockets", places->counts[i]->sockets);
		json_close(json, '}');
	}
	json_close(json, ']');
}
