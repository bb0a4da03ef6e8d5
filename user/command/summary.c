// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "summary.h"

#include "clock.h"
#include "commands.h"
#include "diag.h"
#include "facts.h"
#include "leaks_show.h"
#include "session.h"
#include "status.h"
#include "stop.h"

struct summary_run {
	struct session session;
	struct leaks leaks; /* for its worst row */
};

/* For the worst row, and where a filter asks for processes. */
static bool need_holders(void *context)
{
	struct summary_run *run = context;

	return leaks_need_holders(&run->leaks);
}

/* Of those in CLOSE_WAIT, the process that holds most. NULL: none is in CLOSE_WAIT. */
static const struct leak_row *worst_leak(struct summary_run *run)
{
	const struct process *process;
	struct process_facts facts = {0};
	struct leak_row *row;

	leaks_refresh(&run->leaks, false);
	if (!run->leaks.rows.shown_count)
		return NULL;
	row = leaks_shown(&run->leaks, 0);
	process = processes_get(&run->session.model.connections.processes, row->row.process);
	if (process) {
		facts_read_descriptors(&process->id, &facts);
		facts_read_threads(&process->id, &facts);
		leaks_take_facts(row, &facts);
	}
	return row;
}

static void show_text(struct summary_run *run, const struct summary *summary)
{
	struct output *output = &run->session.output;
	const struct leak_row *worst = worst_leak(run);

	summary_text(summary, output);
	if (worst)
		leaks_show_worst(&run->leaks, worst, output);
	summary_text_next(summary, output);
}

static void show(struct summary_run *run)
{
	struct session *session = &run->session;
	struct summary summary;

	summary_count(&summary, &session->model, &session->options->processes);
	if (session->options->json)
		summary_json(&summary, &session->output, clock_now_ns(CLOCK_MONOTONIC),
			     &session->clocks);
	else
		show_text(run, &summary);
	summary_free(&summary);
	output_flush(&session->output);
}

static int list_and_show(struct summary_run *run)
{
	size_t unseen = 0;
	struct diag_config config = {
		.filter = &run->session.options->tuples,
		.sink = session_sink(&run->session),
		.need_holders = need_holders,
		.context = run,
		.unseen = &unseen,
	};
	struct refusal refusal;

	if (!diag_list(&config, &refusal))
		return fail(STATUS_REFUSED, "%s", refusal.text);
	show(run);
	session_say_unseen(&run->session, unseen);
	return session_output_status(&run->session);
}

int run_summary(const struct options *options)
{
	struct leaks_config leaks_config = {.processes = &options->processes, .once = true};
	struct model_observer nobody = {0};
	struct summary_run run;
	int status;

	session_init(&run.session, options, WATCH_NOTHING, stop_on_signals(), nobody);
	leaks_init(&run.leaks, &leaks_config, &run.session.model);
	status = list_and_show(&run);
	leaks_free(&run.leaks);
	session_free(&run.session);
	return status;
}
