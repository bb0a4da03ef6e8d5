// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/print.h"

#include <errno.h>
#include <unistd.h>

#include "cli/status.h"
#include "command/terminal.h"
#include "view/audit/show.h"
#include "view/objects.h"

static bool redraws(const struct watch *watch)
{
	const struct options *options = watch->options;

	return isatty(STDOUT_FILENO) && !options->once && !options->json;
}

static void show_text(const struct watch *watch, struct watched *watched)
{
	struct text_style style = terminal_style(watch->options);

	if (redraws(watch))
		output_string(&watched->output, CLEAR_SCREEN);
	watched->view->show_text(watched->self, &watched->output, &style, watch->last);
}

static void show(const struct watch *watch, struct watched *watched)
{
	const struct options *options = watch->options;

	if (!watched->view->refresh)
		return;
	if (options->json)
		watched->view->show_json(watched->self, &watched->output, options->limit);
	else
		show_text(watch, watched);
	output_flush(&watched->output);
}

static void show_all(void *self, struct watch *watch, uint64_t time_ns)
{
	(void)self;
	(void)time_ns;
	for (size_t i = 0; i < watch->view_count; i++)
		show(watch, &watch->views[i]);
}

static void tell_loss(void *self, uint64_t time_ns, const struct losses *losses)
{
	struct watch *watch = self;

	for (size_t i = 0; watch->options->json && i < watch->view_count; i++)
		object_loss(&watch->views[i].output, time_ns, losses, &watch->model.clocks);
}

/* What is shown as it happens waits for no refresh. False once nobody reads it. */
static bool flush(void *self, struct watch *watch)
{
	bool writes = true;

	(void)self;
	for (size_t i = 0; i < watch->view_count; i++) {
		output_flush(&watch->views[i].output);
		writes = writes && !watch->views[i].output.error;
	}
	return writes;
}

static void show_audit(struct watch *watch, struct output *output)
{
	audit_settle(&watch->audit, &watch->model.losses,
		     !model_lacks(&watch->model, WANT_MINISOCKETS));
	if (watch->options->json)
		audit_show_json(&watch->audit, output, &watch->model.clocks);
	else
		audit_show_text(&watch->audit, output, terminal_style(watch->options).columns);
}

void print_audit(struct watch *watch, struct output *output)
{
	if (watch->options->audit && model_lacks(&watch->model, WANT_TRANSITIONS))
		watch_note("--audit: nothing was streamed without BPF: there is nothing to audit");
	else if (watch->options->audit)
		show_audit(watch, output);
}

static void note_losses(const struct watch *watch, const struct watched *watched,
			const struct losses *losses)
{
	const struct view *view = watched->view;
	uint64_t shown = view->shown ? view->shown(watched->self) : watch->shown;
	struct sentence sentence = {0};

	/* a full disk has its one line */
	if (watched->output.error && watched->output.error != EPIPE)
		return;
	if (!view->shown && !losses_total(losses) && !losses->stacks_dropped)
		return;
	say_losses(&sentence, shown, !view->shown, losses);
	watch_note(sentence.text);
}

/* The audit, if one was asked for, after all else but for the last `loss`. */
static void finish(struct watch *watch, struct watched *watched)
{
	const struct losses *losses = &watch->model.losses;

	print_audit(watch, &watched->output);
	if (watch->options->json && !watched->view->plain)
		object_loss(&watched->output, watch->time_ns, losses, &watch->model.clocks);
	output_flush(&watched->output);
	note_losses(watch, watched, losses);
}

static int finish_all(void *self, struct watch *watch, int status)
{
	(void)self;
	for (size_t i = 0; i < watch->view_count; i++) {
		finish(watch, &watch->views[i]);
		if (status == STATUS_DONE)
			status = output_exit_status(&watch->views[i].output);
	}
	return status;
}

const struct consumer print_consumer = {
	.observer = {.loss = tell_loss},
	.refreshed = show_all,
	.turn = flush,
	.finish = finish_all,
};
