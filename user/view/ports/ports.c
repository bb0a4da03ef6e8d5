// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/ports/internal.h"
#include "base/macros.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/time.h"

#define STEADY_SPREAD 1.5 /* the fastest of five refreshes against the slowest */

/* With a filter, destinations that it never asked for are counted, but not shown. */
static bool is_present(const void *context, const struct row *row)
{
	const struct port_row *port = (const struct port_row *)row;

	return port->wanted && (table_is_present(&ports_table, context, row) ||
				(port->range && port->now.supply.blocked));
}

static uint64_t counted(const struct row *row)
{
	return ((const struct port_row *)row)->asked;
}

static void clear_row(void *context, struct row *row)
{
	struct port_row *port = (struct port_row *)row;
	struct ports *view = context;

	census_free(&port->now, view->rows.processes);
	census_free(&port->failing_census.census, view->rows.processes);
	census_free(&port->latest_census.census, view->rows.processes);
	growth_free(&port->consumption);
	growth_free(&port->failing);
	histogram_free(&port->searches);
}

void ports_init(void *self, const struct view_config *config, struct model *model)
{
	struct ports *view = self;
	struct rows_config rows = {
		.bytes = sizeof(struct port_row),
		.is_present = is_present,
		.counted = counted,
		.clear = clear_row,
		.context = view,
	};

	*view = (struct ports){.config = *config, .model = model};
	rows_init(&view->rows, &rows, &model->connections.processes);
	port_failures_init(view);
}

void ports_free(void *self)
{
	struct ports *view = self;

	rows_free(&view->rows);
	port_failures_free(view);
}

struct tuple ports_place(const struct tuple *tuple)
{
	struct tuple place = *tuple;

	place.lport = 0;
	place.family = 0;
	return place;
}

uint64_t ports_key(uint64_t group, const struct tuple *place)
{
	uint64_t hash = hash_bytes(group, place, sizeof(*place));

	return hash == ROWS_OTHER ? 1 : hash;
}

struct port_row *ports_row_of(struct ports *view, const struct tuple *place)
{
	uint64_t key = ports_key(0, place);
	struct port_row *row = (struct port_row *)rows_find(&view->rows, key);

	if (row)
		return row;
	row = (struct port_row *)rows_add(&view->rows, key, 0);
	row->tuple = *place;
	census_begin(&row->now, view->model, place->netns, 0, 0);
	growth_begin(&row->consumption, view->time_ns);
	growth_begin(&row->failing, view->time_ns);
	return row;
}

struct port_row *ports_row(struct ports *view, const struct connection *connection)
{
	struct tuple place = ports_place(&connection->tuple);
	struct port_row *row = ports_row_of(view, &place);

	common_note(&row->family, connection->tuple.family);
	return row;
}

const struct port_row *ports_destination(const struct ports *view, const struct tuple *tuple)
{
	struct tuple place = ports_place(tuple);

	return (const struct port_row *)rows_find(&view->rows, ports_key(0, &place));
}

static bool passes(const struct ports *view, const struct connection *connection)
{
	const struct tuple *tuple = &connection->tuple;

	return !view->config.tuples || filter_tuple(view->config.tuples, tuple, tuple->lport != 0);
}

bool ports_asked_for(const struct ports *view, const struct connection *connection)
{
	return passes(view, connection) &&
	       model_concerns(view->model, connection, view->config.processes);
}

static void note_consumption(struct ports *view, const struct connection *connection)
{
	struct port_row *row = ports_row(view, connection);

	if (connection->flags & CONNECTION_BOUND)
		row->bound++;
	else
		row->consumed++;
	row->asked += ports_asked_for(view, connection);
}

static void note_release(struct ports *view, const struct transition *transition)
{
	const struct connection *connection = transition->connection;
	struct port_row *row;

	if (!connection->began_ns || !connection->tuple.lport ||
	    connection->began_ns > transition->time_ns || connection->flags & CONNECTION_BOUND)
		return;
	row = ports_row(view, connection);
	row->released++;
	row->held_ns += transition->time_ns - connection->began_ns;
}

void ports_transition(void *self, const struct transition *transition)
{
	struct ports *view = self;

	if (transition->connection->direction == DIRECTION_IN)
		return;
	if (transition->failure) {
		port_failures_note(view, transition);
		return;
	}
	if (transition->old_state == TCP_SYN_SENT)
		note_consumption(view, transition->connection);
	if (transition->new_state == TCP_CLOSE)
		note_release(view, transition);
}

struct looking {
	const struct ports *view;
	bool found;
};

/* A minisocket has no descriptor. */
static void look_for_unowned(void *context, struct connection *connection)
{
	struct looking *looking = context;

	looking->found |= census_concerns(connection) && !connection->owner &&
			  !(connection->flags & CONNECTION_MINISOCKET) &&
			  ports_asked_for(looking->view, connection);
}

/* Where nobody tells who connects: who holds it is the next best. */
static bool wants_holders(const struct ports *view)
{
	struct looking looking = {.view = view};

	if (!model_lacks(view->model, WANT_TRANSITIONS))
		return false;
	connections_each(&view->model->connections, look_for_unowned, &looking);
	return looking.found || process_filter_active(view->config.processes);
}

void ports_ask(const void *self, struct questions *questions)
{
	const struct ports *view = self;

	if (view->pending.pool.live)
		questions_put(questions, QUESTION_LISTING);
	if (wants_holders(view))
		questions_put(questions, QUESTION_HOLDERS);
}

static void begin_row(void *context, struct row *begun)
{
	struct port_row *row = (struct port_row *)begun;
	struct ports *view = context;

	census_begin(&row->now, view->model, row->tuple.netns, 0, 0);
	row->wanted = row->passes = false;
}

/* Of a live socket a listing tells that it was accepted (DIRECTION_IN), whose listener is gone. */
static bool is_bound_client(const struct connection *connection)
{
	return connection->flags & CONNECTION_BOUND && !(connection->flags & CONNECTION_MINISOCKET);
}

/*
 * Found by a listing, and its listener is gone: its port is none that connect() would choose. Of a
 * namespace that is gone nothing is left.
 */
static bool is_server_side(const struct ports *view, const struct connection *connection)
{
	const struct port_space *space =
		port_spaces_find(&view->model->ports, connection->tuple.netns);

	if (connection->direction != DIRECTION_UNKNOWN || !connection->tuple.lport)
		return false;
	return !space || (!port_supplied(space, &space->whole, connection->tuple.lport) &&
			  !is_bound_client(connection));
}

static void count(void *context, struct connection *connection)
{
	struct ports *view = context;
	struct port_row *row;

	if (!census_concerns(connection) || is_server_side(view, connection))
		return;
	row = ports_row(view, connection);
	row->passes = row->passes || passes(view, connection);
	row->wanted = row->wanted || ports_asked_for(view, connection);
	census_count(&row->now, view->model, connection, view->time_ns);
}

static void note_use(struct port_row *row, uint64_t time_ns)
{
	memmove(&row->used[0], &row->used[1], STEADY_REFRESHES * sizeof(row->used[0]));
	memmove(&row->used_ns[0], &row->used_ns[1], STEADY_REFRESHES * sizeof(row->used_ns[0]));
	row->used[STEADY_REFRESHES] = row->now.used;
	row->used_ns[STEADY_REFRESHES] = time_ns;
}

static bool holds_any(const struct port_row *row)
{
	return row->now.used || row->now.bound;
}

static void finish_row(void *context, struct row *finished)
{
	struct port_row *row = (struct port_row *)finished;
	struct ports *view = context;

	if (is_present(view, finished))
		row->row.active_ns = view->time_ns;
	note_use(row, view->time_ns);
	growth_add(&row->consumption, &view->clock, (double)row->consumed);
	growth_add(&row->failing, &view->clock, (double)row->failed);
	view->left_out += row->passes && holds_any(row);
	census_sort_owners(&row->now, view->rows.processes);
}

/* Until now all that pass count, now those that are shown do not. */
static void settle_left_out(struct ports *view)
{
	for (size_t i = 0; i < view->rows.shown_count; i++)
		view->left_out -= ports_shown(view, i)->passes && holds_any(ports_shown(view, i));
}

static double share(const void *view, const struct row *row, const void *unused)
{
	const struct port_row *port = (const struct port_row *)row;
	uint32_t supply = port->now.supply.supply;

	(void)view;
	(void)unused;
	if (port->range)
		return ports_blocked_share(port);
	return supply ? (double)port->now.used / supply : port->now.used;
}

static void sort(struct ports *view)
{
	if (view->config.sort)
		table_sort(&ports_table, &view->rows, view, view->config.sort);
	else
		rows_sort(&view->rows, share, view, NULL);
}

void ports_refresh(void *self, uint64_t time_ns, bool last)
{
	struct ports *view = self;

	view->time_ns = time_ns;
	view->left_out = 0;
	growth_tick(&view->clock, time_ns);
	view->incomplete = model_has_lost(view->model, &view->losses);
	rows_each(&view->rows, begin_row, view);
	connections_each(&view->model->connections, count, view);
	ports_note_ranges(view);
	rows_each(&view->rows, finish_row, view);
	rows_choose(&view->rows, last);
	settle_left_out(view);
	sort(view);
	port_failures_refresh(view, last);
}

struct port_row *ports_shown(const struct ports *view, size_t i)
{
	return (struct port_row *)view->rows.shown[i];
}

struct port_failure *ports_failure(const struct ports *view, size_t i)
{
	return (struct port_failure *)view->failures.shown[i];
}

bool ports_know_bound(const struct ports *view)
{
	return !model_lacks(view->model, WANT_BOUND_PORTS);
}

bool ports_supply(const struct census *census, uint32_t *supply)
{
	*supply = census->supply.supply;
	return census->supply_known;
}

static bool of_supply(const struct port_row *row, uint32_t ports, double *share)
{
	uint32_t supply;

	if (row->range || !ports_supply(&row->now, &supply))
		return false;
	*share = supply ? (double)ports / supply : 1;
	return true;
}

bool ports_used_share(const struct port_row *row, double *share)
{
	return of_supply(row, row->now.used, share);
}

bool ports_taken_share(const struct port_row *row, double *share)
{
	return of_supply(row, row->now.used - row->now.reusable, share);
}

bool ports_consumed(const struct ports *view, const struct port_row *row, double *per_s)
{
	return growth_per_s(&row->consumption, &view->clock, view->time_ns, (double)row->consumed,
			    per_s);
}

bool ports_failed(const struct ports *view, const struct port_row *row, double *per_s)
{
	return growth_per_s(&row->failing, &view->clock, view->time_ns, (double)row->failed, per_s);
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
	bool bound_alone = (row->bound || row->now.bound) && !row->consumed && !row->now.used;
	double hold_s = mean_hold_s(view, row);
	uint32_t supply;

	if (row->range || bound_alone || !ports_supply(&row->now, &supply) || hold_s <= 0)
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

bool ports_exhausted_in(const struct port_row *row, double *seconds)
{
	uint32_t supply;
	double per_s = 0;

	if (row->range || !ports_supply(&row->now, &supply))
		return false;
	if (row->now.used < supply && !steady_growth(row, &per_s))
		return false;
	*seconds = row->now.used < supply ? (supply - row->now.used) / per_s : 0;
	return true;
}

const struct view ports_view = {
	.name = "ports",
	.needs =
		{
			.told =
				{
					/* what is still in SYN_SENT, a listing shows; what waits in
					   FIN_WAIT2, its minisocket or a listing */
					[TCP_ESTABLISHED] = ALL_STATES,
					[TCP_SYN_SENT] = ALL_STATES,
					[TCP_SYN_RECV] = ALL_STATES,
					[TCP_FIN_WAIT1] = ALL_STATES & ~(1U << TCP_FIN_WAIT2),
					[TCP_FIN_WAIT2] = ALL_STATES,
					[TCP_CLOSE] = 1U << TCP_SYN_SENT | 1U << TCP_LISTEN,
					[TCP_CLOSE_WAIT] = ALL_STATES,
					[TCP_LAST_ACK] = ALL_STATES,
					[TCP_LISTEN] = 1U << TCP_CLOSE,
					[TCP_CLOSING] = ALL_STATES,
				},
			.listed = ALL_STATES,
			.snapshot = ALL_STATES,
			.wants = WANT(MINISOCKETS) | WANT(PORT_SETTINGS) | WANT(BOUND_PORTS) |
				 WANT(CONNECT_FAILURES) | WANT(BIND_FAILURES) | WANT(EVERYONE),
		},
	.without_stream = "failed connects are not seen, nor what bind() has taken",
	.table = &ports_table,
	.sheets = ports_sheets,
	.sheet_count = LENGTH(ports_sheets),
	.bytes = sizeof(struct ports),
	.init = ports_init,
	.free = ports_free,
	.observer = {.transition = ports_transition, .failure = ports_transition},
	.ask = ports_ask,
	.refresh = ports_refresh,
	.show_json = ports_show_json,
	.show_text = ports_show_text,
	.fold = port_failures_fold,
};
