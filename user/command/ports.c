// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/ports/ports.h"

#include "source/clock.h"
#include "command/commands.h"
#include "source/diag.h"
#include "view/ports/show.h"
#include "command/table.h"

#define LISTING_SHARE 20 /* a listing may take so much of the time: one part in this */

struct ports_run {
	struct table table;
	struct ports view;
	uint64_t list_at_ns; /* not before, unless a connect failed */
};

const char *ports_why_not(enum option_id option)
{
	if (option == OPTION_BY)
		return "its rows are destinations";
	return NULL;
}

static void on_transition(void *context, const struct transition *transition)
{
	struct ports_run *run = context;

	ports_transition(&run->view, transition);
}

static void on_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct ports_run *run = context;

	table_loss(&run->table, time_ns, losses);
}

/*
 * What bind() takes is not streamed: sockets and descriptors are listed again, at each refresh
 * where that is cheap.
 */
static void update(void *context)
{
	struct ports_run *run = context;
	uint64_t begin_ns = clock_now_ns(CLOCK_MONOTONIC), end_ns;

	bool first = !run->list_at_ns; /* all has just been listed */

	run->view.config.without_bpf = !live_knows_bound(run->table.session.live);

	if (first)
		run->list_at_ns = begin_ns;
	if ((first || begin_ns < run->list_at_ns) && !ports_has_failures(&run->view))
		return;
	live_list(run->table.session.live);
	end_ns = clock_now_ns(CLOCK_MONOTONIC);
	run->list_at_ns = end_ns + (end_ns - begin_ns) * LISTING_SHARE;
}

static bool need_holders(void *context)
{
	(void)context;
	return true;
}

static bool list(void *context, struct refusal *refusal, size_t *unseen)
{
	struct ports_run *run = context;
	struct diag_config config = {
		.filter = &run->table.session.filter,
		.sink = session_sink(&run->table.session),
		.ports = true,
		.need_holders = need_holders,
		.unseen = unseen,
	};

	run->view.config.without_bpf = true;
	return diag_list(&config, refusal);
}

static void refresh(void *context, bool last)
{
	struct ports_run *run = context;
	const char *sort = run->table.session.options->sort;

	ports_refresh(&run->view, clock_now_ns(CLOCK_MONOTONIC), last);
	if (sort)
		ports_sort(&run->view, sort);
}

static void show_json(void *context)
{
	struct ports_run *run = context;
	struct session *session = &run->table.session;

	ports_show_json(&run->view, &session->output, &session->clocks, session->options->limit);
}

static void show_text(void *context, const struct text_style *style, bool last)
{
	struct ports_run *run = context;
	struct session *session = &run->table.session;

	(void)last;
	ports_show_text(&run->view, &session->output, &session->clocks, style);
}

int run_ports(const struct options *options)
{
	struct ports_run run = {0};
	struct ports_config config = {
		.tuples = &options->tuples,
		.processes = &options->processes,
	};
	struct table_view view = {
		.name = "ports",
		.lost_without_bpf = "failed connects are not seen, nor what bind() has taken",
		.watch = WATCH_PORTS,
		.list = list,
		.update = update,
		.refresh = refresh,
		.show_json = show_json,
		.show_text = show_text,
		.context = &run,
	};
	struct model_observer observer = {
		.transition = on_transition,
		.failure = on_transition,
		.loss = on_loss,
		.context = &run,
	};
	int status;

	table_init(&run.table, options, &view, observer);
	ports_init(&run.view, &config, &run.table.session.model);
	status = table_run(&run.table);
	ports_free(&run.view);
	table_free(&run.table);
	return status;
}
