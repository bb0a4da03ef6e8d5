// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What exists already, at the start and after a loss alike. Rows of a listing carry the kernel's
 * time of the row; records of the stream come in between. Newer evidence wins, in both directions;
 * an owner is only made better. What ends while the listing runs is kept as gone until it is over,
 * so that no row brings it back.
 */
#include "model/apply.h"

#include "base/memory.h"

#define LONGEST_TIME_WAIT 4 /* times its length: it is rearmed now and then */

/* What a later listing shows for the first time may have been missed: its timer tells. */
static bool predates(const struct model *model, const struct record_socket *record)
{
	if (model->listing.number <= 1)
		return true;
	return record->flags & SOCKET_MINISOCKET && record->state == TCP_TIME_WAIT &&
	       timewait_entry_ns(model, record->header.time_ns, record->remaining_ns) <
		       model->listing.first_ns;
}

static void listed_minisocket(struct model *model, struct connection *connection,
			      const struct record_socket *record)
{
	uint64_t time_ns = record->header.time_ns, since_ns = 0;

	if (connection->flags & CONNECTION_MINISOCKET) {
		if (record->state == TCP_TIME_WAIT)
			timewait_seen(model, connection, time_ns, record->remaining_ns);
		return;
	}
	connection->flags |= CONNECTION_MINISOCKET | CONNECTION_UNTOLD;
	if (!predates(model, record)) /* though the full socket may have */
		connection->flags &= (uint8_t)~CONNECTION_PREDATES;
	if (record->state == TCP_TIME_WAIT)
		since_ns = timewait_entry_ns(model, time_ns, record->remaining_ns);
	if (connection->state != record->state)
		connections_enter(&model->connections, connection, record->state, since_ns,
				  time_ns);
}

static void listed_state(struct model *model, struct connection *connection,
			 const struct record_socket *record)
{
	if (record->flags & SOCKET_MINISOCKET)
		listed_minisocket(model, connection, record);
	else if (!(connection->flags & CONNECTION_MINISOCKET) && connection->state != record->state)
		connections_enter(&model->connections, connection, record->state, 0,
				  record->header.time_ns);
}

/* False if it ended after the row was taken, or is a minisocket: whose end is final. */
static bool lives_again(const struct connection *connection, const struct record_socket *record)
{
	return !(connection->flags & CONNECTION_MINISOCKET) &&
	       record->header.time_ns >= connection->time_ns;
}

/* A listener's is unknown, though its children are incoming. */
static unsigned int direction_of(const struct record_socket *record)
{
	if (record->state == TCP_LISTEN)
		return DIRECTION_UNKNOWN;
	return record->state == TCP_SYN_SENT ? DIRECTION_OUT : record->direction;
}

void apply_socket(struct model *model, const struct record_socket *record)
{
	struct connection *connection;
	unsigned int direction = direction_of(record);

	if (!record->cookie)
		return; /* its end will be told, and no more is known */
	connection = connections_find(&model->connections, record->cookie);
	if (!connection) {
		connection = connections_add(&model->connections, record->cookie);
		connection->flags = predates(model, record) ? CONNECTION_PREDATES : 0;
	} else if (connection->flags & CONNECTION_GONE) {
		if (!lives_again(connection, record))
			return;
		connection = connections_renew(&model->connections, connection);
	}
	connection->listed = model->listing.number;
	if (record->header.time_ns >= connection->time_ns)
		connection->tuple = record->tuple;
	if (direction != DIRECTION_UNKNOWN)
		connection->direction = direction;
	if (record->state == TCP_LISTEN) {
		connection->queue = record->recvq;
		connection->queue_limit = record->queue_limit;
	}
	if (record->flags & SOCKET_TIMESTAMPS)
		connection->flags |= CONNECTION_TIMESTAMPS;
	if (record->flags & SOCKET_BOUND)
		connection->flags |= CONNECTION_BOUND;
	connections_own(&model->connections, connection, &record->owner, record->owner_by);
	if (record->header.time_ns >= connection->time_ns)
		listed_state(model, connection, record);
}

void apply_holder(struct model *model, const struct record_holder *record)
{
	struct connection *connection = connections_find(&model->connections, record->cookie);

	if (!connection || connection->flags & CONNECTION_GONE)
		return;
	processes_meet(&model->connections.processes, &record->process);
	connections_own(&model->connections, connection, &record->process, OWNER_HOLDER);
	if (connection->state == TCP_LISTEN && !connection->listens)
		connections_listens(&model->connections, connection, &record->process);
	model_held(model, connection, &record->process);
}

void apply_owner(struct model *model, const struct record_owner *record)
{
	struct connection *connection = connections_find(&model->connections, record->cookie);

	if (!connection || connection->flags & CONNECTION_GONE)
		return;
	processes_meet(&model->connections.processes, &record->process);
	connection->direction = DIRECTION_IN;
	connections_own(&model->connections, connection, &record->process, OWNER_ACCEPT);
}

static bool namespace_listed(const struct listing *listing, uint32_t netns)
{
	for (size_t i = 0; i < listing->namespace_count; i++)
		if (listing->namespaces[i] == netns || !listing->namespaces[i])
			return true;
	return false;
}

static void begin(struct listing *listing, const struct record_listing *record, uint64_t losses)
{
	listing->losses = losses;
	listing->number++;
	listing->active = true;
	listing->begin_ns = record->header.time_ns;
	if (listing->number == 1)
		listing->first_ns = listing->begin_ns;
	listing->namespace_count = 0;
}

static void namespace_done(struct listing *listing, uint32_t netns)
{
	listing->namespaces = memory_resize(listing->namespaces, listing->namespace_count + 1,
					    sizeof(*listing->namespaces));
	listing->namespaces[listing->namespace_count++] = netns;
}

/* Of a namespace that is gone, if its end was not streamed: no TIME_WAIT lasts so long. */
static bool outlived(const struct model *model, const struct connection *connection)
{
	uint64_t most_ns = LONGEST_TIME_WAIT * model->timewait_ns;

	return connection->state == TCP_TIME_WAIT && connection->flags & CONNECTION_MINISOCKET &&
	       model->listing.begin_ns - connection->time_ns > most_ns;
}

/* Not there any more, and nothing told us: its end was lost. */
static bool vanished(const struct model *model, const struct connection *connection)
{
	const struct listing *listing = &model->listing;

	return connection->listed != listing->number && connection->time_ns < listing->begin_ns &&
	       (namespace_listed(listing, connection->tuple.netns) || outlived(model, connection));
}

static bool is_over(const struct model *model, const struct connection *connection)
{
	return connection->flags & CONNECTION_GONE || vanished(model, connection);
}

static void remove_if_over(void *context, struct connection *connection)
{
	struct model *model = context;

	if (is_over(model, connection))
		connections_remove(&model->connections, connection);
}

/* A listener that is over is still who its children came from. */
static void settle(void *context, struct connection *connection)
{
	struct model *model = context;

	if (is_over(model, connection))
		return;
	if (connection->direction == DIRECTION_UNKNOWN && connection->state != TCP_LISTEN &&
	    connections_listener(&model->connections, &connection->tuple, 0))
		connection->direction = DIRECTION_IN;
	model_own_by_listener(model, connection, 0);
}

static bool exists(const void *context, uint64_t cookie)
{
	return connections_find(context, cookie) != NULL;
}

static void end(struct model *model)
{
	struct connections *connections = &model->connections;

	connections_each(connections, settle, model);
	connections_each(connections, remove_if_over, model);
	call_paths_sweep(&connections->calls, model->listing.begin_ns, exists, connections);
	model->listing.active = false;
}

void apply_listing(struct model *model, const struct record_listing *record)
{
	switch (record->phase) {
	case LISTING_BEGINS:
		begin(&model->listing, record, losses_total(&model->losses));
		break;
	case LISTING_NAMESPACE:
		namespace_done(&model->listing, record->netns);
		break;
	case LISTING_ENDS:
		end(model);
		break;
	}
}
