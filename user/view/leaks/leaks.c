// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/leaks/leaks.h"
#include "base/macros.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

static bool is_present(const void *context, const struct row *row)
{
	return table_is_present(&leaks_table, context, row);
}

static void forget(void *context, struct row *row)
{
	(void)context;
	growth_free(&((struct leak_row *)row)->growth);
	trend_free(&((struct leak_row *)row)->trend);
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
	tally_init(&leaks->places);
	tally_init(&leaks->processes);
	leaks_peers_init(leaks);
	stack_tally_init(&leaks->stacks, &model->connections.calls);
	stack_tally_init(&leaks->origins, &model->connections.calls);
}

void leaks_free(void *self)
{
	struct leaks *leaks = self;

	stack_tally_free(&leaks->origins);
	stack_tally_free(&leaks->stacks);
	leaks_peers_free(leaks);
	tally_free(&leaks->processes);
	tally_free(&leaks->places);
	rows_free(&leaks->rows);
	free(leaks->entries.items);
}

const struct process *leaks_process(const struct leaks *leaks, uint32_t number)
{
	return rows_process(&leaks->rows, number);
}

struct leak_row *leaks_shown(const struct leaks *leaks, size_t i)
{
	return (struct leak_row *)leaks->rows.shown[i];
}

struct leak_row *leaks_row_of(const struct leaks *leaks, uint32_t process)
{
	return (struct leak_row *)rows_find(
		&leaks->rows, grouping_key(leaks->config.by, leaks_process(leaks, process)));
}

struct leak_row *leaks_make_row(struct leaks *leaks, uint32_t process)
{
	struct leak_row *row = leaks_row_of(leaks, process);
	uint64_t key;

	if (row)
		return row;
	key = grouping_key(leaks->config.by, leaks_process(leaks, process));
	return (struct leak_row *)rows_add(&leaks->rows, key, process);
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

bool leaks_is_old(const struct leaks *leaks, const struct close_wait *close_wait)
{
	return close_wait_is_of_age(&leaks->model->close_waits, close_wait, leaks->config.age_ns);
}

/* It counts as old only by its last data: how old it is at most. */
static void note_at_most(struct leaks *leaks, struct leak_row *row,
			 const struct close_wait *close_wait, uint64_t age_ns)
{
	uint64_t most_ns = leaks->model->close_waits.time_ns - close_wait->received_ns;

	if (age_ns >= leaks->config.age_ns)
		return;
	row->at_most++;
	if (most_ns > row->at_most_ns)
		row->at_most_ns = most_ns;
}

static void count_in(struct leaks *leaks, struct leak_row *row, const struct close_wait *close_wait,
		     uint64_t age_ns)
{
	enum close_wait_kind judged = leaks_judged_kind(leaks, close_wait);

	row->sockets++;
	row->kinds[leaks_kind(leaks, close_wait)]++;
	if (close_wait->recvq > 1)
		row->unread_bytes += close_wait->recvq - 1;
	tally_by_place(&leaks->places, row, close_wait);
	leaks_count_stacks(leaks, row, close_wait);
	verdict_count(&row->all, judged, close_wait->direction);
	if (!leaks_is_old(leaks, close_wait))
		return;
	verdict_count(&row->old, judged, close_wait->direction);
	note_at_most(leaks, row, close_wait, age_ns);
}

/* Of a group each of its processes is charged, the socket counts once. */
static void charge(struct leaks *leaks, struct leak_row *row, const struct close_wait *close_wait,
		   struct charged to)
{
	uint64_t age_ns = close_wait_age_ns(&leaks->model->close_waits, close_wait);

	row->is_holder |= to.owner_by == OWNER_HOLDER || row->listener;
	if (leaks->config.by != BY_PID)
		tally_by_process(&leaks->processes, row, to.process, close_wait);
	else
		row->about = to.process;
	if (row->last_cookie == close_wait->cookie)
		return;
	row->last_cookie = close_wait->cookie;
	common_note(&row->owner_by, to.owner_by);
	count_in(leaks, row, close_wait, age_ns);
	leaks_note_entry(leaks, row, close_wait);
	if (to.owner_by == OWNER_HOLDER)
		leaks_note_maker(leaks, row, close_wait, to.process);
	keep_oldest(row, (struct leak_socket){close_wait, age_ns, leaks_kind(leaks, close_wait),
					      to.fd, to.process});
}

/*
 * While it was young its owner was charged, without a look around: one that was never seen to hold
 * a socket, as a server that forks, had nothing then.
 */
static void acquit_owner(struct leaks *leaks, uint32_t owner)
{
	struct leak_row *row = leaks_row_of(leaks, owner);

	if (row && !row->is_holder)
		row->row.had_any = false;
}

/* The filters choose what is counted: what else a verdict takes is never left out. */
static bool passes(const struct leaks *leaks, const struct close_wait *close_wait)
{
	return !leaks->config.tuples || filter_tuple(leaks->config.tuples, &close_wait->tuple, 1);
}

static bool concerns(const struct leaks *leaks, const struct close_wait *close_wait,
		     struct holder_range holders)
{
	const struct process_filter *filter = leaks->config.processes;

	if (!process_filter_active(filter) ||
	    process_filter_match(filter, leaks_process(leaks, close_wait->owner)))
		return true;
	for (size_t i = 0; i < holders.count; i++)
		if (process_filter_match(filter, leaks_process(leaks, holders.first[i].process)))
			return true;
	return false;
}

/* To its holders, who are the ones who can close; to its owner where none is known. */
bool leaks_charged(const struct leaks *leaks, const struct close_wait *close_wait,
		   struct holder_range *holders)
{
	const struct close_waits *close_waits = &leaks->model->close_waits;

	if (!passes(leaks, close_wait))
		return false;
	*holders = close_waits_holders(close_waits, close_wait);
	return concerns(leaks, close_wait, *holders);
}

/* Each process once, by the first of its descriptors. */
static void charge_holders(struct leaks *leaks, const struct close_wait *close_wait,
			   struct holder_range holders)
{
	const struct holder *holder = holders.first;

	for (; holder; holder = leaks_next_process(holders, holder)) {
		struct charged to = {holder->process, holder->fd, OWNER_HOLDER};

		charge(leaks, leaks_make_row(leaks, to.process), close_wait, to);
	}
	acquit_owner(leaks, close_wait->owner);
}

static void charge_socket(void *context, const struct close_wait *close_wait)
{
	struct leaks *leaks = context;
	struct holder_range holders;
	struct leak_row *row;
	struct charged to;

	leaks->all += passes(leaks, close_wait);
	if (!leaks_charged(leaks, close_wait, &holders))
		return;
	leaks->sockets++;
	leaks_count_origin(leaks, close_wait);
	row = leaks_listener_row(leaks, close_wait, &to);
	if (row) {
		charge(leaks, row, close_wait, to);
	} else if (holders.count) {
		charge_holders(leaks, close_wait, holders);
	} else {
		to = leaks_charged_without_holder(leaks, close_wait);
		charge(leaks, leaks_make_row(leaks, to.process), close_wait, to);
	}
}

/* With a descriptor of its own; only who has others in CLOSE_WAIT is asked about. */
static void count_partner(void *context, const struct close_wait *partner)
{
	struct leaks *leaks = context;
	struct holder_range holders;

	if (!leaks_is_old(leaks, partner))
		return;
	holders = close_waits_holders(&leaks->model->close_waits, partner);
	for (size_t i = 0; i < holders.count; i++) {
		struct leak_row *row = leaks_row_of(leaks, holders.first[i].process);

		if (!row || row->last_cookie == partner->cookie)
			continue;
		row->last_cookie = partner->cookie;
		row->partners++;
	}
}

static void clear_row(void *context, struct row *cleared)
{
	struct leak_row *row = (struct leak_row *)cleared;

	(void)context;
	row->sockets = 0;
	row->dead = 0;
	row->more = 0;
	row->older = 0;
	row->seen_inherited = 0;
	row->handed_on = false;
	row->maker = (struct common){0};
	row->began = (struct began){0};
	row->unread_bytes = 0;
	row->partners = 0;
	row->last_cookie = 0;
	row->owner_by = (struct common){0};
	row->places = (struct greatest){0};
	row->about = row->about_sockets = row->nearest = row->at_most = 0;
	row->at_most_ns = 0;
	row->peer = NULL;
	memset(row->kinds, 0, sizeof(row->kinds));
	row->all = (struct verdict_sockets){0};
	row->old = (struct verdict_sockets){0};
	memset(row->oldest, 0, sizeof(row->oldest));
}

void leaks_listed(void *self, enum listing_scope scope)
{
	struct leaks *leaks = self;

	if (scope == LISTING_CONNECTIONS)
		return;

	leaks->sockets = leaks->all = leaks->dead = 0;
	tally_clear(&leaks->places);
	tally_clear(&leaks->processes);
	stack_tally_clear(&leaks->stacks);
	stack_tally_clear(&leaks->origins);
	rows_each(&leaks->rows, clear_row, NULL);
	close_waits_each(&leaks->model->close_waits, charge_socket, leaks);
	leaks_choose_places(leaks);
	leaks_choose_processes(leaks);
	leaks_draw_began(leaks);
	leaks_count_ends(leaks);
	close_waits_each_partner(&leaks->model->close_waits, count_partner, leaks);
}

void leaks_refresh(void *self, uint64_t time_ns, bool last)
{
	struct leaks *leaks = self;

	leaks->since_ns = leaks->time_ns;
	leaks->time_ns = leaks->model->close_waits.time_ns; /* what ages are as of */
	if (!leaks->time_ns)
		leaks->time_ns = time_ns;
	growth_tick(&leaks->clock, leaks->time_ns);
	if (!leaks->begun_ns)
		leaks->begun_ns = leaks->time_ns;
	leaks_note_looks(leaks);
	leaks_find_nearest(leaks);
	leaks_note_trends(leaks);
	leaks_judge(leaks);
	leaks_find_peers(leaks);
	leaks_rank_stacks(leaks);
	rows_choose(&leaks->rows, last);
	leaks->incomplete =
		model_has_lost(leaks->model, &leaks->losses) || leaks->model->close_waits.broken;
	table_sort(&leaks_table, &leaks->rows, leaks,
		   leaks->config.sort ? leaks->config.sort : "sockets");
	for (size_t i = 0; i < leaks->rows.shown_count; i++) {
		struct leak_row *row = leaks_shown(leaks, i);

		row->row.active_ns = leaks->time_ns;
		growth_add(&row->growth, &leaks->clock, leaks_count(row));
	}
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
			.refreshed = 1U << TCP_LISTEN | CLOSE_WAIT_STATES,
			.snapshot = 1U << TCP_LISTEN | CLOSE_WAIT_STATES,
			.wants = WANT(ACCEPTED) | WANT(LISTENERS) | WANT(DEAD),
		},
	.without_stream = "the age of a socket with keepalive is a lower bound, dead "
			  "descriptors are not told",
	.table = &leaks_table,
	.sheets = leaks_sheets,
	.sheet_count = LENGTH(leaks_sheets),
	.bytes = sizeof(struct leaks),
	.init = leaks_init,
	.free = leaks_free,
	.observer = {.listed = leaks_listed},
	.ask = leaks_ask,
	.refresh = leaks_refresh,
	.show_json = leaks_show_json,
	.show_text = leaks_show_text,
	.fold = leaks_fold,
};
