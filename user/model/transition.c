// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transitions of full sockets, as inet_sock_set_state shows them. */
#include "model/apply.h"

static unsigned int direction_of(const struct record_transition *record)
{
	if (record->old_state == TCP_LISTEN || record->new_state == TCP_LISTEN)
		return DIRECTION_UNKNOWN;
	if (record->new_state == TCP_SYN_SENT || record->old_state == TCP_SYN_SENT)
		return DIRECTION_OUT;
	if (record->direction != DIRECTION_UNKNOWN)
		return record->direction;
	return record->old_state == TCP_SYN_RECV ? DIRECTION_IN : DIRECTION_UNKNOWN;
}

/* Where nothing told of its beginning, what was listed tells. */
static bool is_accepted(const struct connections *connections,
			const struct record_transition *record)
{
	return record->old_state != TCP_LISTEN && record->new_state != TCP_LISTEN &&
	       connections_listener(connections, &record->tuple, 0);
}

static void learn(struct model *model, struct connection *connection,
		  const struct record_transition *record)
{
	struct connections *connections = &model->connections;
	unsigned int direction = direction_of(record);

	connection->tuple = record->tuple;
	if (record_owner_is_current(record))
		processes_meet(&connections->processes, &record->owner);
	processes_meet(&connections->processes, &record->closer);
	/* who was accepted may connect later on, and is a copy of its listener still */
	if (connection->direction == DIRECTION_UNKNOWN || record->new_state == TCP_SYN_SENT)
		connection->direction = direction;
	if (connection->direction == DIRECTION_UNKNOWN && is_accepted(connections, record))
		connection->direction = DIRECTION_IN;
	if (record->bound)
		connection->flags |= CONNECTION_BOUND;
	connections_own(connections, connection, &record->owner, record->owner_by);
	if (record->new_state == TCP_LISTEN && record->owner.pid)
		connections_listens(connections, connection, &record->owner);
	connections_close(connections, connection, &record->closer);
	model_held(model, connection, &record->closer);
	model_own_by_listener(model, connection, record->listener);
}

/*
 * connect() chooses a port between two transitions: only then is it known whether the filter wants
 * it.
 */
static bool unwanted(const struct model *model, const struct connection *connection,
		     const struct record_transition *record)
{
	if (record->old_state == TCP_LISTEN || record->new_state == TCP_LISTEN)
		return false;
	return model->filter && connection->tuple.lport &&
	       !filter_tuple(model->filter, &connection->tuple, 1);
}

/*
 * The full socket is closed by the kernel as soon as a minisocket stands for it: no transition of
 * the connection. What went before may be told late.
 */
static bool hands_over(const struct connection *connection, const struct record_transition *record)
{
	return connection->flags & CONNECTION_MINISOCKET &&
	       (record->new_state == TCP_CLOSE || record->header.time_ns >= connection->time_ns);
}

/*
 * Each CPU writes to the ring on its own: the end of a minisocket may come before the end of the
 * full socket that it stood for, which then seems to be of a connection never seen.
 */
static bool comes_late(const struct record_transition *record)
{
	return becomes_minisocket(record->old_state, record->new_state);
}

/* When connect() began, as far as is known. */
static uint64_t began_of(const struct connection *connection, uint64_t time_ns)
{
	bool seen = connection->state == TCP_SYN_SENT && connection->since_ns;

	return seen ? connection->since_ns : time_ns;
}

/* bytes_acked counts the SYN of who connects. */
static struct carried carried_by(const struct connection *connection,
				 const struct record_transition *record)
{
	struct carried carried = record->carried;

	if (connection->direction != DIRECTION_IN && carried.sent_bytes)
		carried.sent_bytes--;
	return carried;
}

static void move(struct model *model, struct connection *connection,
		 const struct record_transition *record)
{
	struct carried carried = carried_by(connection, record);
	struct transition transition = {
		.time_ns = record->header.time_ns,
		.old_state = record->old_state,
		.new_state = record->new_state,
		.failure = record->failure,
		.error = record->error,
		.range_low = record->range_low,
		.range_high = record->range_high,
		.carried = record->measured ? &carried : NULL,
	};

	model_move(model, connection, &transition);
}

/* Who sends a FIN has closed; and so has who aborts, or whose connection the peer has aborted
 * before it was told of an end: where it was told, it has not. */
static void count_closed(struct model *model, const struct record_transition *record)
{
	bool ends = record->new_state == TCP_CLOSE;
	bool abandoned =
		ends && record->old_state == TCP_CLOSE_WAIT && !record->dead && !record->closer.pid;

	if (ends || record->new_state == TCP_FIN_WAIT1 || record->new_state == TCP_LAST_ACK)
		call_paths_close(&model->connections.calls, record->cookie, abandoned);
}

void apply_transition(struct model *model, const struct record_transition *record)
{
	struct connection *connection = connections_find(&model->connections, record->cookie);
	uint64_t time_ns = record->header.time_ns;

	if (!connection && comes_late(record))
		return;
	if (!connection)
		connection = connections_add(&model->connections, record->cookie);
	else if (connection->flags & CONNECTION_GONE)
		connection = connections_renew(&model->connections, connection);
	if (hands_over(connection, record))
		return;
	learn(model, connection, record);
	count_closed(model, record);
	if (!(connection->flags & CONNECTION_MINISOCKET) && unwanted(model, connection, record)) {
		connections_remove(&model->connections, connection);
		return;
	}
	if (time_ns < connection->time_ns) {
		/* a listing has shown what came of it already */
		model_tell(model, connection, time_ns, record->old_state, record->new_state,
			   END_NONE, UNKNOWN_NS);
		return;
	}
	if (record->old_state == TCP_SYN_SENT)
		connection->began_ns = began_of(connection, time_ns);
	move(model, connection, record);
	if (record->refused)
		tell_minisocket(model, connection, MINISOCKET_REFUSED, time_ns);
	if (model->last_states & 1U << record->new_state)
		model_end(model, connection);
}
