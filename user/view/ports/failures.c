// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What failed, for each process, place and cause. Between two refreshes it is only counted, with a
 * census of the first moment; the cause is found at the refresh, when a listing has told what
 * bind() had taken.
 */
#include "base/memory.h"
#include "view/ports/internal.h"

#define LOOKS_IN_THE_WAY 64 /* in a refresh */

static uint64_t counted(const struct row *row)
{
	return table_counted(&port_failures_table, row);
}

static void clear_failure(void *context, struct row *row)
{
	struct port_failure *failure = (struct port_failure *)row;
	struct ports *view = context;

	census_free(&failure->census, view->rows.processes);
	processes_release(view->rows.processes, failure->binder);
	processes_release(view->rows.processes, failure->in_the_way.process);
}

static void init_rows(struct ports *view, struct rows *rows, enum grouping by)
{
	struct rows_config config = {
		.bytes = sizeof(struct port_failure),
		.by = by,
		.counted = counted,
		.clear = clear_failure,
		.context = view,
	};

	rows_init(rows, &config, &view->model->connections.processes);
}

void port_failures_init(struct ports *view)
{
	struct call_paths *calls = &view->model->connections.calls;

	init_rows(view, &view->failures, view->config.by);
	init_rows(view, &view->pending, BY_PID);
	stack_tally_init(&view->stacks.pending, calls);
	stack_tally_init(&view->stacks.settled, calls);
	stack_tally_init(&view->stacks.all, calls);
}

void port_failures_free(struct ports *view)
{
	stack_tally_free(&view->stacks.all);
	stack_tally_free(&view->stacks.settled);
	stack_tally_free(&view->stacks.pending);
	rows_free(&view->failures);
	rows_free(&view->pending);
	free(view->recent);
}

const char *port_cause_name(unsigned int cause)
{
	static const char *const names[CAUSES] = {
		[CAUSE_UNKNOWN] = "unknown",
		[CAUSE_RANGE_EXHAUSTED] = "range_exhausted",
		[CAUSE_BLOCKED_BY_BIND] = "blocked_by_bind",
		[CAUSE_TUPLE_IN_USE] = "tuple_in_use",
		[CAUSE_NO_SOURCE_ADDRESS] = "no_source_address",
		[CAUSE_PORT_IN_USE] = "port_in_use",
		[CAUSE_ADDRESS_NOT_LOCAL] = "address_not_local",
	};

	return names[cause < CAUSES ? cause : CAUSE_UNKNOWN];
}

/* Of one destination only, for a failure. */
struct count {
	const struct ports *view;
	struct tuple place;
	struct census *census;
	uint64_t time_ns;
};

static void count_for_failure(void *context, struct connection *connection)
{
	struct count *count = context;
	struct tuple place;

	if (!census_concerns(connection))
		return;
	place = ports_place(&connection->tuple);
	if (memcmp(&place, &count->place, sizeof(place)) == 0)
		census_count(count->census, count->view->model, connection, count->time_ns);
}

static void take_census(struct ports *view, const struct port_failure *failure,
			struct census *census)
{
	struct count count = {
		.view = view,
		.place = ports_place(&failure->tuple),
		.census = census,
		.time_ns = failure->census_ns,
	};

	census_begin(census, view->model, failure->tuple.netns, failure->own_low,
		     failure->own_high);
	connections_each(&view->model->connections, count_for_failure, &count);
	census_sort_owners(census, view->rows.processes);
}

static bool has_own_range(const struct failing_census *failing, const struct port_failure *failure)
{
	return failing->time_ns && failing->own_low == failure->own_low &&
	       failing->own_high == failure->own_high;
}

static void share_census(struct ports *view, struct port_row *row, struct port_failure *failure)
{
	struct failing_census *failing = &row->failing_census;

	if (!has_own_range(failing, failure)) {
		census_free(&failing->census, view->rows.processes);
		*failing = (struct failing_census){
			.time_ns = failure->census_ns,
			.own_low = failure->own_low,
			.own_high = failure->own_high,
		};
		take_census(view, failure, &failing->census);
	}
	failure->census = census_share(&failing->census);
	failure->census_ns = failing->time_ns;
}

/* Whatever port the socket was bound to. */
static uint64_t failure_key(const struct ports *view, const struct port_failure *failure,
			    enum grouping by, uint32_t process, unsigned int kind)
{
	const struct process *owner = rows_process(&view->rows, process);
	struct tuple place = ports_place(&failure->tuple);

	return ports_key(grouping_key(by, owner) ^ (uint64_t)kind << 56, &place);
}

bool ports_failed_to_bind(const struct port_failure *failure)
{
	return failure->failure >= FAILURE_BIND_NO_PORT;
}

bool ports_were_short(const struct port_failure *failure)
{
	return failure->failure == FAILURE_NO_PORT || failure->failure == FAILURE_BIND_NO_PORT;
}

static struct port_row *note_failed_connect(struct ports *view, const struct transition *transition,
					    bool asked_for)
{
	struct port_row *row = ports_row(view, transition->connection);

	if (transition->failure == FAILURE_NO_PORT && transition->in_old_ns != UNKNOWN_NS)
		histogram_add(&row->searches, transition->in_old_ns);
	row->failed++;
	row->asked += asked_for;
	return row;
}

const struct stack_tally *port_failures_stacks(const struct ports *view)
{
	return view->config.stacks ? &view->stacks.settled : NULL;
}

void port_failures_fold(void *self, struct output *output)
{
	struct ports *view = self;

	stack_tally_rank(&view->stacks.all);
	stack_tally_fold(&view->stacks.all, output);
}

static void note_stack(struct ports *view, uint64_t key, uint64_t cookie)
{
	const struct connection_calls *calls =
		call_paths_of(&view->model->connections.calls, cookie);

	if (!calls || !view->config.stacks)
		return;
	stack_tally_add(&view->stacks.pending, key, calls->opener, 1);
	stack_tally_add_by_comm(&view->stacks.all, calls->opener, 1);
}

/* The census is taken at the first failure after a refresh: at that moment, as the stream has it.
 */
void port_failures_note(struct ports *view, const struct transition *transition)
{
	const struct connection *connection = transition->connection;
	struct port_failure wanted = {
		.tuple = ports_place(&connection->tuple),
		.failure = transition->failure,
	};
	bool asked_for = ports_asked_for(view, connection);
	struct port_failure *failure;
	uint64_t key = failure_key(view, &wanted, BY_PID, connection->owner, transition->failure);
	struct port_row *row = NULL;

	if (!ports_failed_to_bind(&wanted))
		row = note_failed_connect(view, transition, asked_for);
	if (!asked_for)
		return;
	failure = (struct port_failure *)rows_find(&view->pending, key);
	if (!failure) {
		failure = (struct port_failure *)rows_add(&view->pending, key, connection->owner);
		failure->tuple = wanted.tuple;
		failure->tuple.family = connection->tuple.family;
		failure->failure = transition->failure;
		failure->first_ns = failure->census_ns = transition->time_ns;
		failure->own_low = transition->range_low;
		failure->own_high = transition->range_high;
	}
	failure->count++;
	note_stack(view, key, connection->cookie);
	if (!row || failure->failure == FAILURE_IN_USE)
		failure->tuple.lport = connection->tuple.lport; /* of the last */
	failure->last_ns = transition->time_ns;
	failure->search_ns = transition->in_old_ns;
	if (failure->count != 1 || !ports_were_short(failure))
		return;
	if (row)
		share_census(view, row, failure);
	else
		take_census(view, failure, &failure->census);
}

static enum port_cause cause_of(const struct port_failure *failure)
{
	const struct census *census = &failure->census;

	switch (failure->failure) {
	case FAILURE_IN_USE:
		return CAUSE_TUPLE_IN_USE;
	case FAILURE_NO_SOURCE:
		return CAUSE_NO_SOURCE_ADDRESS;
	case FAILURE_BIND_IN_USE:
		return CAUSE_PORT_IN_USE;
	case FAILURE_BIND_NOT_LOCAL:
		return CAUSE_ADDRESS_NOT_LOCAL;
	case FAILURE_BIND_NO_PORT:
		return CAUSE_RANGE_EXHAUSTED;
	}
	if (!census->supply_known)
		return CAUSE_UNKNOWN;
	return census->supply.blocked > census->used ? CAUSE_BLOCKED_BY_BIND
						     : CAUSE_RANGE_EXHAUSTED;
}

static uint32_t free_ports(const struct census *census)
{
	return census->supply.supply > census->used ? census->supply.supply - census->used : 0;
}

static bool leaves_fewer(const struct census *census, const struct census *other)
{
	return !other->supply_known || free_ports(census) < free_ports(other);
}

/*
 * The settings, what bind() had taken and what is in SYN_SENT are known only as of a listing,
 * before the failure or after it: the one that leaves fewer ports free is nearer to the truth,
 * which is none.
 */
static void renew_census(struct ports *view, const struct port_failure *failure,
			 struct census *census)
{
	struct census again = {0};

	if (census->supply_known && !free_ports(census))
		return;
	take_census(view, failure, &again);
	if (leaves_fewer(&again, census)) {
		census_free(census, view->rows.processes);
		*census = again;
	} else {
		census_free(&again, view->rows.processes);
	}
}

static void settle_census(struct ports *view, struct port_failure *failure)
{
	struct tuple place = ports_place(&failure->tuple);
	struct port_row *row = (struct port_row *)rows_find(&view->rows, ports_key(0, &place));
	struct failing_census *failing = row ? &row->failing_census : NULL;

	if (!ports_were_short(failure))
		return;
	if (!failing || !has_own_range(failing, failure) ||
	    failing->time_ns != failure->census_ns) {
		renew_census(view, failure, &failure->census);
		return;
	}
	if (!failing->renewed)
		renew_census(view, failure, &failing->census);
	failing->renewed = true;
	census_free(&failure->census, view->rows.processes);
	failure->census = census_share(&failing->census);
}

static struct port_failure *settled_row(struct ports *view, const struct port_failure *pending)
{
	uint64_t key =
		failure_key(view, pending, view->config.by, pending->row.process, pending->cause);
	struct port_failure *failure = (struct port_failure *)rows_find(&view->failures, key);

	if (failure)
		return failure;
	failure = (struct port_failure *)rows_add(&view->failures, key, pending->row.process);
	failure->first_ns = pending->first_ns;
	return failure;
}

static void refer(struct ports *view, uint32_t *number, uint32_t process)
{
	processes_reference(view->rows.processes, process);
	processes_release(view->rows.processes, *number);
	*number = process;
}

static void find_binder(struct ports *view, struct port_failure *failure)
{
	struct port_blocker blocker;

	if (!port_spaces_blockers(&view->model->ports, failure->tuple.netns,
				  &failure->census.supply, &blocker, 1))
		return;
	refer(view, &failure->binder, blocker.process);
	failure->binder_ports = blocker.ports;
}

/* Each takes a look at all connections: of a crowd the first will do. */
static void find_in_the_way(struct ports *view, struct port_failure *failure)
{
	struct in_the_way found;
	uint32_t process = failure->in_the_way.process;

	if (view->looked_in_the_way >= LOOKS_IN_THE_WAY)
		return;
	view->looked_in_the_way++;
	found = ports_find_in_the_way(view, failure);
	refer(view, &process, found.process);
	failure->in_the_way = found;
}

static void settle(void *context, struct row *settled)
{
	struct port_failure *pending = (struct port_failure *)settled, *failure;
	struct ports *view = context;

	settle_census(view, pending);
	pending->cause = cause_of(pending);
	failure = settled_row(view, pending);
	stack_tally_move(&view->stacks.pending, pending->row.key, &view->stacks.settled,
			 failure->row.key);
	failure->tuple = pending->tuple;
	failure->failure = pending->failure;
	failure->cause = pending->cause;
	failure->own_low = pending->own_low;
	failure->own_high = pending->own_high;
	failure->count += pending->count;
	failure->last_ns = failure->row.active_ns = pending->last_ns;
	failure->search_ns = pending->search_ns;
	failure->census_ns = pending->census_ns;
	census_free(&failure->census, view->rows.processes);
	failure->census = pending->census;
	pending->census = (struct census){0};
	if (failure->cause == CAUSE_BLOCKED_BY_BIND)
		find_binder(view, failure);
	if (failure->cause == CAUSE_TUPLE_IN_USE || failure->cause == CAUSE_PORT_IN_USE)
		find_in_the_way(view, failure);
}

static void note_recent(void *context, struct row *row)
{
	struct ports *view = context;

	view->recent[view->recent_count++] = (struct port_failure *)row;
}

static int newer(const void *a, const void *b)
{
	const struct port_failure *left = *(struct port_failure *const *)a;
	const struct port_failure *right = *(struct port_failure *const *)b;

	return (left->last_ns < right->last_ns) - (left->last_ns > right->last_ns);
}

static void sort_recent(struct ports *view)
{
	view->recent =
		memory_resize(view->recent, view->failures.pool.live + 1, sizeof(*view->recent));
	view->recent_count = 0;
	rows_each(&view->failures, note_recent, view);
	if (view->recent_count)
		qsort(view->recent, view->recent_count, sizeof(*view->recent), newer);
}

static void end_failing(void *context, struct row *row)
{
	struct port_row *port = (struct port_row *)row;
	struct ports *view = context;

	if (!port->failing_census.time_ns)
		return;
	census_free(&port->latest_census.census, view->rows.processes);
	port->latest_census = port->failing_census;
	port->failing_census = (struct failing_census){0};
}

/*
 * A census names every holder: where new processes fail all the time, each would keep a list of
 * thousands. What has not grown for a while shares the latest of its destination.
 */
static void share_latest(void *context, struct row *row)
{
	struct port_failure *failure = (struct port_failure *)row;
	struct ports *view = context;
	struct tuple place = ports_place(&failure->tuple);
	struct port_row *port;

	if (failure->failure != FAILURE_NO_PORT || failure->last_ns + FAILURE_NS > view->time_ns)
		return;
	port = (struct port_row *)rows_find(&view->rows, ports_key(0, &place));
	if (!port || !has_own_range(&port->latest_census, failure) ||
	    port->latest_census.time_ns == failure->census_ns)
		return;
	census_free(&failure->census, view->rows.processes);
	failure->census = census_share(&port->latest_census.census);
	failure->census_ns = port->latest_census.time_ns;
}

void port_failures_refresh(struct ports *view, bool last)
{
	view->looked_in_the_way = 0;
	rows_each(&view->pending, settle, view);
	rows_each(&view->rows, end_failing, view);
	rows_free(&view->pending);
	init_rows(view, &view->pending, BY_PID);
	stack_tally_clear(&view->stacks.pending);
	stack_tally_rank(&view->stacks.settled);
	rows_each(&view->failures, share_latest, view);
	rows_choose(&view->failures, last);
	sort_recent(view);
}
