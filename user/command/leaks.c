// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "leaks.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "diag.h"
#include "facts.h"
#include "leaks_show.h"
#include "session.h"
#include "status.h"
#include "stop.h"

#define NS_PER_S     1000000000.0
#define CLEAR_SCREEN "\033[H\033[J"
#define DIAG_STATES  (1U << TCP_LISTEN | 1U << TCP_CLOSE_WAIT)

struct leaks_run {
	struct session session;
	struct leaks view;
	struct leaks_text text;
	bool redraws; /* a terminal, again and again */
	struct refusal refusal;
	bool failed;	  /* the kernel cannot even list sockets */
	size_t unseen;	  /* namespaces that sock_diag could not list */
	bool without_bpf; /* because of `refusal`, not because the user asked for it */
	bool said;	  /* what cannot be seen */
};

static void on_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct leaks_run *run = context;

	if (run->session.options->json)
		object_loss(&run->session.output, time_ns, losses, &run->session.clocks);
}

static bool need_holders(void *context)
{
	struct leaks_run *run = context;

	return leaks_need_holders(&run->view);
}

/* False where the kernel does not even list sockets. */
static bool list(struct leaks_run *run)
{
	struct diag_config config = {
		.filter = &run->session.options->tuples,
		.sink = session_sink(&run->session),
		.states = DIAG_STATES,
		.need_holders = need_holders,
		.context = run,
		.unseen = &run->unseen,
	};
	struct refusal refusal; /* run->refusal, why there is no BPF, is still to be said */

	if (run->session.live) {
		live_list_close_waits(run->session.live, need_holders, run);
		live_heal(run->session.live);
		return true;
	}
	if (diag_list(&config, &refusal))
		return true;
	run->refusal = refusal;
	return false;
}

/* What /proc says of the processes that are shown. */
static void find_facts(struct leaks_run *run)
{
	for (size_t i = 0; i < run->view.shown_count; i++) {
		struct leak_row *row = run->view.shown[i];
		const struct process *process =
			processes_get(&run->session.model.connections.processes, row->process);
		struct process_facts facts = {0};

		if (!process || !row->sockets)
			continue;
		facts_read_descriptors(&process->id, &facts);
		if (leaks_wants_evidence(row))
			facts_read_threads(&process->id, &facts);
		leaks_take_facts(row, &facts);
	}
}

/* In one line, once. */
static void say_what_is_not_seen(struct leaks_run *run)
{
	char namespaces[64] = "";

	if (run->said || run->session.live)
		return;
	run->said = true;
	if (!run->without_bpf) {
		session_say_unseen(&run->session, run->unseen);
		return;
	}
	if (run->unseen)
		snprintf(namespaces, sizeof(namespaces),
			 ", %zu other network namespaces are not seen", run->unseen);
	note("%s; going on without BPF: ages are lower bounds, short CLOSE_WAITs have no owner%s",
	     run->refusal.text, namespaces);
}

static bool show(struct leaks_run *run, bool last)
{
	struct session *session = &run->session;
	const struct options *options = session->options;

	if (!list(run)) {
		run->failed = true;
		return false;
	}
	say_what_is_not_seen(run);
	leaks_refresh(&run->view, last);
	find_facts(run);
	if (options->sort)
		leaks_sort(&run->view, options->sort);
	if (options->json) {
		leaks_show_json(&run->view, &session->output, &session->clocks, options->limit);
	} else {
		session_terminal(&run->text.columns, &run->text.lines);
		if (run->redraws)
			output_string(&session->output, CLEAR_SCREEN);
		leaks_show_text(&run->view, &session->output, &session->clocks, &run->text);
	}
	output_flush(&session->output);
	return true;
}

static bool show_now(void *context)
{
	return show(context, false);
}

static void show_last(void *context)
{
	struct leaks_run *run = context;

	if (!run->failed)
		show(run, true);
}

static void finish(struct leaks_run *run)
{
	struct losses losses = {0};

	if (run->session.live)
		live_losses(run->session.live, &losses);
	if (run->session.options->json)
		object_loss(&run->session.output, clock_now_ns(CLOCK_MONOTONIC), &losses,
			    &run->session.clocks);
	output_flush(&run->session.output);
	if (losses_total(&losses))
		session_say_losses(&run->session, run->view.seq, "refreshes");
}

static int run_view(struct leaks_run *run)
{
	struct session_hooks hooks = {.refresh = show_now, .last = show_last, .context = run};
	int status;

	if (run->session.options->once) {
		show(run, true);
		status = session_ready(&run->session);
	} else {
		status = session_run(&run->session, &hooks);
	}
	if (run->failed)
		return fail(run->view.seq ? STATUS_FAILED : STATUS_REFUSED, "leaks: %s",
			    run->refusal.text);
	finish(run);
	return status == STATUS_DONE ? session_output_status(&run->session) : status;
}

/* Goes on without BPF where it is refused, unless it was asked for. */
static int open_source(struct leaks_run *run)
{
	const struct options *options = run->session.options;

	run->session.model.close_waits.listings_tell_entry = true;
	if (options->no_bpf)
		return STATUS_DONE;
	if (session_open(&run->session, &run->refusal) == STATUS_DONE) {
		run->session.model.close_waits.listings_tell_entry = false;
		return STATUS_DONE;
	}
	if (options->hooks != HOOKS_AUTO)
		return fail(STATUS_REFUSED, "leaks: %s; without --hooks it goes on without BPF",
			    run->refusal.text);
	run->without_bpf = true;
	return STATUS_DONE;
}

static void init(struct leaks_run *run, const struct options *options)
{
	struct leaks_config config = {
		.processes = &options->processes,
		.by = options->by,
		.age_ns = (uint64_t)(options->age_s * NS_PER_S),
		.once = options->once,
	};

	leaks_init(&run->view, &config, &run->session.model);
	run->text.limit = options->limit;
	run->text.sockets = options->verbose;
	run->text.color = session_color(options);
	run->redraws = isatty(STDOUT_FILENO) && !options->once && !options->json;
}

int run_leaks(const struct options *options)
{
	struct leaks_run run = {0};
	struct model_observer observer = {.loss = on_loss, .context = &run};
	int status;

	if (options->hooks == HOOKS_FENTRY)
		return fail(STATUS_REFUSED, HOOKS_FENTRY_REFUSAL);
	session_init(&run.session, options, WATCH_CLOSE_WAITS, stop_on_signals(), observer);
	init(&run, options);
	status = open_source(&run);
	if (status == STATUS_DONE)
		status = run_view(&run);
	leaks_free(&run.view);
	session_free(&run.session);
	return status;
}
