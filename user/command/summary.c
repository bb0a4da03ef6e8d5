// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/summary/summary.h"

#include "source/clock.h"
#include "command/commands.h"
#include "source/diag.h"
#include "source/proc/facts.h"
#include "view/leaks/show.h"
#include "view/ports/show.h"
#include "command/session.h"
#include "cli/status.h"
#include "command/stop.h"
#include "view/timewait/show.h"

struct summary_run {
	struct session session;
	struct leaks leaks; /* for their worst rows */
	struct time_waits waits;
	struct ports ports;
};

static void on_listed(void *context)
{
	struct summary_run *run = context;

	time_waits_listed(&run->waits);
}

/* A filter must not change the count of a destination's ports: then it is left out. */
static bool ports_are_shown(const struct options *options)
{
	const struct tuple_filter *filter = &options->tuples;

	return !options->json && !filter->lport.active && !filter->laddr.port && !filter->families;
}

/* For the worst row and the nearest destination, and where a filter asks for processes. */
static bool need_holders(void *context)
{
	struct summary_run *run = context;

	return leaks_need_holders(&run->leaks) ||
	       (ports_are_shown(run->session.options) && ports_want_holders(&run->ports));
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

/* The one with most TIME_WAITs; a row may have FIN_WAIT2s alone. */
static void show_fullest(struct summary_run *run, uint64_t now_ns, unsigned int columns)
{
	const struct time_wait_row *row;

	time_waits_refresh(&run->waits, now_ns, false);
	if (!run->waits.rows.shown_count)
		return;
	row = time_waits_shown(&run->waits, 0);
	if (row->sockets)
		time_waits_show_worst(row, &run->session.output, columns);
}

static void show_nearest(struct summary_run *run, uint64_t now_ns, unsigned int columns)
{
	if (!ports_are_shown(run->session.options))
		return;
	ports_refresh(&run->ports, now_ns, false);
	if (run->ports.rows.shown_count)
		ports_show_worst(&run->ports, ports_shown(&run->ports, 0), &run->session.output,
				 columns);
}

static void show_text(struct summary_run *run, const struct summary *summary)
{
	struct output *output = &run->session.output;
	const struct leak_row *worst = worst_leak(run);
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);
	unsigned int columns, lines;

	session_terminal(&columns, &lines);
	summary_text(summary, output, columns);
	if (worst)
		leaks_show_worst(&run->leaks, worst, output, columns);
	show_fullest(run, now_ns, columns);
	show_nearest(run, now_ns, columns);
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
		.ports = true,
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
	struct ports_config ports_config = {.processes = &options->processes, .without_bpf = true};
	struct summary_run run;
	struct model_observer observer = {.listed = on_listed, .context = &run};
	int status;

	session_init(&run.session, options, WATCH_NOTHING, stop_on_signals(), observer);
	leaks_init(&run.leaks, &leaks_config, &run.session.model);
	time_waits_init(&run.waits, &options->processes, BY_PID, &run.session.model);
	ports_init(&run.ports, &ports_config, &run.session.model);
	status = list_and_show(&run);
	ports_free(&run.ports);
	time_waits_free(&run.waits);
	leaks_free(&run.leaks);
	session_free(&run.session);
	return status;
}
