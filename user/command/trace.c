// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/trace/trace.h"

#include "source/clock.h"
#include "command/commands.h"
#include "command/session.h"
#include "cli/status.h"
#include "command/stop.h"

struct trace_run {
	struct session session;
	struct trace view;
};

static void on_transition(void *context, const struct transition *transition)
{
	struct trace_run *run = context;

	run->view.clocks = run->session.clocks;
	trace_transition(&run->view, transition);
}

static void on_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct trace_run *run = context;

	run->view.clocks = run->session.clocks;
	trace_loss(&run->view, time_ns, losses);
}

const char *trace_why_not(enum option_id option)
{
	if (option == OPTION_NO_BPF)
		return "transitions are seen by BPF programs only; tcplinger --no-bpf shows what "
		       "exists now";
	return NULL;
}

static void init(struct trace_run *run, const struct options *options)
{
	struct trace_config config = {
		.tuples = &options->tuples,
		.processes = &options->processes,
		.states = options->states,
		.json = options->json,
		.color = session_color(options),
		.full_addresses = options->verbose,
	};

	session_terminal(&config.columns, &config.lines);
	trace_init(&run->view, &config, &run->session.output, &run->session.model);
}

static int finish(struct trace_run *run, int status)
{
	struct losses losses;

	session_show_audit(&run->session);
	live_losses(run->session.live, &losses);
	if (run->view.config.json)
		object_loss(&run->session.output, clock_now_ns(CLOCK_MONOTONIC), &losses,
			    &run->session.clocks);
	output_flush(&run->session.output);
	session_say_losses(&run->session, run->view.shown, "transitions");
	return status == STATUS_DONE ? session_output_status(&run->session) : status;
}

int run_trace(const struct options *options)
{
	struct trace_run run;
	struct model_observer observer = {
		.transition = on_transition, .loss = on_loss, .context = &run};
	struct session_hooks hooks = {0};
	struct refusal refusal;
	int status;

	session_init(&run.session, options, WATCH_TRANSITIONS, stop_on_signals(), observer);
	init(&run, options);
	status = session_open(&run.session, &refusal);
	if (status == STATUS_REFUSED)
		fail(status, "trace: %s; `tcplinger --no-bpf` shows what exists now", refusal.text);
	else
		status = finish(&run, session_run(&run.session, &hooks));
	session_free(&run.session);
	return status;
}
