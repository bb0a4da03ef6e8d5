// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ports.h"

#include "memory.h"

#define NS_PER_S      1000000000.0
#define STEADY_SPREAD 1.5 /* the fastest of five refreshes against the slowest */
#define DEFAULT_KEY   "share"

const char *const ports_sort_keys[] = {
	"used",	    "reserved",	      "blocked_by_bind",   "supply",	     "free",
	"reusable", "consumed_per_s", "sustainable_per_s", "exhausted_in_s", NULL,
};

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

static bool is_present(const struct row *row)
{
	const struct port_row *port = (const struct port_row *)row;

	return port->wanted && port->now.used;
}

static bool has_grown(const struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;

	return failure->count != failure->shown_count;
}

static void clear_row(void *context, struct row *row)
{
	struct ports *view = context;

	census_free(&((struct port_row *)row)->now, view->rows.processes);
}

static void clear_failure(void *context, struct row *row)
{
	struct port_failure *failure = (struct port_failure *)row;
	struct ports *view = context;

	census_free(&failure->census, view->rows.processes);
	processes_release(view->rows.processes, failure->binder);
}

static void init_failures(struct ports *view, struct rows *rows)
{
	struct rows_config config = {
		.bytes = sizeof(struct port_failure),
		.by = BY_PID,
		.is_present = has_grown,
		.clear = clear_failure,
		.context = view,
	};

	rows_init(rows, &config, &view->model->connections.processes);
}

void ports_init(struct ports *view, const struct ports_config *config, struct model *model)
{
	struct rows_config rows = {
		.bytes = sizeof(struct port_row),
		.is_present = is_present,
		.clear = clear_row,
		.context = view,
	};

	*view = (struct ports){.config = *config, .model = model};
	rows_init(&view->rows, &rows, &model->connections.processes);
	init_failures(view, &view->failures);
	init_failures(view, &view->pending);
}

void ports_free(struct ports *view)
{
	rows_free(&view->rows);
	rows_free(&view->failures);
	rows_free(&view->pending);
	free(view->recent);
}

/* A remote end as seen from a local address: each has a supply of its own. */
static struct tuple place_of(const struct tuple *tuple)
{
	struct tuple place = *tuple;

	place.lport = 0;
	place.family = 0;
	return place;
}

static uint64_t key_of(uint64_t group, const struct tuple *place)
{
	uint64_t hash = grouping_hash(group, place, sizeof(*place));

	return hash == ROWS_OTHER ? 1 : hash;
}

static struct port_row *row_of(struct ports *view, const struct connection *connection)
{
	struct tuple place = place_of(&connection->tuple);
	uint64_t key = key_of(0, &place);
	struct port_row *row = (struct port_row *)rows_find(&view->rows, key);

	if (!row) {
		row = (struct port_row *)rows_add(&view->rows, key, 0);
		row->tuple = place;
		census_begin(&row->now, view->model, place.netns, 0, 0);
		growth_begin(&row->consumption, view->time_ns);
		growth_begin(&row->failing, view->time_ns);
	}
	common_note(&row->family, connection->tuple.family);
	return row;
}

const struct port_row *ports_destination(const struct ports *view, const struct tuple *tuple)
{
	struct tuple place = place_of(tuple);

	return (const struct port_row *)rows_find(&view->rows, key_of(0, &place));
}

static bool is_asked_for(const struct ports *view, const struct connection *connection)
{
	const struct tuple *tuple = &connection->tuple;

	return (!view->config.tuples ||
		filter_tuple(view->config.tuples, tuple, tuple->lport != 0)) &&
	       model_concerns(view->model, connection, view->config.processes);
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
	place = place_of(&connection->tuple);
	if (memcmp(&place, &count->place, sizeof(place)) == 0)
		census_count(count->census, count->view->model, connection, count->time_ns);
}

static void take_census(struct ports *view, struct port_failure *failure)
{
	struct count count = {
		.view = view,
		.place = place_of(&failure->tuple),
		.census = &failure->census,
		.time_ns = failure->census_ns,
	};

	census_begin(&failure->census, view->model, failure->tuple.netns, failure->own_low,
		     failure->own_high);
	connections_each(&view->model->connections, count_for_failure, &count);
}

static uint64_t failure_key(const struct ports *view, const struct port_failure *failure,
			    uint32_t process, unsigned int kind)
{
	const struct process *owner = rows_process(&view->rows, process);

	return key_of(grouping_key(BY_PID, owner) ^ (uint64_t)kind << 56, &failure->tuple);
}

bool ports_failed_to_bind(const struct port_failure *failure)
{
	return failure->failure >= FAILURE_BIND_NO_PORT;
}

bool ports_were_short(const struct port_failure *failure)
{
	return failure->failure == FAILURE_NO_PORT || failure->failure == FAILURE_BIND_NO_PORT;
}

static void note_failed_connect(struct ports *view, const struct connection *connection,
				bool asked_for)
{
	struct port_row *row = row_of(view, connection);

	row->failed++;
	row->was_wanted = row->was_wanted || asked_for;
}

/* The census is taken at the first failure after a refresh: at that moment, as the stream has it.
 */
static void note_failure(struct ports *view, const struct transition *transition)
{
	const struct connection *connection = transition->connection;
	struct port_failure wanted = {
		.tuple = place_of(&connection->tuple),
		.failure = transition->failure,
	};
	bool asked_for = is_asked_for(view, connection);
	struct port_failure *failure;
	uint64_t key = failure_key(view, &wanted, connection->owner, transition->failure);

	if (!ports_failed_to_bind(&wanted))
		note_failed_connect(view, connection, asked_for);
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
	failure->tuple.lport = connection->tuple.lport;
	failure->last_ns = transition->time_ns;
	failure->search_ns = transition->in_old_ns;
	if (failure->count == 1 && ports_were_short(failure))
		take_census(view, failure);
}

/* What is asked for is shown at the end, even if no refresh finds it alive. */
static void note_consumption(struct ports *view, const struct connection *connection)
{
	struct port_row *row = row_of(view, connection);

	row->consumed++;
	row->was_wanted |= is_asked_for(view, connection);
}

static void note_release(struct ports *view, const struct transition *transition)
{
	const struct connection *connection = transition->connection;
	struct port_row *row;

	if (!connection->began_ns || !connection->tuple.lport ||
	    connection->began_ns > transition->time_ns)
		return;
	row = row_of(view, connection);
	row->released++;
	row->held_ns += transition->time_ns - connection->began_ns;
}

void ports_transition(struct ports *view, const struct transition *transition)
{
	if (transition->connection->direction == DIRECTION_IN)
		return;
	if (transition->failure) {
		note_failure(view, transition);
		return;
	}
	if (transition->old_state == TCP_SYN_SENT)
		note_consumption(view, transition->connection);
	if (transition->new_state == TCP_CLOSE)
		note_release(view, transition);
}

bool ports_has_failures(const struct ports *view)
{
	return view->pending.pool.live != 0;
}

static void begin_row(void *context, struct row *begun)
{
	struct port_row *row = (struct port_row *)begun;
	struct ports *view = context;

	census_begin(&row->now, view->model, row->tuple.netns, 0, 0);
	row->wanted = false;
}

/* Older than the tool, and its listener is gone: its port is none that connect() would choose. */
static bool is_server_side(const struct ports *view, const struct connection *connection)
{
	const struct port_space *space =
		port_spaces_find(&view->model->ports, connection->tuple.netns);

	return connection->direction == DIRECTION_UNKNOWN && space && connection->tuple.lport &&
	       !port_supplied(space, &space->whole, connection->tuple.lport);
}

static void count(void *context, struct connection *connection)
{
	struct ports *view = context;
	struct port_row *row;

	if (!census_concerns(connection) || is_server_side(view, connection))
		return;
	row = row_of(view, connection);
	row->wanted = row->wanted || is_asked_for(view, connection);
	row->was_wanted = row->was_wanted || row->wanted;
	census_count(&row->now, view->model, connection, view->time_ns);
}

static void note_use(struct port_row *row, uint64_t time_ns)
{
	memmove(&row->used[0], &row->used[1], STEADY_REFRESHES * sizeof(row->used[0]));
	memmove(&row->used_ns[0], &row->used_ns[1], STEADY_REFRESHES * sizeof(row->used_ns[0]));
	row->used[STEADY_REFRESHES] = row->now.used;
	row->used_ns[STEADY_REFRESHES] = time_ns;
}

static void finish_row(void *context, struct row *finished)
{
	struct port_row *row = (struct port_row *)finished;
	struct ports *view = context;

	if (row->now.used)
		row->row.active_ns = view->time_ns;
	note_use(row, view->time_ns);
	growth_add(&row->consumption, view->time_ns, (double)row->consumed);
	growth_add(&row->failing, view->time_ns, (double)row->failed);
	census_sort_owners(&row->now);
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
static void renew_census(struct ports *view, struct port_failure *failure)
{
	struct port_failure again = *failure;

	if (!ports_were_short(failure))
		return;
	if (!failure->census.supply_known || free_ports(&failure->census)) {
		again.census = (struct census){0};
		take_census(view, &again);
		if (leaves_fewer(&again.census, &failure->census)) {
			census_free(&failure->census, view->rows.processes);
			failure->census = again.census;
		} else {
			census_free(&again.census, view->rows.processes);
		}
	}
	census_sort_owners(&failure->census);
}

static struct port_failure *settled_row(struct ports *view, const struct port_failure *pending)
{
	struct port_failure place = {.tuple = place_of(&pending->tuple)};
	uint64_t key = failure_key(view, &place, pending->row.process, pending->cause);
	struct port_failure *failure = (struct port_failure *)rows_find(&view->failures, key);

	if (failure)
		return failure;
	failure = (struct port_failure *)rows_add(&view->failures, key, pending->row.process);
	failure->first_ns = pending->first_ns;
	return failure;
}

static void find_binder(struct ports *view, struct port_failure *failure)
{
	uint32_t process = 0;
	uint32_t held = port_spaces_binder(&view->model->ports, failure->tuple.netns,
					   &failure->census.supply, &process);

	if (!held)
		return;
	processes_reference(view->rows.processes, process);
	processes_release(view->rows.processes, failure->binder);
	failure->binder = process;
	failure->binder_ports = held;
}

static void settle(void *context, struct row *settled)
{
	struct port_failure *pending = (struct port_failure *)settled, *failure;
	struct ports *view = context;

	renew_census(view, pending);
	pending->cause = cause_of(pending);
	failure = settled_row(view, pending);
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
}

static void note_shown(void *context, struct row *row)
{
	struct port_failure *failure = (struct port_failure *)row;

	(void)context;
	failure->shown_count = failure->count;
	failure->row.was_shown = false; /* it is shown when it grows, and not once more */
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

static void refresh_failures(struct ports *view, bool last)
{
	rows_each(&view->pending, settle, view);
	rows_free(&view->pending);
	init_failures(view, &view->pending);
	rows_choose(&view->failures, last);
	rows_each(&view->failures, note_shown, NULL);
	sort_recent(view);
}

/* With a filter, destinations that it never asked for are counted, but not shown. */
static void drop_unasked(struct rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->shown_count; i++)
		if (((struct port_row *)rows->shown[i])->was_wanted)
			rows->shown[kept++] = rows->shown[i];
	rows->shown_count = kept;
}

static void note_losses(struct ports *view)
{
	uint64_t losses = losses_total(&view->model->losses);

	view->incomplete = losses != view->losses;
	view->losses = losses;
}

void ports_refresh(struct ports *view, uint64_t time_ns, bool last)
{
	view->time_ns = time_ns;
	note_losses(view);
	rows_each(&view->rows, begin_row, view);
	connections_each(&view->model->connections, count, view);
	rows_each(&view->rows, finish_row, view);
	rows_choose(&view->rows, last);
	drop_unasked(&view->rows);
	ports_sort(view, DEFAULT_KEY);
	refresh_failures(view, last);
}

struct port_row *ports_shown(const struct ports *view, size_t i)
{
	return (struct port_row *)view->rows.shown[i];
}

struct port_failure *ports_failure(const struct ports *view, size_t i)
{
	return (struct port_failure *)view->failures.shown[i];
}

bool ports_supply(const struct ports *view, const struct census *census, uint32_t *supply)
{
	*supply = census->supply.supply;
	return census->supply_known && !(view->config.without_bpf && census->supply.blocked);
}

bool ports_consumed(const struct ports *view, const struct port_row *row, double *per_s)
{
	return growth_per_s(&row->consumption, view->time_ns, (double)row->consumed, per_s);
}

bool ports_failed(const struct ports *view, const struct port_row *row, double *per_s)
{
	return growth_per_s(&row->failing, view->time_ns, (double)row->failed, per_s);
}

/*
 * Ports still held count as well, as long as they will be: else the mean would be that of the
 * short-lived until the first TIME_WAIT ends.
 */
static double mean_hold_s(const struct ports *view, const struct port_row *row)
{
	double count = (double)row->released + (double)row->now.held;

	if (!row->released)
		return (double)view->model->timewait_ns / NS_PER_S;
	return ((double)row->held_ns + (double)row->now.hold_ns) / count / NS_PER_S;
}

bool ports_sustainable(const struct ports *view, const struct port_row *row, double *per_s)
{
	double hold_s = mean_hold_s(view, row);
	uint32_t supply;

	if (!ports_supply(view, &row->now, &supply) || hold_s <= 0)
		return false;
	*per_s = supply / hold_s;
	return true;
}

/* How much more were used per second at each of the last refreshes; false unless about as much. */
static bool steady_growth(const struct port_row *row, double *per_s)
{
	double least = 0, most = 0;

	for (int i = 0; i < STEADY_REFRESHES; i++) {
		double seconds = (double)(row->used_ns[i + 1] - row->used_ns[i]) / NS_PER_S;
		double rate = ((double)row->used[i + 1] - (double)row->used[i]) / seconds;

		if (!row->used_ns[i] || !(rate > 0))
			return false;
		if (!i || rate < least)
			least = rate;
		if (!i || rate > most)
			most = rate;
	}
	*per_s = (least + most) / 2;
	return most <= least * STEADY_SPREAD;
}

bool ports_exhausted_in(const struct ports *view, const struct port_row *row, double *seconds)
{
	uint32_t supply;
	double per_s = 0;

	if (!ports_supply(view, &row->now, &supply))
		return false;
	if (row->now.used < supply && !steady_growth(row, &per_s))
		return false;
	*seconds = row->now.used < supply ? (supply - row->now.used) / per_s : 0;
	return true;
}

static double figure(const void *context, const struct row *shown, const char *key)
{
	const struct port_row *row = (const struct port_row *)shown;
	const struct port_supply *supply = &row->now.supply;
	const struct ports *view = context;
	double number = 0;

	if (strcmp(key, DEFAULT_KEY) == 0)
		return supply->supply ? (double)row->now.used / supply->supply : row->now.used;
	if (strcmp(key, "reserved") == 0)
		return supply->reserved;
	if (strcmp(key, "blocked_by_bind") == 0)
		return supply->blocked;
	if (strcmp(key, "supply") == 0)
		return supply->supply;
	if (strcmp(key, "free") == 0)
		return (double)supply->supply - row->now.used;
	if (strcmp(key, "reusable") == 0)
		return row->now.reusable;
	if (strcmp(key, "used") == 0)
		return row->now.used;
	if (strcmp(key, "consumed_per_s") == 0)
		ports_consumed(view, row, &number);
	else if (strcmp(key, "sustainable_per_s") == 0)
		ports_sustainable(view, row, &number);
	else
		ports_exhausted_in(view, row, &number);
	return number;
}

void ports_sort(struct ports *view, const char *key)
{
	rows_sort(&view->rows, figure, view, key);
}
