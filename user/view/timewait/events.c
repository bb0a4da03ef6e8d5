// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What happens to connections and minisockets, counted in their rows. */
#include "view/place.h"
#include "view/timewait/timewait.h"

#define KEY_NONE 0 /* of no row: what a filter leaves out was refused all the same */

static bool is_asked_for(const struct time_waits *waits, const struct connection *connection)
{
	const struct tuple *tuple = &connection->tuple;

	return (!waits->config.tuples ||
		filter_tuple(waits->config.tuples, tuple, tuple->lport != 0)) &&
	       model_concerns(waits->model, connection, waits->config.processes);
}

/* NULL where a filter leaves the connection out. */
static struct time_wait_row *row_of(struct time_waits *waits, struct connection *connection,
				    uint64_t time_ns)
{
	const struct process *owner = rows_process(&waits->rows, connection->owner);
	struct tuple place = place_of(&connection->tuple, connection->direction);
	uint64_t key = place_key(grouping_key(waits->config.by, owner), &place);
	struct time_wait_row *row = (struct time_wait_row *)rows_find(&waits->rows, key);

	if (!is_asked_for(waits, connection))
		return NULL;
	if (!row) {
		row = (struct time_wait_row *)rows_add(&waits->rows, key, connection->owner);
		row->tuple = place;
		growth_begin(&row->growth, waits->time_ns);
	}
	if (row->direction == DIRECTION_UNKNOWN)
		row->direction = connection->direction;
	common_note(&row->owner_by, connection->owner_by);
	common_note(&row->family, connection->tuple.family);
	row->row.active_ns = time_ns;
	return row;
}

/* Who closed is known only once it has; the row refers to that process. */
static void note_closer(struct time_waits *waits, struct time_wait_row *row,
			const struct connection *connection)
{
	uint32_t closer = connection->closer == connection->owner ? 0 : connection->closer;

	if (!connection->closer)
		return;
	if (!row->closer.known)
		processes_reference(waits->rows.processes, closer);
	common_note(&row->closer, closer);
}

/* Where the connection is counted now; NULL if nowhere. */
static struct time_wait_row *counted_at(struct time_waits *waits,
					const struct connection *connection)
{
	return (struct time_wait_row *)rows_get(&waits->rows, connection->row);
}

/* Takes it out of what is counted as being there now. */
static void leave(struct time_waits *waits, struct connection *connection, unsigned int state)
{
	struct time_wait_row *row = counted_at(waits, connection);

	connection->row = 0;
	if (!row)
		return;
	if (state == TCP_TIME_WAIT && row->sockets) {
		row->sockets--;
		if (connection->flags & CONNECTION_PREDATES && row->predates)
			row->predates--;
	}
	if (state == TCP_FIN_WAIT2 && row->fin_wait2)
		row->fin_wait2--;
}

static struct time_wait_row *enter(struct time_waits *waits, struct connection *connection,
				   unsigned int state, uint64_t time_ns)
{
	struct time_wait_row *row = row_of(waits, connection, time_ns);

	if (!row)
		return NULL;
	note_closer(waits, row, connection);
	connection->row = rows_number(&waits->rows, &row->row);
	if (state == TCP_TIME_WAIT)
		row->sockets++;
	else
		row->fin_wait2++;
	return row;
}

static bool is_close(const struct transition *transition)
{
	if (transition->old_state == TCP_SYN_RECV)
		return transition->new_state == TCP_FIN_WAIT1 ||
		       transition->new_state == TCP_CLOSE_WAIT;
	return transition->old_state == TCP_ESTABLISHED;
}

/* How long it was idle says nothing of what a reset ended. */
static void note_carried(struct time_wait_row *row, const struct transition *transition)
{
	row->sent_bytes += transition->carried->sent_bytes;
	row->received_bytes += transition->carried->received_bytes;
	if (transition->new_state != TCP_CLOSE)
		histogram_add(&row->idle, transition->carried->idle_ns);
}

/* close() with unread data, or SO_LINGER 0, sends an RST: the first thing, or after the peer's FIN.
 */
static bool is_own_reset(const struct transition *transition)
{
	return transition->new_state == TCP_CLOSE && transition->closer &&
	       (transition->old_state == TCP_ESTABLISHED ||
		transition->old_state == TCP_CLOSE_WAIT);
}

static void was_reset(struct time_waits *waits, const struct transition *transition)
{
	struct time_wait_row *row = row_of(waits, transition->connection, transition->time_ns);

	if (row)
		row->closed_by_reset++;
}

/* The first FIN, or an abort; or, where the FIN was lost, the TIME_WAIT of who sent it first. */
static void closed(struct time_waits *waits, const struct transition *transition)
{
	struct time_wait_row *row = row_of(waits, transition->connection, transition->time_ns);
	unsigned int new_state = transition->new_state;

	if (!row)
		return;
	row->closed++;
	if (transition->carried)
		note_carried(row, transition);
	if (new_state == TCP_FIN_WAIT1 || new_state == TCP_TIME_WAIT ||
	    (new_state == TCP_CLOSE && transition->closer))
		row->closed_first++;
	if (transition->old_state == TCP_ESTABLISHED && transition->since_ns &&
	    (new_state == TCP_FIN_WAIT1 || new_state == TCP_CLOSE_WAIT))
		histogram_add(&row->connected, transition->time_ns - transition->since_ns);
}

/* Its TIME_WAIT began before the tool listed what exists, and nothing told that it did. */
static bool is_older(const struct time_waits *waits, const struct transition *transition)
{
	return transition->connection->flags & CONNECTION_PREDATES &&
	       transition->time_ns < waits->model->listing.first_ns;
}

/* In FIN_WAIT2 as a minisocket; what it waited as a full socket is no part of it. */
static void note_wait(struct time_wait_row *row, const struct transition *transition)
{
	uint64_t since_ns = transition->connection->waits_ns, time_ns = transition->time_ns;

	if (since_ns)
		histogram_add(&row->fin_wait2_lifetime,
			      time_ns > since_ns ? time_ns - since_ns : 0);
}

static void began(struct time_waits *waits, const struct transition *transition)
{
	struct connection *connection = transition->connection;
	struct time_wait_row *row = counted_at(waits, connection);
	bool older = is_older(waits, transition);

	if (!row && older)
		return; /* no listing showed it: that it ends is all that will be told */
	if (row)
		note_wait(row, transition);
	leave(waits, connection, TCP_FIN_WAIT2);
	row = enter(waits, connection, TCP_TIME_WAIT, transition->time_ns);
	if (!row)
		return;
	if (connection->flags & CONNECTION_PREDATES)
		row->predates++;
	if (!older)
		row->created++;
}

static void count_end(struct time_wait_row *row, unsigned int reason, uint64_t count)
{
	row->ended += count;
	row->reasons[reason] += count;
}

/*
 * Counted nowhere: found by a listing that still runs, or by a filter only now, it begins and ends
 * at once. One older than the tool that was never shown as being there has not ended either.
 */
static struct time_wait_row *began_unseen(struct time_waits *waits,
					  const struct transition *transition)
{
	struct time_wait_row *row;

	if (transition->old_state != TCP_TIME_WAIT ||
	    transition->connection->flags & CONNECTION_PREDATES)
		return NULL;
	row = row_of(waits, transition->connection, transition->time_ns);
	if (row)
		row->created++;
	return row;
}

static void ended(struct time_waits *waits, const struct transition *transition)
{
	struct connection *connection = transition->connection;
	struct time_wait_row *row = counted_at(waits, connection);

	if (!row)
		row = began_unseen(waits, transition);
	leave(waits, connection, transition->old_state);
	if (!row)
		return;
	row->row.active_ns = transition->time_ns;
	if (transition->old_state != TCP_TIME_WAIT) {
		row->reset_by_data += transition->by_data;
		note_wait(row, transition);
		return;
	}
	count_end(row, transition->end_reason, 1);
	if (transition->in_old_ns != UNKNOWN_NS)
		histogram_add(&row->lifetime, transition->in_old_ns);
}

void time_waits_transition(void *self, const struct transition *transition)
{
	struct time_waits *waits = self;

	if (is_close(transition))
		closed(waits, transition);
	if (is_own_reset(transition))
		was_reset(waits, transition);
	if (transition->new_state == TCP_TIME_WAIT)
		began(waits, transition);
	else if (transition->end_reason != END_NONE)
		ended(waits, transition);
}

void time_waits_minisocket(void *self, struct connection *connection, enum minisocket_event event,
			   uint64_t time_ns)
{
	struct time_waits *waits = self;
	struct time_wait_row *row;

	switch (event) {
	case MINISOCKET_WAITS:
		enter(waits, connection, TCP_FIN_WAIT2, time_ns);
		break;
	case MINISOCKET_REARMED:
		row = counted_at(waits, connection);
		if (row)
			row->rearmed++;
		break;
	case MINISOCKET_REFUSED:
		row = row_of(waits, connection, time_ns);
		overflows_claim(&waits->overflows, connection->tuple.netns,
				row ? row->row.key : KEY_NONE);
		break;
	}
}

static void forget_present(void *context, struct row *row)
{
	struct time_wait_row *wait = (struct time_wait_row *)row;

	(void)context;
	wait->recounted = wait->predates = wait->fin_wait2 = 0;
}

/* Nothing told that it began: only the listing shows it. */
static void find_new(struct time_waits *waits, struct connection *connection)
{
	struct time_wait_row *row =
		enter(waits, connection, connection->state, connection->time_ns);

	if (row && connection->state == TCP_TIME_WAIT && !(connection->flags & CONNECTION_PREDATES))
		row->created++;
}

static void recount(void *context, struct connection *connection)
{
	struct time_waits *waits = context;
	struct time_wait_row *row;

	if (!(connection->flags & CONNECTION_MINISOCKET) || connection->flags & CONNECTION_GONE) {
		connection->row = 0;
		return;
	}
	if (!connection->row)
		find_new(waits, connection);
	else if (connection->state == TCP_FIN_WAIT2)
		counted_at(waits, connection)->fin_wait2++;
	row = counted_at(waits, connection);
	if (!row || connection->state != TCP_TIME_WAIT)
		return;
	row->recounted++;
	row->predates += !!(connection->flags & CONNECTION_PREDATES);
}

/* Those that are gone, and nothing told how: their end was lost, or nothing streams. */
static void settle(void *context, struct row *row)
{
	struct time_wait_row *wait = (struct time_wait_row *)row;

	(void)context;
	if (wait->sockets > wait->recounted)
		count_end(wait, END_UNKNOWN, wait->sockets - wait->recounted);
	wait->sockets = wait->recounted;
}

/* Of a row that it is the first to show, what came before was lost, too. */
void time_waits_listed(void *self, enum listing_scope scope)
{
	struct time_waits *waits = self;

	if (scope == LISTING_CLOSE_WAITS)
		return;
	rows_each(&waits->rows, forget_present, NULL);
	connections_each(&waits->model->connections, recount, waits);
	rows_each(&waits->rows, settle, NULL);
	if (waits->model->unhealed)
		rows_mark_incomplete(&waits->rows);
	overflows_listed(&waits->overflows);
}
