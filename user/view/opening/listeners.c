// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listening sockets, each with its queues, what it accepted, and what it had no room for. */
#include "base/memory.h"
#include "base/time.h"
#include "view/opening/opening.h"

#define OVERFLOWED_NS	(60 * NS_PER_S) /* so long it counts as full after that */
#define LOOKS_A_REFRESH 100

static bool is_present(const void *context, const struct row *shown)
{
	const struct listener_row *row = (const struct listener_row *)shown;
	const struct opening *opening = context;

	return row->there && (opening->last || table_is_present(&listener_table, opening, shown));
}

static uint64_t counted(const struct row *row)
{
	return table_counted(&listener_table, row);
}

static void clear(void *context, struct row *row)
{
	(void)context;
	growth_free(&((struct listener_row *)row)->growth);
}

void listeners_init(struct opening *opening)
{
	struct rows_config rows = {
		.bytes = sizeof(struct listener_row),
		.by = opening->config.by,
		.is_present = is_present,
		.counted = counted,
		.clear = clear,
		.context = opening,
	};

	rows_init(&opening->listeners, &rows, &opening->model->connections.processes);
}

void listeners_free(struct opening *opening)
{
	rows_free(&opening->listeners);
}

struct holder_range listeners_holders(const struct opening *opening, const struct listener_row *row)
{
	return close_waits_holders_of(&opening->model->close_waits, row->row.key);
}

static struct listener_row *row_of(struct opening *opening, uint64_t cookie, uint32_t owner)
{
	struct listener_row *row = (struct listener_row *)rows_find(&opening->listeners, cookie);

	if (row)
		return row;
	row = (struct listener_row *)rows_add(&opening->listeners, cookie, owner);
	growth_begin(&row->growth, opening->time_ns);
	return row;
}

static bool is_asked_for(const struct opening *opening, const struct tuple *tuple, uint32_t owner,
			 struct holder_range holders)
{
	const struct process_filter *filter = opening->config.processes;

	if (opening->config.tuples && !filter_listener(opening->config.tuples, tuple))
		return false;
	if (!process_filter_active(filter) ||
	    process_filter_match(filter, rows_process(&opening->listeners, owner)))
		return true;
	for (size_t i = 0; i < holders.count; i++)
		if (process_filter_match(
			    filter, rows_process(&opening->listeners, holders.first[i].process)))
			return true;
	return false;
}

/*
 * While a listing runs more may come, and be told before it ends: they may be in the queue that it
 * shows, or not.
 */
static void count_established(const struct opening *opening, struct listener_row *row,
			      uint64_t time_ns)
{
	uint64_t listing_ns = opening->model->listed.time_ns;

	row->established++;
	if (row->late_of_ns != listing_ns)
		row->late = 0;
	row->late_of_ns = listing_ns;
	row->late += time_ns >= listing_ns;
}

void listeners_established(struct opening *opening, const struct connection *connection,
			   uint64_t time_ns)
{
	const struct connection *listener = connections_listener(
		&opening->model->connections, &connection->tuple, connection->owner);
	struct listener_row *row;

	if (opening->config.tuples && !filter_tuple(opening->config.tuples, &connection->tuple, 1))
		return;
	if (!listener ||
	    !is_asked_for(opening, &listener->tuple, listener->owner,
			  close_waits_holders_of(&opening->model->close_waits, listener->cookie)))
		return;
	row = row_of(opening, listener->cookie, listener->owner);
	count_established(opening, row, time_ns);
	row->has_local = true;
	memcpy(row->local, connection->tuple.laddr, sizeof(row->local));
}

/* What is younger than the tool began with nothing. */
static bool predates(const struct opening *opening, uint64_t cookie)
{
	const struct connection *connection =
		connections_find(&opening->model->connections, cookie);

	return connection && connection->flags & CONNECTION_PREDATES;
}

/* Some of its queue may have come while the tool began. */
static void begin(const struct opening *opening, struct listener_row *row,
		  const struct listed *listed)
{
	if (!predates(opening, listed->cookie))
		return;
	row->dropped_before = listed->drops;
	if (listed->queue > row->established)
		row->queue_before = listed->queue - (uint32_t)row->established;
}

static void take_figures(const struct opening *opening, struct listener_row *row,
			 const struct listed *listed)
{
	if (!row->tuple.netns)
		begin(opening, row, listed);
	row->tuple = listed->tuple;
	row->came = row->established;
	if (row->late_of_ns == opening->model->listed.time_ns)
		row->came -= row->late;
	row->queue = listed->queue;
	row->queue_limit = listed->queue_limit;
	row->syn_queue = listed->syn_queue;
	row->dropped = listed->drops;
}

static void list(void *context, struct listed *listed)
{
	struct opening *opening = context;
	struct holder_range holders =
		close_waits_holders_of(&opening->model->close_waits, listed->cookie);
	struct listener_row *row;

	if (holders.count)
		listed_own(&opening->model->listed, listed, holders.first[0].process);
	if (!is_asked_for(opening, &listed->tuple, listed->owner, holders))
		return;
	row = row_of(opening, listed->cookie, listed->owner);
	rows_own(&opening->listeners, &row->row, listed->owner);
	row->row.active_ns = opening->model->listed.time_ns;
	row->there = true;
	take_figures(opening, row, listed);
}

static void forget(void *context, struct row *forgotten)
{
	struct listener_row *row = (struct listener_row *)forgotten;

	(void)context;
	row->there = row->shared = false;
	row->queue = 0;
}

/* Those that are there, to be sorted. */
struct listeners {
	struct listener_row **rows;
	size_t count;
};

static void collect(void *context, struct row *collected)
{
	struct listener_row *row = (struct listener_row *)collected;
	struct listeners *listeners = context;

	if (row->there)
		listeners->rows[listeners->count++] = row;
}

static int compare(const void *a, const void *b)
{
	const struct listener_row *left = *(struct listener_row *const *)a;
	const struct listener_row *right = *(struct listener_row *const *)b;

	return memcmp(&left->tuple, &right->tuple, sizeof(left->tuple));
}

/* The caller frees `rows`. */
static struct listeners sorted(const struct opening *opening)
{
	struct listeners listeners = {
		.rows = memory_new(opening->listeners.pool.live + 1, sizeof(*listeners.rows)),
	};

	rows_each(&opening->listeners, collect, &listeners);
	qsort(listeners.rows, listeners.count, sizeof(*listeners.rows), compare);
	return listeners;
}

/* Which of several that share a port got a connection, nothing tells. */
static void find_shared(struct opening *opening)
{
	struct listeners listeners = sorted(opening);

	for (size_t i = 1; i < listeners.count; i++)
		if (compare(&listeners.rows[i - 1], &listeners.rows[i]) == 0)
			listeners.rows[i - 1]->shared = listeners.rows[i]->shared = true;
	free(listeners.rows);
}

void listeners_listed(struct opening *opening)
{
	rows_each(&opening->listeners, forget, NULL);
	listed_each(&opening->model->listed, 1U << TCP_LISTEN, list, opening);
	find_shared(opening);
}

static bool wants_evidence(const struct listener_row *row)
{
	return row->there && row->row.process &&
	       (row->verdict != LISTENER_FINE ||
		listener_verdict_of(row->queue, row->queue_limit, false) != LISTENER_FINE);
}

struct asking {
	const struct opening *opening;
	struct questions *questions;
	uint32_t looks;
	bool counts;
};

static void ask_of(void *context, struct row *asked)
{
	const struct listener_row *row = (const struct listener_row *)asked;
	struct asking *asking = context;

	asking->counts |= row->there && (row->dropped != row->dropped_before ||
					 !opening_namespace(asking->opening, row->tuple.netns));
	if (!wants_evidence(row) || asking->looks++ >= LOOKS_A_REFRESH)
		return;
	questions_put_process(asking->questions, QUESTION_THREADS,
			      &rows_process(&asking->opening->listeners, row->row.process)->id);
}

void listeners_ask(const struct opening *opening, struct questions *questions)
{
	struct asking asking = {.opening = opening, .questions = questions};

	rows_each(&opening->listeners, ask_of, &asking);
	if (asking.counts)
		questions_put_netns(questions, QUESTION_NAMESPACE, 0);
}

/* What was dropped while watched, of all listeners of a namespace. */
struct drops {
	uint32_t netns;
	uint64_t sum;
};

static void add_drops(void *context, struct row *added)
{
	const struct listener_row *row = (const struct listener_row *)added;
	struct drops *drops = context;

	if (row->there && row->tuple.netns == drops->netns)
		drops->sum += row->dropped - row->dropped_before;
}

/*
 * The kernel counts overflows for a namespace alone, and for a socket whatever was dropped: where
 * the sums are the same, that is the same.
 */
static uint64_t overflows_of(const struct opening *opening, const struct listener_row *row,
			     const struct opening_namespace *namespace)
{
	uint64_t overflows =
		opening_grown(namespace->first.listen_overflows, namespace->now.listen_overflows);
	uint64_t dropped = row->dropped - row->dropped_before;
	struct drops drops = {.netns = row->tuple.netns};

	if (!dropped)
		return 0;
	rows_each(&opening->listeners, add_drops, &drops);
	return drops.sum == overflows ? dropped : overflows;
}

static void count_overflows(struct opening *opening, struct listener_row *row)
{
	const struct opening_namespace *namespace = opening_namespace(opening, row->tuple.netns);
	uint64_t overflows;

	if (!namespace)
		return;
	row->counted = true;
	overflows = overflows_of(opening, row, namespace);
	if (overflows <= row->overflows)
		return;
	row->overflows = overflows;
	row->overflowed_ns = opening->time_ns;
}

/* What came and is not in the queue any more. */
static void count_accepted(struct listener_row *row)
{
	uint64_t came = row->came + row->queue_before;

	if (came > row->queue && came - row->queue > row->accepted)
		row->accepted = came - row->queue;
}

static bool overflowed(const struct opening *opening, const struct listener_row *row)
{
	return row->overflowed_ns && opening->time_ns < row->overflowed_ns + OVERFLOWED_NS;
}

static void settle(void *context, struct row *settled)
{
	struct listener_row *row = (struct listener_row *)settled;
	struct opening *opening = context;

	row->looked = wants_evidence(row);
	if (row->there) {
		count_overflows(opening, row);
		count_accepted(row);
		row->verdict =
			listener_verdict_of(row->queue, row->queue_limit, overflowed(opening, row));
	}
	growth_add(&row->growth, &opening->clock, (double)row->accepted);
}

/* The worst first, then by how much of the queue is in use. */
static double fullness(const void *view, const struct row *shown, const void *of)
{
	const struct listener_row *row = (const struct listener_row *)shown;

	(void)view;
	(void)of;
	return 2 * row->verdict + (double)row->queue / (row->queue_limit + 1.0);
}

void listeners_refresh(struct opening *opening, bool last)
{
	rows_each(&opening->listeners, settle, opening);
	rows_choose(&opening->listeners, last);
	rows_sort(&opening->listeners, fullness, NULL, NULL);
}

/* Where a filter asks for remote ends, only some of those that came are told. */
bool listeners_count(const struct opening *opening, const struct listener_row *row)
{
	const struct tuple_filter *tuples = opening->config.tuples;
	bool some = tuples && (tuples->rport.active || tuples->raddr.prefix || tuples->raddr.port);

	return !row->shared && !some && !model_lacks(opening->model, WANT_TRANSITIONS);
}

bool listeners_rate(const struct opening *opening, const struct listener_row *row, double *per_s)
{
	return listeners_count(opening, row) &&
	       growth_per_s(&row->growth, &opening->clock, opening->time_ns, (double)row->accepted,
			    per_s);
}

struct process_facts listeners_facts(const struct opening *opening, const struct listener_row *row)
{
	const struct process *process = rows_process(&opening->listeners, row->row.process);
	struct process_facts none = {.fds = FACTS_UNKNOWN, .fd_limit = FACTS_UNKNOWN};

	return process && row->looked && process->readings ? process->readings->now : none;
}

const char *listeners_limited_by(const struct opening *opening, const struct listener_row *row)
{
	const struct opening_namespace *namespace = opening_namespace(opening, row->tuple.netns);

	if (!namespace || !namespace->now.somaxconn)
		return NULL;
	return row->queue_limit == namespace->now.somaxconn ? "somaxconn" : "backlog";
}
