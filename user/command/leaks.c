// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/leaks/leaks.h"

#include "command/commands.h"
#include "source/diag.h"
#include "source/proc/facts.h"
#include "view/leaks/show.h"
#include "command/table.h"

#define NS_PER_S    1000000000.0
#define DIAG_STATES (1U << TCP_LISTEN | 1U << TCP_CLOSE_WAIT)

struct leaks_run {
	struct table table;
	struct leaks view;
};

static void on_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct leaks_run *run = context;

	table_loss(&run->table, time_ns, losses);
}

static bool need_holders(void *context)
{
	struct leaks_run *run = context;

	return leaks_need_holders(&run->view);
}

static void update(void *context)
{
	struct leaks_run *run = context;

	live_list_close_waits(run->table.session.live, need_holders, run);
}

static bool list(void *context, struct refusal *refusal, size_t *unseen)
{
	struct leaks_run *run = context;
	struct diag_config config = {
		.filter = &run->table.session.options->tuples,
		.sink = session_sink(&run->table.session),
		.states = DIAG_STATES,
		.need_holders = need_holders,
		.context = run,
		.unseen = unseen,
	};

	run->table.session.model.close_waits.listings_tell_entry = true;
	return diag_list(&config, refusal);
}

/* What /proc says of the processes that are shown. */
static void find_facts(struct leaks_run *run)
{
	for (size_t i = 0; i < run->view.rows.shown_count; i++) {
		struct leak_row *row = leaks_shown(&run->view, i);
		const struct process *process = leaks_process(&run->view, row->row.process);
		struct process_facts facts = {0};

		if (!process || !row->sockets)
			continue;
		facts_read_descriptors(&process->id, &facts);
		if (leaks_wants_evidence(row))
			facts_read_threads(&process->id, &facts);
		leaks_take_facts(row, &facts);
	}
}

static void refresh(void *context, bool last)
{
	struct leaks_run *run = context;
	const char *sort = run->table.session.options->sort;

	leaks_refresh(&run->view, last);
	find_facts(run);
	if (sort)
		leaks_sort(&run->view, sort);
}

static void show_json(void *context)
{
	struct leaks_run *run = context;
	struct session *session = &run->table.session;

	leaks_show_json(&run->view, &session->output, &session->clocks, session->options->limit);
}

static void show_text(void *context, const struct text_style *style, bool last)
{
	struct leaks_run *run = context;
	struct session *session = &run->table.session;

	(void)last;
	leaks_show_text(&run->view, &session->output, &session->clocks, style);
}

int run_leaks(const struct options *options)
{
	struct leaks_run run;
	struct leaks_config config = {
		.processes = &options->processes,
		.by = options->by,
		.age_ns = (uint64_t)(options->age_s * NS_PER_S),
		.once = options->once,
	};
	struct table_view view = {
		.name = "leaks",
		.lost_without_bpf = "ages are lower bounds, short CLOSE_WAITs have no owner",
		.watch = WATCH_CLOSE_WAITS,
		.list = list,
		.update = update,
		.refresh = refresh,
		.show_json = show_json,
		.show_text = show_text,
		.context = &run,
	};
	struct model_observer observer = {.loss = on_loss, .context = &run};
	int status;

	table_init(&run.table, options, &view, observer);
	leaks_init(&run.view, &config, &run.table.session.model);
	status = table_run(&run.table);
	leaks_free(&run.view);
	table_free(&run.table);
	return status;
}
