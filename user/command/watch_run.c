// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From opening the source to the last line. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/status.h"
#include "command/loop.h"
#include "command/terminal.h"
#include "command/watch.h"
#include "source/clock.h"
#include "source/privilege.h"
#include "view/audit/show.h"
#include "view/objects.h"

static void note_line(const char *line)
{
	note("%s", line);
}

static bool redraws(const struct watch *watch)
{
	const struct options *options = watch->options;

	return isatty(STDOUT_FILENO) && !options->once && !options->json;
}

static void show_text(struct watch *watch, struct watched *watched)
{
	struct text_style style = terminal_style(watch->options);

	if (redraws(watch))
		output_string(&watched->output, CLEAR_SCREEN);
	watched->view->show_text(watched->self, &watched->output, &style, watch->last);
}

static void show(struct watch *watch, struct watched *watched, uint64_t time_ns)
{
	const struct options *options = watch->options;

	if (!watched->view->refresh)
		return;
	watched->view->refresh(watched->self, time_ns, watch->last);
	if (options->json)
		watched->view->show_json(watched->self, &watched->output, options->limit);
	else
		show_text(watch, watched);
	output_flush(&watched->output);
}

/* In one line, once: where nothing is streamed it is known only after the first listing. */
static void say_what_is_not_seen(struct watch *watch)
{
	char unseen[SOURCE_UNSEEN];

	if (watch->said)
		return;
	watch->said = true;
	source_unseen(&watch->source, unseen);
	if (watch->without_bpf)
		note("%s; going on without BPF: %s%s%s", watch->refusal.text,
		     watch->views[0].view->without_stream, unseen[0] ? "; not seen: " : "", unseen);
	else if (unseen[0])
		note("not seen: %s", unseen);
}

static void on_record(void *context, const struct record_header *record)
{
	struct watch *watch = context;

	model_apply(&watch->model, record);
	if (record->type != RECORD_REFRESH)
		return;
	say_what_is_not_seen(watch);
	for (size_t i = 0; i < watch->view_count; i++)
		show(watch, &watch->views[i], record->time_ns);
	watch->shown++;
}

static void on_audited(void *context, const struct record_header *record)
{
	audit_record(context, record);
}

static void ask(void *context, struct questions *questions)
{
	const struct watch *watch = context;

	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].view->ask)
			watch->views[i].view->ask(watch->views[i].self, questions);
}

static struct source_config source_config(struct watch *watch)
{
	const struct options *options = watch->options;
	struct source_config config = {
		.needs = watch->model.needs,
		.essential = watch->view_count == 1 ? watch->views[0].view->essential : 0,
		.filter = &watch->filter,
		.interval_ns = (uint64_t)(options->interval_s * NS_PER_S),
		.hooks = options->hooks,
		.ring_kib = options->ring_kib,
		.verbose = options->verbose,
		.stop = watch->stop,
		.sink = {on_record, watch},
		.ask = ask,
		.context = watch,
	};

	if (options->audit)
		config.audit = (struct record_sink){on_audited, &watch->audit};
	return config;
}

static int refuse(const struct watch *watch)
{
	const char *name = watch->views[0].view->name, *why = watch->refusal.text;

	if (!watch->model.needs.snapshot)
		return fail(STATUS_REFUSED, "%s: %s; `tcplinger --no-bpf` shows what exists now",
			    name, why);
	return fail(STATUS_REFUSED, "%s: %s; without --hooks it goes on without BPF", name, why);
}

static int open_source(struct watch *watch)
{
	struct source_config config = source_config(watch);
	const struct options *options = watch->options;
	struct refusal unlikely;

	if (!source_open(&watch->source, &config, options->no_bpf, &watch->refusal)) {
		if (!watch->model.needs.snapshot || options->hooks != HOOKS_AUTO)
			return refuse(watch);
		watch->without_bpf = true;
		source_open(&watch->source, &config, true, &unlikely);
	}
	source_each_limit(&watch->source, note_line);
	return STATUS_DONE;
}

/* Creates the --ready-file, if one was asked for. */
static int create_ready_file(const struct watch *watch)
{
	const char *path = watch->options->ready_file;
	int fd;

	if (!path)
		return STATUS_DONE;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(STATUS_FAILED, "cannot create %s: %s", path, strerror(errno));
	close(fd);
	return STATUS_DONE;
}

/* From here on nothing is loaded, attached or created but what the command says. */
static void enter_sandbox(const struct watch *watch)
{
	struct sandbox sandbox =
		sandbox_join(source_sandbox(&watch->source), watch->options->command->sandbox);

	if (!privilege_keep(sandbox.capabilities))
		note("cannot drop capabilities: %s", strerror(errno));
	else if (!sandbox_enter(sandbox.allows))
		note("no seccomp filter: %s", strerror(errno));
}

static bool writes(const struct watch *watch)
{
	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].output.error)
			return false;
	return true;
}

static void flush(struct watch *watch)
{
	for (size_t i = 0; i < watch->view_count; i++)
		output_flush(&watch->views[i].output);
}

static uint64_t end_ns(const struct watch *watch)
{
	double seconds = watch->options->duration_s;

	return seconds > 0 ? clock_now_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * NS_PER_S)
			   : UINT64_MAX;
}

static bool loop(struct watch *watch)
{
	struct source *source = &watch->source;
	uint64_t until_ns = end_ns(watch);
	bool busy = false;

	while (!*watch->stop && writes(watch) && clock_now_ns(CLOCK_MONOTONIC) < until_ns) {
		if (!busy)
			loop_wait(source_wait_on(source),
				  source->due_ns < until_ns ? source->due_ns : until_ns);
		if (!source_turn(source, &busy, &watch->refusal))
			return false;
		flush(watch);
	}
	return true;
}

/*
 * While all is still streamed: what comes until the counters are read is counted by both. A listing
 * shows minisockets that nobody told of.
 */
static void end_audit(struct watch *watch)
{
	if (!watch->options->audit)
		return;
	source_answer(&watch->source, &(struct question){.kind = QUESTION_LISTING});
	audit_enter(&watch->audit, AUDIT_ENDS);
	source_answer(&watch->source, &(struct question){.kind = QUESTION_COUNTERS});
	audit_enter(&watch->audit, AUDIT_IS_OVER);
}

static bool refreshes(const struct watch *watch)
{
	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].view->refresh)
			return true;
	return false;
}

/* At the end: nothing more is streamed, all can be listed. */
static bool show_last(struct watch *watch)
{
	watch->last = true;
	return !refreshes(watch) || source_refresh(&watch->source, true, &watch->refusal);
}

static bool watch_on(struct watch *watch)
{
	malloc_trim(0); /* loading has parsed the kernel's types: a dozen megabytes */
	if (!source_refresh(&watch->source, false, &watch->refusal) || !loop(watch))
		return false;
	end_audit(watch);
	source_finish(&watch->source);
	return show_last(watch);
}

static void show_audit(struct watch *watch, struct watched *watched)
{
	struct losses losses;

	source_losses(&watch->source, &losses);
	audit_settle(&watch->audit, &losses, !model_lacks(&watch->model, WANT_MINISOCKETS));
	if (watch->options->json)
		audit_show_json(&watch->audit, &watched->output, &watch->model.clocks);
	else
		audit_show_text(&watch->audit, &watched->output,
				terminal_style(watch->options).columns);
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
	if (!view->shown && !losses_total(losses))
		return;
	say_losses(&sentence, shown, !view->shown, losses);
	note_line(sentence.text);
}

/* The audit, if one was asked for, after all else but for the last `loss`. */
static void finish(struct watch *watch, struct watched *watched)
{
	struct losses losses;

	if (watch->options->audit && model_lacks(&watch->model, WANT_TRANSITIONS))
		note("--audit: nothing was streamed without BPF: there is nothing to audit");
	else if (watch->options->audit)
		show_audit(watch, watched);
	source_losses(&watch->source, &losses);
	if (watch->options->json && !watched->view->plain)
		object_loss(&watched->output, clock_now_ns(CLOCK_MONOTONIC), &losses,
			    &watch->model.clocks);
	output_flush(&watched->output);
	note_losses(watch, watched, &losses);
}

static int finish_all(struct watch *watch, int status)
{
	for (size_t i = 0; i < watch->view_count; i++) {
		finish(watch, &watch->views[i]);
		if (status == STATUS_DONE)
			status = output_exit_status(&watch->views[i].output);
	}
	return status;
}

static int run(struct watch *watch)
{
	bool once = watch->options->once;
	int status;

	if (!source_begin(&watch->source, &watch->refusal))
		return STATUS_REFUSED;
	if (once && !show_last(watch))
		return STATUS_REFUSED;
	status = create_ready_file(watch);
	if (once || status != STATUS_DONE)
		return finish_all(watch, status);
	enter_sandbox(watch);
	return watch_on(watch) ? finish_all(watch, STATUS_DONE) : STATUS_REFUSED;
}

int watch_run(struct watch *watch)
{
	const struct view *view = watch->views[0].view;
	int status = open_source(watch);

	if (status != STATUS_DONE)
		return status;
	status = run(watch);
	if (status == STATUS_REFUSED)
		return fail(watch->shown ? STATUS_FAILED : STATUS_REFUSED, "%s%s%s",
			    view->plain ? "" : view->name, view->plain ? "" : ": ",
			    watch->refusal.text);
	return status;
}
