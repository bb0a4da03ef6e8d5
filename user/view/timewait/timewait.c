// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/timewait/timewait.h"
#include "base/macros.h"

#include "base/memory.h"

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
	histogram_free(&row->idle);
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
	sum->closed_by_reset += row->closed_by_reset;
	sum->reset_by_data += row->reset_by_data;
	sum->sent_bytes += row->sent_bytes;
	sum->received_bytes += row->received_bytes;
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
	histogram_merge(&sum->idle, &row->idle);
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

/* What happened meanwhile is not told any more: the counters of all rows are lower bounds. */
static void note_losses(struct time_waits *waits)
{
	waits->incomplete = model_has_lost(waits->model, &waits->losses);
	if (waits->incomplete)
		rows_mark_incomplete(&waits->rows);
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

struct known {
	unsigned int state;
	uint64_t count;
};

static void count_known(void *context, struct connection *connection)
{
	struct known *known = context;

	known->count += connection->state == known->state &&
			(connection->flags & (CONNECTION_MINISOCKET | CONNECTION_GONE)) ==
				CONNECTION_MINISOCKET;
}

uint64_t time_waits_known(const struct time_waits *waits, unsigned int state)
{
	struct known known = {.state = state};

	connections_each(&waits->model->connections, count_known, &known);
	return known.count;
}

struct time_wait_row *time_waits_shown(const struct time_waits *waits, size_t i)
{
	return (struct time_wait_row *)waits->rows.shown[i];
}

bool time_waits_rate(const struct time_waits *waits, const struct time_wait_row *row, double *per_s)
{
	return growth_per_s(&row->growth, &waits->clock, waits->time_ns, (double)row->created,
			    per_s);
}

const struct process *time_waits_closer(const struct time_waits *waits,
					const struct time_wait_row *row)
{
	return row->closer.mixed ? NULL : rows_process(&waits->rows, row->closer.value);
}

const struct view timewait_view = {
	.name = "timewait",
	.needs =
		{
			.told =
				{
					[TCP_ESTABLISHED] = ALL_STATES,
					/* who connects, and when that comes about */
					[TCP_SYN_SENT] = ALL_STATES,
					[TCP_SYN_RECV] = ALL_STATES,
					[TCP_FIN_WAIT1] = 1U << TCP_CLOSE,
					[TCP_FIN_WAIT2] = 1U << TCP_CLOSE,
					[TCP_CLOSING] = 1U << TCP_CLOSE,
					[TCP_CLOSE_WAIT] = 1U << TCP_CLOSE, /* by an RST */
					[TCP_CLOSE] = 1U << TCP_SYN_SENT | 1U << TCP_LISTEN,
					[TCP_LISTEN] = 1U << TCP_CLOSE,
				},
			/* whoever closes second has nothing more to tell */
			.listed = ALL_STATES & ~(1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK),
			.snapshot = 1U << TCP_LISTEN | 1U << TCP_TIME_WAIT | 1U << TCP_FIN_WAIT2,
			.wants = WANT(ACCEPTED) | WANT(ACCEPTORS) | WANT(MINISOCKETS) |
				 WANT(LISTED_ENDS),
		},
	.essential = WANT(MINISOCKETS),
	.without_stream = "owners are not known, nor who closed, nor how they end",
	.table = &time_waits_table,
	.sheets = time_waits_sheets,
	.sheet_count = LENGTH(time_waits_sheets),
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
