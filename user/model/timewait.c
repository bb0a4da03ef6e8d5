// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The life of minisockets. The kernel makes one of a connection that this side closed first, often
 * while it still waits for the peer's FIN: then it is in FIN_WAIT2 (its substate), and only that
 * FIN makes it a true TIME_WAIT.
 */
#include "model/apply.h"

/* A timer's remaining time is read a little after it was set, on a clock of up to 10 ms per tick.
 */
#define TICK_TOLERANCE_NS 20000000

uint64_t timewait_entry_ns(const struct model *model, uint64_t time_ns, int64_t remaining_ns)
{
	int64_t elapsed = (int64_t)model->timewait_ns - remaining_ns;

	if (elapsed < 0)
		return time_ns;
	return (uint64_t)elapsed < time_ns ? time_ns - (uint64_t)elapsed : 1;
}

/* A minisocket born as a true TIME_WAIT shows how long the kernel means it to last. */
static void learn_length(struct model *model, const struct record_timewait *record)
{
	int64_t difference = record->remaining_ns - (int64_t)model->timewait_ns;

	if (record->remaining_ns > 0 &&
	    (difference > TICK_TOLERANCE_NS || difference < -TICK_TOLERANCE_NS))
		model->timewait_ns = (uint64_t)record->remaining_ns;
}

static void enter_time_wait(struct model *model, struct connection *connection, uint64_t time_ns)
{
	if (time_ns < connection->since_ns)
		time_ns = connection->since_ns;
	connection->flags &= (uint8_t)~CONNECTION_UNTOLD;
	model_transition(model, connection, time_ns, connection->state, TCP_TIME_WAIT, END_NONE);
}

/* Met only after a loss, or not streamed before, as what was accepted may be. */
static struct connection *add(struct model *model, const struct record_timewait *record)
{
	struct connection *connection = connections_add(&model->connections, record->cookie);

	connection->tuple = record->tuple;
	if (connections_listener(&model->connections, &connection->tuple, 0))
		connection->direction = DIRECTION_IN;
	return connection;
}

/* The step from FIN_WAIT1 to FIN_WAIT2 is not always streamed. There is no way back. */
static void enter_fin_wait2(struct model *model, struct connection *connection,
			    const struct record_timewait *record)
{
	uint64_t time_ns = record->header.time_ns;
	uint64_t since_ns = record->action == TIMEWAIT_ARMED ? time_ns : 0;

	if (connection->state != TCP_FIN_WAIT2 && connection->state != TCP_TIME_WAIT)
		connections_enter(&model->connections, connection, TCP_FIN_WAIT2, since_ns,
				  time_ns);
}

/*
 * A listing has met it already: its birth is told all the same, or its entry into TIME_WAIT if that
 * is what the listing saw of it. If it was known before, the row has told of that entry.
 */
static void armed_late(struct model *model, struct connection *connection,
		       const struct record_timewait *record)
{
	if (!(connection->flags & CONNECTION_UNTOLD))
		return;
	connection->flags &= (uint8_t)~CONNECTION_PREDATES;
	if (record->substate != TCP_TIME_WAIT)
		return;
	if (connection->state != TCP_TIME_WAIT) { /* two CPUs' clocks: there is no way back */
		enter_time_wait(model, connection, record->header.time_ns);
		return;
	}
	connection->flags &= (uint8_t)~CONNECTION_UNTOLD;
	model_tell(model, connection, record->header.time_ns, TCP_FIN_WAIT2, TCP_TIME_WAIT,
		   END_NONE, UNKNOWN_NS);
}

/*
 * The peer's FIN comes again after a time-out, not within a few ticks of the timer, and its time
 * begins anew: that of a timer which another CPU has taken over goes on.
 */
static bool is_rearmed(const struct model *model, const struct connection *connection,
		       const struct record_timewait *record)
{
	uint64_t time_ns = record->header.time_ns;

	if (!record->rearmed)
		time_ns = timewait_entry_ns(model, time_ns, record->remaining_ns);
	return time_ns > connection->since_ns + TICK_TOLERANCE_NS;
}

static void armed(struct model *model, struct connection *connection,
		  const struct record_timewait *record)
{
	bool born = !(connection->flags & CONNECTION_MINISOCKET);
	uint64_t time_ns = record->header.time_ns;

	if (!born && time_ns < connection->time_ns) {
		armed_late(model, connection, record);
		return;
	}
	if (born) {
		connection->flags |= CONNECTION_MINISOCKET;
		connection->flags &= (uint8_t)~CONNECTION_PREDATES;
	}
	if (record->substate != TCP_TIME_WAIT) {
		enter_fin_wait2(model, connection, record);
		if (born)
			connection->waits_ns = time_ns;
		if (born)
			tell_minisocket(model, connection, MINISOCKET_WAITS, time_ns);
		return;
	}
	if (born && !record->rearmed)
		learn_length(model, record);
	if (connection->state != TCP_TIME_WAIT)
		enter_time_wait(model, connection, time_ns);
	else if (!born && is_rearmed(model, connection, record))
		tell_minisocket(model, connection, MINISOCKET_REARMED, time_ns);
}

void timewait_seen(struct model *model, struct connection *connection, uint64_t time_ns,
		   int64_t remaining_ns)
{
	uint64_t entry_ns = timewait_entry_ns(model, time_ns, remaining_ns);

	if (connection->state == TCP_TIME_WAIT)
		return;
	if (!connection->since_ns && entry_ns < model->listing.first_ns)
		connection->flags |= CONNECTION_PREDATES;
	enter_time_wait(model, connection, entry_ns);
}

static void seen(struct model *model, struct connection *connection,
		 const struct record_timewait *record)
{
	connection->flags |= CONNECTION_MINISOCKET;
	enter_fin_wait2(model, connection, record);
	timewait_seen(model, connection, record->header.time_ns, record->remaining_ns);
}

static void ended(struct model *model, struct connection *connection,
		  const struct record_timewait *record)
{
	struct transition transition = {
		.time_ns = record->header.time_ns,
		.new_state = TCP_CLOSE,
		.end_reason = record->end_reason ? record->end_reason : END_UNKNOWN,
		.by_data = record->by_data,
	};

	connection->flags |= CONNECTION_MINISOCKET;
	enter_fin_wait2(model, connection, record);
	if (record->substate == TCP_TIME_WAIT)
		timewait_seen(model, connection, record->header.time_ns, record->remaining_ns);
	transition.old_state = connection->state;
	model_move(model, connection, &transition);
	model_end(model, connection);
}

/*
 * Older than the tool and never asked for a cookie: it has no place in the model, but its end is
 * told.
 */
static void ended_without_cookie(struct model *model, const struct record_timewait *record)
{
	uint64_t time_ns = record->header.time_ns;
	struct connection connection = {
		.tuple = record->tuple,
		.state = TCP_CLOSE,
		.flags = CONNECTION_MINISOCKET | CONNECTION_PREDATES,
	};
	uint64_t in_old_ns = UNKNOWN_NS;

	if (record->substate == TCP_TIME_WAIT)
		in_old_ns = time_ns - timewait_entry_ns(model, time_ns, record->remaining_ns);
	model_tell(model, &connection, time_ns, record->substate, TCP_CLOSE,
		   record->end_reason ? record->end_reason : END_UNKNOWN, in_old_ns);
}

void apply_timewait(struct model *model, const struct record_timewait *record)
{
	struct connection *connection;

	if (record->end_reason >= END_REARMED)
		return; /* it has not ended */
	if (!record->cookie) {
		if (record->action == TIMEWAIT_ENDED)
			ended_without_cookie(model, record);
		return;
	}
	connection = connections_find(&model->connections, record->cookie);
	if (!connection)
		connection = add(model, record);
	else if (connection->flags & CONNECTION_GONE)
		return;
	if (record->timestamps)
		connection->flags |= CONNECTION_TIMESTAMPS;
	switch (record->action) {
	case TIMEWAIT_ARMED:
		armed(model, connection, record);
		break;
	case TIMEWAIT_SEEN:
		seen(model, connection, record);
		break;
	case TIMEWAIT_ENDED:
		ended(model, connection, record);
		break;
	}
}
