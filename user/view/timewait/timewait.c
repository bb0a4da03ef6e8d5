// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/timewait/timewait.h"

#include "base/hash.h"
#include "base/memory.h"

#define KEY_NONE 0 /* of no row: what a filter leaves out was refused all the same */

static bool is_present(const void *context, const struct row *row)
{
	return table_is_present(&time_waits_table, context, row);
}

static uint64_t counted(const struct row *row)
{
	return table_counted(&time_waits_table, row);
}

static void clear_histograms(struct time_wait_row *row)
{
	histogram_free(&row->lifetime);
	histogram_free(&row->fin_wait2_lifetime);
	histogram_free(&row->connected);
}

static void clear(void *context, struct row *row)
{
	struct time_wait_row *wait = (struct time_wait_row *)row;
	struct time_waits *waits = context;

	if (wait->closer.known)
		processes_release(waits->rows.processes, wait->closer.value);
	clear_histograms(wait);
	growth_free(&wait->growth);
}

/* Adds the counters of one row to another. */
static void add_counters(struct time_wait_row *sum, const struct time_wait_row *row)
{
	sum->created += row->created;
	sum->ended += row->ended;
	sum->closed += row->closed;
	sum->closed_first += row->closed_first;
	sum->rearmed += row->rearmed;
	sum->overflow += row->overflow;
	for (unsigned int i = 0; i < END_REASONS; i++)
		sum->reasons[i] += row->reasons[i];
}

static void add_histograms(struct time_wait_row *sum, const struct time_wait_row *row)
{
	histogram_merge(&sum->lifetime, &row->lifetime);
	histogram_merge(&sum->fin_wait2_lifetime, &row->fin_wait2_lifetime);
	histogram_merge(&sum->connected, &row->connected);
}

static void fold(void *context, struct row *other, const struct row *folded)
{
	const struct time_wait_row *row = (const struct time_wait_row *)folded;
	struct time_wait_row *sum = (struct time_wait_row *)other;

	(void)context;
	sum->owner_by.mixed = sum->closer.mixed = sum->family.mixed = true;
	add_counters(sum, row);
	add_histograms(sum, row);
}

void time_waits_init(void *self, const struct view_config *config, struct model *model)
{
	struct time_waits *waits = self;
	struct rows_config rows = {
		.bytes = sizeof(struct time_wait_row),
		.by = config->by,
		.is_present = is_present,
		.counted = counted,
		.fold = fold,
		.clear = clear,
		.context = waits,
	};

	*waits = (struct time_waits){.config = *config, .model = model};
	rows_init(&waits->rows, &rows, &model->connections.processes);
}

void time_waits_free(void *self)
{
	struct time_waits *waits = self;

	clear(waits, &waits->total.row);
	overflows_free(&waits->overflows);
	rows_free(&waits->rows);
}

/* The end that a row is by: a remote port, or a local one, is never part of a key. */
static struct tuple place_of(const struct connection *connection)
{
	struct tuple tuple = connection->tuple;

	if (connection->direction == DIRECTION_IN) {
		memset(tuple.raddr, 0, sizeof(tuple.raddr));
		tuple.rport = 0;
	} else {
		tuple.lport = 0;
	}
	tuple.family = 0;
	return tuple;
}

/* Of two keys among 100,000 rows, no two are alike. */
static uint64_t key_of(uint64_t group, const struct tuple *place)
{
	uint64_t hash = hash_bytes(group, place, sizeof(*place));

	return hash == ROWS_OTHER ? 1 : hash;
}

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
	struct tuple place = place_of(connection);
	uint64_t key = key_of(grouping_key(waits->config.by, owner), &place);
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

/* The first FIN, or an abort; or, where the FIN was lost, the TIME_WAIT of who sent it first. */
static void closed(struct time_waits *waits, const struct transition *transition)
{
	struct time_wait_row *row = row_of(waits, transition->connection, transition->time_ns);
	unsigned int new_state = transition->new_state;

	if (!row)
		return;
	row->closed++;
	if (new_state == TCP_FIN_WAIT1 || new_state == TCP_TIME_WAIT ||
	    (new_state == TCP_CLOSE && transition->closer))
		row->closed_first++;
	if ((new_state == TCP_FIN_WAIT1 || new_state == TCP_CLOSE_WAIT) &&
	    transition->in_old_ns != UNKNOWN_NS)
		histogram_add(&row->connected, transition->in_old_ns);
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

static void refused(void *context, uint64_t key, uint64_t count)
{
	struct time_waits *waits = context;
	struct time_wait_row *row = (struct time_wait_row *)rows_find(&waits->rows, key);

	if (row)
		row->overflow += count;
}

void time_waits_counters(void *self, const struct record_counters *counters)
{
	struct time_waits *waits = self;

	overflows_count(&waits->overflows, counters->netns,
			counters->values[COUNTER_TIME_WAIT_OVERFLOW]);
}

static void ask_of_namespace(void *questions, uint32_t netns)
{
	questions_put_netns(questions, QUESTION_COUNTERS, netns);
}

void time_waits_ask(const void *self, struct questions *questions)
{
	const struct time_waits *waits = self;

	overflows_each(&waits->overflows, ask_of_namespace, questions);
}

static void settle_overflows(struct time_waits *waits)
{
	uint32_t netns;

	while (overflows_next(&waits->overflows, &netns))
		overflows_settle(&waits->overflows, netns, refused, waits);
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

static void mark_incomplete(void *context, struct row *row)
{
	(void)context;
	row->incomplete = true;
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
		rows_each(&waits->rows, mark_incomplete, NULL);
	overflows_listed(&waits->overflows);
}

/* What happened meanwhile is not told any more: the counters of all rows are lower bounds. */
static void note_losses(struct time_waits *waits)
{
	waits->incomplete = model_has_lost(waits->model, &waits->losses);
	if (waits->incomplete)
		rows_each(&waits->rows, mark_incomplete, NULL);
}

static void sum_up(void *context, struct row *shown)
{
	struct time_wait_row *sum = context;
	const struct time_wait_row *row = (const struct time_wait_row *)shown;

	sum->sockets += row->sockets;
	sum->predates += row->predates;
	sum->fin_wait2 += row->fin_wait2;
	add_counters(sum, row);
}

static void sum_up_histograms(void *context, struct row *shown)
{
	add_histograms(context, (const struct time_wait_row *)shown);
}

/* Of rows that are not shown as well: when one returns, its rate is since a refresh before. */
static void note_growth(void *context, struct row *row)
{
	struct time_wait_row *wait = (struct time_wait_row *)row;
	const struct time_waits *waits = context;

	growth_add(&wait->growth, &waits->clock, (double)wait->created);
}

void time_waits_refresh(void *self, uint64_t time_ns, bool last)
{
	struct time_waits *waits = self;
	struct growth growth = waits->total.growth;

	settle_overflows(waits);
	waits->time_ns = time_ns;
	growth_tick(&waits->clock, time_ns);
	note_losses(waits);
	rows_choose(&waits->rows, last);
	clear_histograms(&waits->total);
	waits->total = (struct time_wait_row){.growth = growth};
	rows_each(&waits->rows, sum_up, &waits->total);
	growth_add(&waits->total.growth, &waits->clock, (double)waits->total.created);
	rows_each(&waits->rows, note_growth, waits);
	table_sort(&time_waits_table, &waits->rows, waits,
		   waits->config.sort ? waits->config.sort : "sockets");
}

void time_waits_sum_histograms(struct time_waits *waits)
{
	clear_histograms(&waits->total);
	rows_each(&waits->rows, sum_up_histograms, &waits->total);
}

const struct view timewait_view = {
	.name = "timewait",
	.needs =
		{
			.told =
				{
					[TCP_ESTABLISHED] = ALL_STATES,
					[TCP_SYN_RECV] = 1U << TCP_FIN_WAIT1 | 1U << TCP_CLOSE_WAIT,
					[TCP_FIN_WAIT1] = 1U << TCP_CLOSE,
					[TCP_FIN_WAIT2] = 1U << TCP_CLOSE,
					[TCP_CLOSING] = 1U << TCP_CLOSE,
					[TCP_CLOSE] = 1U << TCP_LISTEN,
					[TCP_LISTEN] = 1U << TCP_CLOSE,
				},
			/* whoever closes second has nothing more to tell */
			.listed = ALL_STATES & ~(1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK),
			.snapshot = 1U << TCP_LISTEN | 1U << TCP_TIME_WAIT | 1U << TCP_FIN_WAIT2,
			.wants = WANT(ACCEPTED) | WANT(ACCEPTORS) | WANT(ESTABLISHED) |
				 WANT(MINISOCKETS) | WANT(LISTED_ENDS),
		},
	.essential = WANT(MINISOCKETS),
	.without_stream = "owners are not known, nor who closed, nor how they end",
	.table = &time_waits_table,
	.bytes = sizeof(struct time_waits),
	.init = time_waits_init,
	.free = time_waits_free,
	.observer =
		{
			.transition = time_waits_transition,
			.minisocket = time_waits_minisocket,
			.listed = time_waits_listed,
			.counters = time_waits_counters,
		},
	.ask = time_waits_ask,
	.refresh = time_waits_refresh,
	.show_json = time_waits_show_json,
	.show_text = time_waits_show_text,
};
