// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/closing/closing.h"
#include "base/macros.h"

#include <string.h>

#include "view/place.h"

static bool is_present(const void *context, const struct row *row)
{
	return table_is_present(&closing_table, context, row);
}

void closing_init(void *self, const struct view_config *config, struct model *model)
{
	struct closing *closing = self;
	struct rows_config rows = {
		.bytes = sizeof(struct closing_row),
		.by = config->by,
		.is_present = is_present,
		.context = closing,
	};

	*closing = (struct closing){.config = *config, .model = model};
	rows_init(&closing->rows, &rows, &model->connections.processes);
}

void closing_free(void *self)
{
	rows_free(&((struct closing *)self)->rows);
}

const struct closing_row *closing_shown(const struct closing *closing, size_t i)
{
	return (const struct closing_row *)closing->rows.shown[i];
}

struct holder_range closing_holders(const struct closing *closing, const struct listed *listed)
{
	return close_waits_holders_of(&closing->model->close_waits, listed->cookie);
}

bool closing_oldest_ns(const struct closing_row *row, uint64_t *age_ns)
{
	*age_ns = row->oldest[0].age_ns;
	return row->sockets && row->oldest[0].age_known;
}

static bool is_asked_for(const struct closing *closing, const struct listed *listed)
{
	const struct view_config *config = &closing->config;

	return (!config->tuples || filter_tuple(config->tuples, &listed->tuple, 1)) &&
	       (!config->states || config->states >> listed->state & 1);
}

/* By its owner, or by whoever holds it. */
static bool concerns(const struct closing *closing, const struct listed *listed,
		     struct holder_range holders)
{
	const struct process_filter *filter = closing->config.processes;

	if (!process_filter_active(filter) ||
	    process_filter_match(filter, rows_process(&closing->rows, listed->owner)))
		return true;
	for (size_t i = 0; i < holders.count; i++)
		if (process_filter_match(filter,
					 rows_process(&closing->rows, holders.first[i].process)))
			return true;
	return false;
}

static struct closing_row *row_of(struct closing *closing, const struct listed *listed)
{
	const struct process *owner = rows_process(&closing->rows, listed->owner);
	struct tuple place = place_of(&listed->tuple, listed->direction);
	uint64_t key = place_key(grouping_key(closing->config.by, owner), &place);
	struct closing_row *row = (struct closing_row *)rows_find(&closing->rows, key);

	if (row)
		return row;
	row = (struct closing_row *)rows_add(&closing->rows, key, listed->owner);
	row->tuple = place;
	return row;
}

/* Cookies are given out in order: they decide between equals, and where no age is known. */
static bool is_older(const struct closing_socket *a, const struct closing_socket *b)
{
	if (a->age_known != b->age_known)
		return a->age_known;
	if (a->age_known && a->age_ns != b->age_ns)
		return a->age_ns > b->age_ns;
	return a->listed->cookie < b->listed->cookie;
}

/* Keeps the oldest, in their order. */
static void keep_oldest(struct closing_row *row, struct closing_socket socket)
{
	for (int i = 0; i < CLOSING_OLDEST; i++) {
		struct closing_socket other = row->oldest[i];

		if (other.listed && !is_older(&socket, &other))
			continue;
		row->oldest[i] = socket;
		if (!other.listed)
			return;
		socket = other;
	}
}

/*
 * Where there is one look only, what is sent again counts whatever its age; else it does once it is
 * known whether it is answered.
 */
static void count_old(const struct closing *closing, struct closing_row *row,
		      const struct closing_socket *socket)
{
	const struct listed *listed = socket->listed;
	bool once = closing->config.once;
	bool silent = listed_is_silent(&closing->model->listed, listed, once);

	if (listed_sends_again(listed) ? !silent : socket->age_ns < closing->config.age_ns)
		return;
	if (socket->age_ns < closing->config.age_ns && !once)
		return;
	row->old.all++;
	row->old.fin_wait2 += listed->state == TCP_FIN_WAIT2;
	row->old.silent += silent;
	row->old.zero_window += listed->flags & SOCKET_ZERO_WINDOW && !silent;
}

static void count(const struct closing *closing, struct closing_row *row,
		  const struct closing_socket *socket)
{
	const struct listed *listed = socket->listed;

	row->sockets++;
	row->by_state[listed->state]++;
	row->orphans += !!(listed->flags & SOCKET_ORPHAN);
	row->zero_window += !!(listed->flags & SOCKET_ZERO_WINDOW);
	row->unacked_bytes += listed->unacked;
	row->unsent_bytes += listed->unsent;
	if (listed->retransmits > row->retransmits)
		row->retransmits = listed->retransmits;
	common_note(&row->owner_by, listed->owner_by);
	common_note(&row->family, listed->tuple.family);
	row->direction = listed->direction;
	row->row.active_ns = closing->model->listed.time_ns;
	count_old(closing, row, socket);
	keep_oldest(row, *socket);
}

/* To its first holder, who could close; what nobody holds any more to who held or closed it. */
static void charge(void *context, struct listed *listed)
{
	struct closing *closing = context;
	struct closing_socket socket = {.listed = listed, .fd = -1};
	struct holder_range holders = closing_holders(closing, listed);

	if (holders.count) {
		listed_own(&closing->model->listed, listed, holders.first[0].process);
		socket.fd = holders.first[0].fd;
	}
	if (!is_asked_for(closing, listed))
		return;
	closing->all++;
	if (!concerns(closing, listed, holders))
		return;
	closing->sockets++;
	socket.age_known = listed_age_ns(&closing->model->listed, listed, &socket.age_ns);
	count(closing, row_of(closing, listed), &socket);
}

static void clear_row(void *context, struct row *cleared)
{
	struct closing_row *row = (struct closing_row *)cleared;

	(void)context;
	row->sockets = row->orphans = row->zero_window = row->retransmits = 0;
	row->unacked_bytes = row->unsent_bytes = 0;
	row->old = (struct closing_counts){0};
	memset(row->by_state, 0, sizeof(row->by_state));
	memset(row->oldest, 0, sizeof(row->oldest));
	row->owner_by = (struct common){0};
}

void closing_listed(void *self, enum listing_scope scope)
{
	struct closing *closing = self;

	if (scope == LISTING_CONNECTIONS)
		return;
	closing->sockets = closing->all = 0;
	rows_each(&closing->rows, clear_row, NULL);
	listed_each(&closing->model->listed, CLOSING_STATES, charge, closing);
}

static void look_for_holders(void *context, struct listed *listed)
{
	bool *wanted = context;

	*wanted |= !(listed->flags & SOCKET_ORPHAN);
}

void closing_ask(const void *self, struct questions *questions)
{
	const struct closing *closing = self;
	bool wanted = false;

	listed_each(&closing->model->listed, CLOSING_STATES, look_for_holders, &wanted);
	if (wanted)
		questions_put(questions, QUESTION_HOLDERS);
}

static void judge(void *context, struct row *judged)
{
	struct closing_row *row = (struct closing_row *)judged;

	(void)context;
	if (row->sockets)
		row->verdict = closing_verdict_of(&row->old);
}

void closing_refresh(void *self, uint64_t time_ns, bool last)
{
	struct closing *closing = self;

	closing->time_ns = closing->model->listed.time_ns; /* what ages are as of */
	if (!closing->time_ns)
		closing->time_ns = time_ns;
	if (!closing->begun_ns)
		closing->begun_ns = closing->time_ns;
	rows_each(&closing->rows, judge, NULL);
	rows_choose(&closing->rows, last);
	closing->incomplete =
		model_has_lost(closing->model, &closing->losses) || closing->model->listed.broken;
	table_sort(&closing_table, &closing->rows, closing,
		   closing->config.sort ? closing->config.sort : "sockets");
}

const struct view closing_view = {
	.name = "closing",
	.needs =
		{
			.listed = 1U << TCP_LISTEN,
			/* the other end, in CLOSE_WAIT, may be on this host */
			.refreshed = 1U << TCP_CLOSE_WAIT | CLOSING_STATES,
			.snapshot = 1U << TCP_LISTEN | 1U << TCP_CLOSE_WAIT | CLOSING_STATES,
			.wants = WANT(ACCEPTED) | WANT(LISTENERS),
		},
	.without_stream = "some ages are not known",
	.table = &closing_table,
	.sheets = closing_sheets,
	.sheet_count = LENGTH(closing_sheets),
	.bytes = sizeof(struct closing),
	.init = closing_init,
	.free = closing_free,
	.observer = {.listed = closing_listed},
	.ask = closing_ask,
	.refresh = closing_refresh,
	.show_json = closing_show_json,
	.show_text = closing_show_text,
};
