// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/leaks/leaks.h"

#include <string.h>

static bool is_present(const void *context, const struct row *row)
{
	return table_is_present(&leaks_table, context, row);
}

static void forget(void *context, struct row *row)
{
	(void)context;
	growth_free(&((struct leak_row *)row)->growth);
}

void leaks_init(void *self, const struct view_config *config, struct model *model)
{
	struct leaks *leaks = self;
	struct rows_config rows = {
		.clear = forget,
		.bytes = sizeof(struct leak_row),
		.by = config->by,
		.is_present = is_present,
		.context = leaks,
	};

	*leaks = (struct leaks){.config = *config, .model = model};
	rows_init(&leaks->rows, &rows, &model->connections.processes);
}

void leaks_free(void *self)
{
	struct leaks *leaks = self;

	rows_free(&leaks->rows);
}

const struct process *leaks_process(const struct leaks *leaks, uint32_t number)
{
	return rows_process(&leaks->rows, number);
}

struct leak_row *leaks_shown(const struct leaks *leaks, size_t i)
{
	return (struct leak_row *)leaks->rows.shown[i];
}

bool leaks_growth(const struct leaks *leaks, const struct leak_row *row, double *per_s)
{
	return growth_per_s(&row->growth, &leaks->clock, leaks->time_ns, row->sockets, per_s);
}

static struct leak_row *row_of(struct leaks *leaks, uint32_t number)
{
	uint64_t key = grouping_key(leaks->config.by, leaks_process(leaks, number));
	struct leak_row *row = (struct leak_row *)rows_find(&leaks->rows, key);

	if (row)
		return row;
	row = (struct leak_row *)rows_add(&leaks->rows, key, number);
	return row;
}

/* Cookies are given out in order: they decide between sockets that were there from the start. */
static bool is_older(const struct leak_socket *a, const struct leak_socket *b)
{
	if (a->age_ns != b->age_ns)
		return a->age_ns > b->age_ns;
	return a->close_wait->cookie < b->close_wait->cookie;
}

/* Keeps the oldest, in their order. */
static void keep_oldest(struct leak_row *row, struct leak_socket socket)
{
	for (int i = 0; i < LEAKS_OLDEST; i++) {
		struct leak_socket other = row->oldest[i];

		if (other.close_wait && !is_older(&socket, &other))
			continue;
		row->oldest[i] = socket;
		if (!other.close_wait)
			return;
		socket = other;
	}
}

static bool says_something(const struct leaks *leaks, const struct close_wait *close_wait)
{
	return close_wait_is_of_age(&leaks->model->close_waits, close_wait, leaks->config.age_ns);
}

/* What was sent within --age counts as being sent. */
static enum close_wait_kind kind_of(const struct leaks *leaks, const struct close_wait *close_wait)
{
	uint64_t now_ns = leaks->model->close_waits.time_ns, age_ns = leaks->config.age_ns;

	return close_wait_kind(close_wait, now_ns > age_ns ? now_ns - age_ns : 0);
}

/* `holder`: the process is charged as one; NULL: as the owner. */
static void charge(struct leaks *leaks, uint32_t process, const struct close_wait *close_wait,
		   const struct holder *holder)
{
	bool has_fd = holder && close_wait->kind != KIND_UNACCEPTED;
	uint64_t age_ns = close_wait_age_ns(&leaks->model->close_waits, close_wait);
	enum close_wait_kind kind = kind_of(leaks, close_wait);
	struct leak_row *row = row_of(leaks, process);

	row->is_holder |= holder != NULL;
	if (row->last_cookie == close_wait->cookie)
		return;
	row->last_cookie = close_wait->cookie;
	row->sockets++;
	row->kinds[kind]++;
	if (close_wait->recvq > 1)
		row->unread_bytes += close_wait->recvq - 1;
	if (says_something(leaks, close_wait))
		row->verdicts[verdict_of_socket(kind, close_wait->direction)]++;
	keep_oldest(row, (struct leak_socket){close_wait, age_ns, kind,
					      has_fd ? (int64_t)holder->fd : -1});
}

/*
 * While it was young its owner was charged, without a look around: one that was never seen to hold
 * a socket, as a server that forks, had nothing then.
 */
static void acquit_owner(struct leaks *leaks, uint32_t owner)
{
	uint64_t key = grouping_key(leaks->config.by, leaks_process(leaks, owner));
	struct leak_row *row = (struct leak_row *)rows_find(&leaks->rows, key);

	if (row && !row->is_holder)
		row->row.had_any = false;
}

static bool concerns(const struct leaks *leaks, const struct close_wait *close_wait,
		     struct holder_range holders)
{
	const struct process_filter *filter = leaks->config.processes;

	if (leaks->config.tuples && !filter_tuple(leaks->config.tuples, &close_wait->tuple, 1))
		return false;
	if (!process_filter_active(filter) ||
	    process_filter_match(filter, leaks_process(leaks, close_wait->owner)))
		return true;
	for (size_t i = 0; i < holders.count; i++)
		if (process_filter_match(filter, leaks_process(leaks, holders.first[i].process)))
			return true;
	return false;
}

/* To its holders, who are the ones who can close; a young one to its owner, and so what nobody
 * holds. */
static void charge_socket(void *context, const struct close_wait *close_wait)
{
	struct leaks *leaks = context;
	const struct close_waits *close_waits = &leaks->model->close_waits;
	struct holder_range holders = close_waits_holders(close_waits, close_wait);
	bool unaccepted = close_wait->kind == KIND_UNACCEPTED;
	bool young = !says_something(leaks, close_wait);

	if (!concerns(leaks, close_wait, holders))
		return;
	leaks->sockets++;
	if (young && close_wait->owner_by != OWNER_HOLDER && close_wait->owner && !unaccepted)
		holders.count = 0;
	for (size_t i = 0; i < holders.count; i++)
		charge(leaks, holders.first[i].process, close_wait, &holders.first[i]);
	if (holders.count)
		acquit_owner(leaks, close_wait->owner);
	else
		charge(leaks, close_wait->owner, close_wait, NULL);
}

struct need {
	const struct leaks *leaks;
	bool holders;
	bool another_look;
};

static void look_for_need(void *context, const struct close_wait *close_wait)
{
	struct need *need = context;
	const struct close_waits *close_waits = &need->leaks->model->close_waits;

	if (close_wait->listed != close_waits->listing)
		return;
	if (close_wait->kind == KIND_UNACCEPTED || !close_wait->owner ||
	    says_something(need->leaks, close_wait))
		need->holders = true;
	if (close_wait_is_in_doubt(close_waits, close_wait, need->leaks->config.age_ns))
		need->another_look = true;
}

static struct need needs_of_sockets(const struct leaks *leaks)
{
	struct need need = {
		.leaks = leaks,
		.holders = process_filter_active(leaks->config.processes),
	};

	close_waits_each(&leaks->model->close_waits, look_for_need, &need);
	return need;
}

struct asking {
	const struct leaks *leaks;
	struct questions *questions;
};

static void ask_of_process(void *context, struct row *asked)
{
	const struct leak_row *row = (const struct leak_row *)asked;
	const struct asking *asking = context;
	const struct process *process = leaks_process(asking->leaks, row->row.process);

	if (!process || !row->sockets)
		return;
	questions_put_process(asking->questions,
			      leaks_wants_evidence(row) ? QUESTION_THREADS : QUESTION_DESCRIPTORS,
			      &process->id);
}

void leaks_ask(const void *self, struct questions *questions)
{
	const struct leaks *leaks = self;
	struct asking asking = {leaks, questions};
	struct need need = needs_of_sockets(leaks);

	if (need.another_look)
		questions_put(questions, QUESTION_STILL);
	if (need.holders)
		questions_put(questions, QUESTION_HOLDERS);
	rows_each(&leaks->rows, ask_of_process, &asking);
}

static void clear_row(void *context, struct row *cleared)
{
	struct leak_row *row = (struct leak_row *)cleared;

	(void)context;
	row->sockets = 0;
	row->unread_bytes = 0;
	row->last_cookie = 0;
	memset(row->kinds, 0, sizeof(row->kinds));
	memset(row->verdicts, 0, sizeof(row->verdicts));
	memset(row->oldest, 0, sizeof(row->oldest));
}

void leaks_listed(void *self, enum listing_scope scope)
{
	struct leaks *leaks = self;

	if (scope == LISTING_CONNECTIONS)
		return;

	leaks->sockets = 0;
	rows_each(&leaks->rows, clear_row, NULL);
	close_waits_each(&leaks->model->close_waits, charge_socket, leaks);
}

/* What was asked for it, not what others may have asked. */
static void note_told(void *context, struct row *told)
{
	struct leak_row *row = (struct leak_row *)told;

	(void)context;
	if (!row->row.process || !row->sockets)
		return;
	row->told = true;
	row->looked = leaks_wants_evidence(row);
}

void leaks_refresh(void *self, uint64_t time_ns, bool last)
{
	struct leaks *leaks = self;

	leaks->time_ns = leaks->model->close_waits.time_ns; /* what ages are as of */
	if (!leaks->time_ns)
		leaks->time_ns = time_ns;
	growth_tick(&leaks->clock, leaks->time_ns);
	rows_each(&leaks->rows, note_told, NULL);
	rows_choose(&leaks->rows, last);
	leaks->incomplete =
		model_has_lost(leaks->model, &leaks->losses) || leaks->model->close_waits.broken;
	table_sort(&leaks_table, &leaks->rows, leaks,
		   leaks->config.sort ? leaks->config.sort : "sockets");
	for (size_t i = 0; i < leaks->rows.shown_count; i++) {
		struct leak_row *row = leaks_shown(leaks, i);

		row->row.active_ns = leaks->time_ns;
		growth_add(&row->growth, &leaks->clock, row->sockets);
	}
}

bool leaks_wants_evidence(const struct leak_row *row)
{
	enum verdict verdict = leaks_verdict(row);

	return row->row.process && (verdict == VERDICT_STALL || verdict == VERDICT_NOT_READING);
}

static const struct process_readings *readings_of(const struct leaks *leaks,
						  const struct leak_row *row)
{
	const struct process *process = leaks_process(leaks, row->row.process);

	return process && row->told ? process->readings : NULL;
}

struct process_facts leaks_facts(const struct leaks *leaks, const struct leak_row *row)
{
	static const struct process_facts unknown = {.fds = FACTS_UNKNOWN,
						     .fd_limit = FACTS_UNKNOWN};
	const struct process_readings *readings = readings_of(leaks, row);
	struct process_facts facts = readings ? readings->now : unknown;

	facts.looked = facts.looked && row->looked;
	return facts;
}

double leaks_starved(const struct leaks *leaks, const struct leak_row *row)
{
	const struct process_readings *readings = readings_of(leaks, row);

	if (!readings || !row->looked || !readings->now.looked_for_ns ||
	    readings->now.starved_ns == FACTS_UNKNOWN)
		return -1;
	return (double)readings->now.starved_ns / (double)readings->now.looked_for_ns;
}

enum verdict leaks_verdict(const struct leak_row *row)
{
	return verdict_of_counts(row->verdicts);
}

uint64_t leaks_oldest_ns(const struct leak_row *row)
{
	return row->oldest[0].close_wait ? row->oldest[0].age_ns : 0;
}

const struct view leaks_view = {
	.name = "leaks",
	.needs =
		{
			.listed = 1U << TCP_LISTEN,
			.refreshed = 1U << TCP_LISTEN | 1U << TCP_CLOSE_WAIT,
			.snapshot = 1U << TCP_LISTEN | 1U << TCP_CLOSE_WAIT,
			.wants = WANT(ACCEPTED) | WANT(LISTENERS),
		},
	.without_stream = "ages are lower bounds, short CLOSE_WAITs have no owner",
	.table = &leaks_table,
	.bytes = sizeof(struct leaks),
	.init = leaks_init,
	.free = leaks_free,
	.observer = {.listed = leaks_listed},
	.ask = leaks_ask,
	.refresh = leaks_refresh,
	.show_json = leaks_show_json,
	.show_text = leaks_show_text,
};
