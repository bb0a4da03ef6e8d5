// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/table.h"

#include <unistd.h>

#include "source/clock.h"
#include "cli/status.h"
#include "command/stop.h"

#define CLEAR_SCREEN "\033[H\033[J"

void table_loss(struct table *table, uint64_t time_ns, const struct losses *losses)
{
	if (table->session.options->json)
		object_loss(&table->session.output, time_ns, losses, &table->session.clocks);
}

/*
 * What was lost until now is listed again first; what is lost by bringing the model up to date is
 * told. At the end there is no later.
 */
static void update(struct table *table, bool last)
{
	void (*heal)(struct live *) = last ? live_heal_now : live_heal;

	heal(table->session.live);
	if (table->view.update)
		table->view.update(table->view.context);
	heal(table->session.live);
}

static bool list(struct table *table, bool last)
{
	struct refusal refusal; /* table->refusal, why there is no BPF, is still to be said */

	if (table->session.live) {
		update(table, last);
		return true;
	}
	if (table->view.list(table->view.context, &refusal, &table->unseen))
		return true;
	table->refusal = refusal;
	return false;
}

/* In one line, once. */
static void say_what_is_not_seen(struct table *table)
{
	char unseen[UNSEEN_MAX];

	if (table->said || table->session.live)
		return;
	table->said = true;
	if (!table->without_bpf) {
		session_say_unseen(&table->session, table->unseen);
		return;
	}
	session_unseen(&table->session, table->unseen, unseen, sizeof(unseen));
	note("%s; going on without BPF: %s%s%s", table->refusal.text, table->view.lost_without_bpf,
	     unseen[0] ? "; not seen: " : "", unseen);
}

static void show_text(struct table *table, bool last)
{
	const struct options *options = table->session.options;
	struct text_style style = {
		.limit = options->limit,
		.details = options->verbose,
		.color = session_color(options),
	};

	session_terminal(&style.columns, &style.lines);
	if (table->redraws)
		output_string(&table->session.output, CLEAR_SCREEN);
	table->view.show_text(table->view.context, &style, last);
}

static bool show(struct table *table, bool last)
{
	if (!list(table, last)) {
		table->failed = true;
		return false;
	}
	say_what_is_not_seen(table);
	table->view.refresh(table->view.context, last);
	table->shown++;
	if (table->session.options->json)
		table->view.show_json(table->view.context);
	else
		show_text(table, last);
	output_flush(&table->session.output);
	return true;
}

static bool show_now(void *context)
{
	return show(context, false);
}

static void show_last(void *context)
{
	struct table *table = context;

	if (!table->failed)
		show(table, true);
}

static void finish(struct table *table)
{
	struct losses losses = {0};

	session_show_audit(&table->session);
	if (table->session.live)
		live_losses(table->session.live, &losses);
	table_loss(table, clock_now_ns(CLOCK_MONOTONIC), &losses);
	output_flush(&table->session.output);
	if (losses_total(&losses))
		session_say_losses(&table->session, table->shown, "refreshes");
}

static int run(struct table *table)
{
	struct session_hooks hooks = {.refresh = show_now, .last = show_last, .context = table};
	int status;

	if (table->session.options->once) {
		show(table, true);
		status = session_ready(&table->session);
	} else {
		status = session_run(&table->session, &hooks);
	}
	if (table->failed)
		return fail(table->shown ? STATUS_FAILED : STATUS_REFUSED, "%s: %s",
			    table->view.name, table->refusal.text);
	finish(table);
	return status == STATUS_DONE ? session_output_status(&table->session) : status;
}

static int open_source(struct table *table)
{
	const struct options *options = table->session.options;

	if (options->no_bpf || session_open(&table->session, &table->refusal) == STATUS_DONE)
		return STATUS_DONE;
	if (options->hooks != HOOKS_AUTO)
		return fail(STATUS_REFUSED, "%s: %s; without --hooks it goes on without BPF",
			    table->view.name, table->refusal.text);
	table->without_bpf = true;
	return STATUS_DONE;
}

void table_init(struct table *table, const struct options *options, const struct table_view *view,
		struct model_observer observer)
{
	*table = (struct table){.view = *view};
	session_init(&table->session, options, view->watch, stop_on_signals(), observer);
	table->redraws = isatty(STDOUT_FILENO) && !options->once && !options->json;
}

void table_free(struct table *table)
{
	session_free(&table->session);
}

int table_run(struct table *table)
{
	int status = open_source(table);

	return status == STATUS_DONE ? run(table) : status;
}
