// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/timewait/timewait.h"

#include "source/clock.h"
#include "command/commands.h"
#include "source/diag.h"
#include "cli/status.h"
#include "command/table.h"
#include "view/timewait/show.h"

#define DIAG_STATES (1U << TCP_LISTEN | 1U << TCP_TIME_WAIT | 1U << TCP_FIN_WAIT2)

struct timewait_run {
	struct table table;
	struct time_waits view;
	uint64_t begin_ns;
	uint64_t listed_ns;
};

static void on_transition(void *context, const struct transition *transition)
{
	struct timewait_run *run = context;

	time_waits_transition(&run->view, transition);
}

static void on_minisocket(void *context, struct connection *connection, enum minisocket_event event,
			  uint64_t time_ns)
{
	struct timewait_run *run = context;

	time_waits_minisocket(&run->view, connection, event, time_ns);
}

static void on_listed(void *context)
{
	struct timewait_run *run = context;

	time_waits_listed(&run->view);
}

static void on_counters(void *context, const struct record_counters *counters)
{
	struct timewait_run *run = context;

	time_waits_counters(&run->view, counters);
}

static void on_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct timewait_run *run = context;

	table_loss(&run->table, time_ns, losses);
}

/* A TIME_WAIT whose end no program was shown, for whatever reason, does not stay for ever. */
static void list_in_time(struct timewait_run *run)
{
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);

	if (now_ns - run->listed_ns < run->table.session.model.timewait_ns)
		return;
	live_list(run->table.session.live);
	run->listed_ns = now_ns;
}

/* The kernel's counters confirm what seems to have been refused. */
static void update(void *context)
{
	struct timewait_run *run = context;
	uint32_t netns;

	list_in_time(run);
	while (time_waits_want_counters(&run->view, &netns)) {
		live_count(run->table.session.live, netns);
		time_waits_settle(&run->view, netns);
	}
}

static bool list(void *context, struct refusal *refusal, size_t *unseen)
{
	struct timewait_run *run = context;
	struct diag_config config = {
		.filter = &run->table.session.options->tuples,
		.sink = session_sink(&run->table.session),
		.states = DIAG_STATES,
		.unseen = unseen,
	};

	return diag_list(&config, refusal);
}

static void refresh(void *context, bool last)
{
	struct timewait_run *run = context;
	const char *sort = run->table.session.options->sort;

	time_waits_refresh(&run->view, clock_now_ns(CLOCK_MONOTONIC), last);
	if (sort)
		time_waits_sort(&run->view, sort);
}

static void show_json(void *context)
{
	struct timewait_run *run = context;
	struct session *session = &run->table.session;

	time_waits_show_json(&run->view, &session->output, &session->clocks,
			     session->options->limit);
}

static void show_text(void *context, const struct text_style *style, bool last)
{
	struct timewait_run *run = context;
	struct session *session = &run->table.session;

	time_waits_show_text(&run->view, &session->output, &session->clocks, style);
	if (last && !session->options->once)
		time_waits_show_total(&run->view, &session->output, run->begin_ns, style);
}

int run_timewait(const struct options *options)
{
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);
	struct timewait_run run = {.begin_ns = now_ns, .listed_ns = now_ns};
	struct table_view view = {
		.name = "timewait",
		.lost_without_bpf = "owners are not known, nor who closed, nor how they end",
		.watch = WATCH_TIME_WAITS,
		.list = list,
		.update = update,
		.refresh = refresh,
		.show_json = show_json,
		.show_text = show_text,
		.context = &run,
	};
	struct model_observer observer = {
		.transition = on_transition,
		.minisocket = on_minisocket,
		.listed = on_listed,
		.counters = on_counters,
		.loss = on_loss,
		.context = &run,
	};
	int status;

	table_init(&run.table, options, &view, observer);
	time_waits_init(&run.view, &options->processes, options->by, &run.table.session.model);
	if (options->once)
		note("owners are known only for TIME_WAITs that begin while tcplinger watches: "
		     "run it without --once");
	status = table_run(&run.table);
	time_waits_free(&run.view);
	table_free(&run.table);
	return status;
}
