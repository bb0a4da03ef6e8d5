// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connects: counted as they happen, and, of those that wait, as they are listed. */
#include "view/opening/opening.h"

#include <errno.h>

#include "base/macros.h"
#include "base/memory.h"
#include "base/time.h"
#include "view/place.h"

#define UNANSWERED_NS ((uint64_t)(3 * NS_PER_S)) /* no answer is on its way any more */
#define WINDOW_NS     (60 * NS_PER_S) /* the verdict is of the last two of these, at most */

static const struct {
	int error;
	const char *name;
} failures[FAILED_WAYS] = {
	[FAILED_ECONNREFUSED] = {ECONNREFUSED, "ECONNREFUSED"},
	[FAILED_ETIMEDOUT] = {ETIMEDOUT, "ETIMEDOUT"},
	[FAILED_EHOSTUNREACH] = {EHOSTUNREACH, "EHOSTUNREACH"},
	[FAILED_ENETUNREACH] = {ENETUNREACH, "ENETUNREACH"},
	[FAILED_EADDRNOTAVAIL] = {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
	[FAILED_ECONNRESET] = {ECONNRESET, "ECONNRESET"},
	[FAILED_ECONNABORTED] = {ECONNABORTED, "ECONNABORTED"},
	[FAILED_EHOSTDOWN] = {EHOSTDOWN, "EHOSTDOWN"},
	[FAILED_ENONET] = {ENONET, "ENONET"},
	[FAILED_ENOPROTOOPT] = {ENOPROTOOPT, "ENOPROTOOPT"},
	[FAILED_EOPNOTSUPP] = {EOPNOTSUPP, "EOPNOTSUPP"},
	[FAILED_EACCES] = {EACCES, "EACCES"},
	[FAILED_EPROTO] = {EPROTO, "EPROTO"},
	[FAILED_OTHER] = {-1, "other"},
	[FAILED_GAVE_UP] = {0, "gave_up"},
};

const char *connect_failure_name(unsigned int failure)
{
	return failures[failure].name;
}

static enum connect_failure failure_of(const struct transition *transition)
{
	int error = transition->failure ? EADDRNOTAVAIL : transition->error;

	for (unsigned int i = 0; i < FAILED_WAYS; i++)
		if (failures[i].error == error)
			return i;
	return FAILED_OTHER;
}

static bool is_present(const void *context, const struct row *row)
{
	return table_is_present(&opening_table, context, row);
}

static uint64_t counted(const struct row *row)
{
	return table_counted(&opening_table, row);
}

static void fold(void *context, struct row *other, const struct row *folded)
{
	const struct opening_row *row = (const struct opening_row *)folded;
	struct opening_row *sum = (struct opening_row *)other;

	(void)context;
	sum->family.mixed = true;
	sum->attempts += row->attempts;
	sum->established += row->established;
	sum->failures += row->failures;
	for (unsigned int i = 0; i < FAILED_WAYS; i++)
		sum->failed[i] += row->failed[i];
	for (unsigned int i = 0; i < CONNECT_ENDS; i++)
		sum->ends[i] += row->ends[i];
	histogram_merge(&sum->handshake, &row->handshake);
}

static void clear(void *context, struct row *row)
{
	(void)context;
	histogram_free(&((struct opening_row *)row)->handshake);
}

void opening_init(void *self, const struct view_config *config, struct model *model)
{
	struct opening *opening = self;
	struct rows_config rows = {
		.bytes = sizeof(struct opening_row),
		.by = config->by,
		.is_present = is_present,
		.counted = counted,
		.fold = fold,
		.clear = clear,
		.context = opening,
	};

	*opening = (struct opening){.config = *config, .model = model};
	rows_init(&opening->rows, &rows, &model->connections.processes);
	listeners_init(opening);
	stack_tally_init(&opening->stacks, &model->connections.calls);
	stack_tally_init(&opening->origins, &model->connections.calls);
}

void opening_free(void *self)
{
	struct opening *opening = self;

	stack_tally_free(&opening->origins);
	stack_tally_free(&opening->stacks);
	listeners_free(opening);
	rows_free(&opening->rows);
	free(opening->namespaces);
}

const struct opening_row *opening_shown(const struct opening *opening, size_t i)
{
	return (const struct opening_row *)opening->rows.shown[i];
}

const struct listener_row *opening_listener(const struct opening *opening, size_t i)
{
	return (const struct listener_row *)opening->listeners.shown[i];
}

/* The destination alone: a connect() that got no port has none. */
static struct opening_row *row_of(struct opening *opening, const struct tuple *tuple,
				  uint32_t owner)
{
	const struct process *process = rows_process(&opening->rows, owner);
	struct tuple place = place_of(tuple, DIRECTION_OUT);
	uint64_t key = place_key(grouping_key(opening->config.by, process), &place);
	struct opening_row *row = (struct opening_row *)rows_find(&opening->rows, key);

	if (!row) {
		row = (struct opening_row *)rows_add(&opening->rows, key, owner);
		row->tuple = place;
	}
	common_note(&row->family, tuple->family);
	return row;
}

/* Which local port it is to be is known only once connect() has chosen one. */
static bool waits_for_port(const struct opening *opening)
{
	const struct tuple_filter *tuples = opening->config.tuples;

	return tuples && (tuples->lport.active || tuples->laddr.port);
}

static bool is_asked_for(const struct opening *opening, const struct connection *connection,
			 bool lport_known)
{
	const struct tuple_filter *tuples = opening->config.tuples;

	return (!tuples || filter_tuple(tuples, &connection->tuple, lport_known)) &&
	       model_concerns(opening->model, connection, opening->config.processes);
}

static uint64_t took_ns(const struct transition *transition)
{
	if (transition->in_old_ns != UNKNOWN_NS)
		return transition->in_old_ns;
	return transition->since_ns ? transition->time_ns - transition->since_ns : UNKNOWN_NS;
}

const struct stack_tally *opening_stacks(const struct opening *opening)
{
	return opening->config.stacks ? &opening->stacks : NULL;
}

/* `pending`: 1, or 0 for one that the row is to know of, whether or not any waits. */
static void count_stack(struct opening *opening, const struct opening_row *row, uint64_t cookie,
			uint32_t pending)
{
	const struct connection_calls *calls =
		call_paths_of(&opening->model->connections.calls, cookie);

	if (!calls || !opening->config.stacks)
		return;
	stack_tally_add(&opening->stacks, row->row.key, calls->opener, pending);
	if (pending)
		stack_tally_add_by_comm(&opening->origins, calls->opener, pending);
}

static void count_failure(struct opening_row *row, const struct transition *transition)
{
	row->failures++;
	row->failed[failure_of(transition)]++;
	row->ends[connect_end_of(transition->error, transition->failure, took_ns(transition))]++;
}

static void count_established(struct opening_row *row, const struct transition *transition)
{
	uint64_t ns = took_ns(transition);

	row->established++;
	row->ends[CONNECT_ESTABLISHED]++;
	if (ns != UNKNOWN_NS)
		histogram_add(&row->handshake, ns);
}

static void count_end(struct opening *opening, const struct transition *transition)
{
	const struct connection *connection = transition->connection;
	struct opening_row *row;

	if (!is_asked_for(opening, connection, connection->tuple.lport != 0))
		return;
	row = row_of(opening, &connection->tuple, connection->owner);
	row->row.active_ns = transition->time_ns;
	row->attempts += waits_for_port(opening);
	count_stack(opening, row, connection->cookie, 0);
	if (transition->new_state == TCP_CLOSE)
		count_failure(row, transition);
	else
		count_established(row, transition);
}

static void count_attempt(struct opening *opening, const struct transition *transition)
{
	const struct connection *connection = transition->connection;
	struct opening_row *row;

	if (waits_for_port(opening) || !is_asked_for(opening, connection, false))
		return;
	row = row_of(opening, &connection->tuple, connection->owner);
	row->attempts++;
	count_stack(opening, row, connection->cookie, 0);
	row->row.active_ns = transition->time_ns;
}

/* Two that connect to each other at once go through SYN_RECV. */
void opening_transition(void *self, const struct transition *transition)
{
	bool out = transition->connection->direction == DIRECTION_OUT;
	unsigned int old = transition->old_state, new = transition->new_state;
	struct opening *opening = self;

	if (new == TCP_SYN_SENT)
		count_attempt(opening, transition);
	else if (old == TCP_SYN_SENT && new != TCP_SYN_RECV)
		count_end(opening, transition);
	else if (old == TCP_SYN_RECV && out && (new == TCP_ESTABLISHED || new == TCP_CLOSE))
		count_end(opening, transition);
	else if (old == TCP_SYN_RECV && new == TCP_ESTABLISHED)
		listeners_established(opening, transition->connection, transition->time_ns);
}

static bool concerns(const struct opening *opening, const struct listed *listed,
		     struct holder_range holders)
{
	const struct process_filter *filter = opening->config.processes;

	if (!process_filter_active(filter) ||
	    process_filter_match(filter, rows_process(&opening->rows, listed->owner)))
		return true;
	for (size_t i = 0; i < holders.count; i++)
		if (process_filter_match(filter,
					 rows_process(&opening->rows, holders.first[i].process)))
			return true;
	return false;
}

static void add_pending(struct opening_row *row, const struct listed *listed, uint64_t age_ns,
			bool age_known)
{
	row->pending++;
	row->silent += listed->retransmits != 0;
	row->unanswered += listed->retransmits && age_known && age_ns >= UNANSWERED_NS;
	if (listed->retransmits > row->retransmits)
		row->retransmits = listed->retransmits;
	if (age_known && (!row->oldest_known || age_ns > row->oldest_ns)) {
		row->oldest_known = true;
		row->oldest_ns = age_ns;
	}
}

static void list_pending(void *context, struct listed *listed)
{
	struct opening *opening = context;
	const struct tuple_filter *tuples = opening->config.tuples;
	struct listed_sockets *sockets = &opening->model->listed;
	struct holder_range holders =
		close_waits_holders_of(&opening->model->close_waits, listed->cookie);
	struct opening_row *row;
	uint64_t age_ns;
	bool known;

	if (!listed->owner && holders.count)
		listed_own(sockets, listed, holders.first[0].process);
	if (tuples && !filter_tuple(tuples, &listed->tuple, listed->tuple.lport != 0))
		return;
	opening->all++;
	if (!concerns(opening, listed, holders))
		return;
	opening->pending++;
	known = listed_age_ns(sockets, listed, &age_ns);
	row = row_of(opening, &listed->tuple, listed->owner);
	row->row.active_ns = sockets->time_ns;
	add_pending(row, listed, age_ns, known && !listed->at_least);
	count_stack(opening, row, listed->cookie, 1);
}

static void clear_pending(void *context, struct row *cleared)
{
	struct opening_row *row = (struct opening_row *)cleared;

	(void)context;
	row->pending = row->silent = row->unanswered = row->retransmits = 0;
	row->oldest_known = false;
	row->oldest_ns = 0;
}

void opening_listed(void *self, enum listing_scope scope)
{
	struct opening *opening = self;

	if (scope == LISTING_CONNECTIONS)
		return;
	opening->pending = opening->all = 0;
	rows_each(&opening->rows, clear_pending, NULL);
	stack_tally_zero(&opening->stacks);
	stack_tally_clear(&opening->origins);
	listed_each(&opening->model->listed, 1U << TCP_SYN_SENT, list_pending, opening);
	listeners_listed(opening);
}

static void note_pending(void *context, struct row *row)
{
	*(bool *)context |= ((const struct opening_row *)row)->pending != 0;
}

static void note_any(void *context, struct listed *listed)
{
	(void)listed;
	*(bool *)context = true;
}

/* All namespaces at first, so that what grows is known from then on; then while it matters. */
void opening_ask(const void *self, struct questions *questions)
{
	const struct opening *opening = self;
	bool any = false, pending = false;

	listed_each(&opening->model->listed, 1U << TCP_SYN_SENT | 1U << TCP_LISTEN, note_any, &any);
	if (any)
		questions_put(questions, QUESTION_HOLDERS);
	rows_each(&opening->rows, note_pending, &pending);
	if (pending || !opening->asked)
		questions_put_netns(questions, QUESTION_NAMESPACE, 0);
	listeners_ask(opening, questions);
}

const struct opening_namespace *opening_namespace(const struct opening *opening, uint32_t netns)
{
	for (size_t i = 0; i < opening->namespace_count; i++)
		if (opening->namespaces[i].now.netns == netns)
			return &opening->namespaces[i];
	return NULL;
}

void opening_namespaces(void *self, const struct record_namespace *record)
{
	struct opening *opening = self;

	for (size_t i = 0; i < opening->namespace_count; i++) {
		if (opening->namespaces[i].now.netns != record->netns)
			continue;
		opening->namespaces[i].now = *record;
		return;
	}
	opening->namespaces = memory_resize(opening->namespaces, opening->namespace_count + 1,
					    sizeof(*opening->namespaces));
	opening->namespaces[opening->namespace_count++] =
		(struct opening_namespace){.first = *record, .now = *record};
}

/* From time to time what is judged begins anew, with what was before. */
static void turn_window(struct opening_row *row, uint64_t time_ns)
{
	if (row->now.began_ns && time_ns < row->now.began_ns + WINDOW_NS)
		return;
	if (row->now.began_ns)
		row->before = row->now;
	row->now.began_ns = time_ns;
	memcpy(row->now.ends, row->ends, sizeof(row->ends));
}

static void judge(void *context, struct row *judged)
{
	struct opening_row *row = (struct opening_row *)judged;
	const struct opening *opening = context;
	struct opening_facts facts = {
		.silent = row->silent,
		.handshakes = row->handshake.count,
		.median_ns = histogram_percentile(&row->handshake, 0.5),
	};

	for (unsigned int i = 0; i < CONNECT_ENDS; i++)
		facts.ends[i] = row->ends[i] - row->before.ends[i];
	row->verdict = opening_verdict_of(&facts);
	turn_window(row, opening->time_ns);
}

static void note_losses(struct opening *opening)
{
	bool lost = model_has_lost(opening->model, &opening->losses);

	opening->incomplete = lost || opening->model->listed.broken;
	if (!lost)
		return;
	rows_mark_incomplete(&opening->rows);
	rows_mark_incomplete(&opening->listeners);
}

/* Where something is wrong comes first, then where most wait, then where most have failed. */
static double trouble(const void *view, const struct row *shown, const void *of)
{
	const struct opening_row *row = (const struct opening_row *)shown;
	double failures = (double)row->failures / ((double)row->failures + 1);

	(void)view;
	(void)of;
	return (row->verdict != OPENING_FINE) * 1e12 + row->pending + failures;
}

void opening_refresh(void *self, uint64_t time_ns, bool last)
{
	struct opening *opening = self;

	opening->time_ns = time_ns;
	opening->last = last;
	opening->asked = true;
	growth_tick(&opening->clock, time_ns);
	note_losses(opening);
	rows_each(&opening->rows, judge, opening);
	rows_choose(&opening->rows, last);
	if (opening->config.sort)
		table_sort(&opening_table, &opening->rows, opening, opening->config.sort);
	else
		rows_sort(&opening->rows, trouble, NULL, NULL);
	listeners_refresh(opening, last);
	stack_tally_rank(&opening->stacks);
}

static void fold_stacks(void *self, struct output *output)
{
	struct opening *opening = self;

	stack_tally_rank(&opening->origins);
	stack_tally_fold(&opening->origins, output);
}

const struct view opening_view = {
	.name = "opening",
	.needs =
		{
			.told =
				{
					[TCP_SYN_SENT] = ALL_STATES,
					[TCP_SYN_RECV] = ALL_STATES,
					[TCP_CLOSE] = 1U << TCP_SYN_SENT | 1U << TCP_LISTEN,
					[TCP_LISTEN] = 1U << TCP_CLOSE,
				},
			.listed = 1U << TCP_SYN_SENT | 1U << TCP_LISTEN,
			.refreshed = 1U << TCP_SYN_SENT | 1U << TCP_LISTEN,
			.snapshot = 1U << TCP_SYN_SENT | 1U << TCP_LISTEN,
			.wants = WANT(ACCEPTED) | WANT(LISTENERS),
		},
	.without_stream = "attempts, how they end and what is accepted are not counted",
	.table = &opening_table,
	.sheets = opening_sheets,
	.sheet_count = LENGTH(opening_sheets),
	.bytes = sizeof(struct opening),
	.init = opening_init,
	.free = opening_free,
	.observer =
		{
			.transition = opening_transition,
			.listed = opening_listed,
			.namespaces = opening_namespaces,
		},
	.ask = opening_ask,
	.refresh = opening_refresh,
	.show_json = opening_show_json,
	.show_text = opening_show_text,
	.fold = fold_stacks,
};
