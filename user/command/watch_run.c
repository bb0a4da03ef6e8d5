// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From opening the source to the last line. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/time.h"
#include "cli/status.h"
#include "command/folded.h"
#include "command/loop.h"
#include "command/watch.h"
#include "source/privilege.h"

void watch_note(const char *line)
{
	note("%s", line);
}

static const char *without_stream(const struct watch *watch)
{
	const char *text = watch->consumer->without_stream;

	return text ? text : watch->views[0].view->without_stream;
}

/* In one line, once: where nothing is streamed it is known only after the first listing. */
static void say_what_is_not_seen(struct watch *watch)
{
	char unseen[SOURCE_UNSEEN];

	if (watch->said)
		return;
	watch->said = true;
	source_unseen(&watch->source, unseen);
	if (watch->options->input && model_lacks(&watch->model, WANT_TRANSITIONS) &&
	    without_stream(watch))
		note("%s was recorded without BPF: %s", watch->options->input,
		     without_stream(watch));
	if (watch->without_bpf)
		note("%s; going on without BPF: %s%s%s", watch->refusal.text, without_stream(watch),
		     unseen[0] ? "; not seen: " : "", unseen);
	else if (unseen[0])
		note("not seen: %s", unseen);
}

static void refresh(struct watch *watch, const struct record_refresh *record)
{
	const struct consumer *consumer = watch->consumer;
	uint64_t time_ns = record->header.time_ns;

	watch->last = record->last;
	say_what_is_not_seen(watch);
	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].view->refresh)
			watch->views[i].view->refresh(watch->views[i].self, time_ns, watch->last);
	if (consumer->refreshed)
		consumer->refreshed(watch->consumer_self, watch, time_ns);
	watch->shown++;
}

static void on_record(void *context, const struct record_header *record)
{
	struct watch *watch = context;

	if (watch->consumer->record)
		watch->consumer->record(watch->consumer_self, watch, record);
	model_apply(&watch->model, record);
	if (record->type == RECORD_REFRESH || record->type == RECORD_LOSS ||
	    record->type == RECORD_SOURCE)
		watch->time_ns = record->time_ns;
	if (record->type == RECORD_REFRESH)
		refresh(watch, (const void *)record);
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
	if (watch->consumer->ask)
		watch->consumer->ask(watch->consumer_self, watch, questions);
}

static struct source_config source_config(struct watch *watch)
{
	const struct options *options = watch->options;
	struct source_config config = {
		.needs = watch->model.needs,
		.essential = watch->view_count == 1 ? watch->views[0].view->essential : 0,
		.filter = &watch->filter,
		.interval_ns = (uint64_t)(options->interval_s * NS_PER_S),
		.duration_ns = (uint64_t)(options->duration_s * NS_PER_S),
		.at_ns = watch->input.at_ns,
		.recording = options->input ? &watch->input.recording : NULL,
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
	const char *name = watch->options->command->name, *why = watch->refusal.text;

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
	source_each_limit(&watch->source, watch_note);
	if (options->stacks && watch->without_bpf)
		note("--stacks: they are told by BPF programs only: there are none");
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
	struct sandbox sandbox = sandbox_join(
		source_sandbox(&watch->source),
		sandbox_join(watch->options->command->sandbox, watch->consumer->sandbox));

	if (!privilege_keep(sandbox.capabilities))
		note("cannot drop capabilities: %s", strerror(errno));
	else if (!sandbox_enter(sandbox.allows))
		note("no seccomp filter: %s", strerror(errno));
}

static bool holds(const struct watch *watch)
{
	return watch->consumer->holds && watch->consumer->holds(watch->consumer_self);
}

static void wait_for_more(const struct watch *watch)
{
	const struct consumer *consumer = watch->consumer;
	int fds[] = {source_wait_on(&watch->source), -1};

	if (consumer->wait_on)
		fds[1] = consumer->wait_on(watch->consumer_self);
	loop_wait(fds, LENGTH(fds),
		  holds(watch) ? UINT64_MAX : source_wait_until_ns(&watch->source));
}

static bool consumer_turn(struct watch *watch)
{
	const struct consumer *consumer = watch->consumer;

	return !consumer->turn || consumer->turn(watch->consumer_self, watch);
}

static bool loop(struct watch *watch)
{
	bool busy = false;

	while (!*watch->stop && (holds(watch) || !source_over(&watch->source))) {
		if (!busy)
			wait_for_more(watch);
		if (!holds(watch) && !source_turn(&watch->source, &busy, &watch->refusal))
			return false;
		if (!consumer_turn(watch))
			return true;
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
	return !refreshes(watch) || source_refresh(&watch->source, true, &watch->refusal);
}

static bool watch_on(struct watch *watch)
{
	malloc_trim(0); /* loading has parsed the kernel's types: a dozen megabytes */
	if (!source_refresh(&watch->source, false, &watch->refusal))
		return false;
	if (consumer_turn(watch) && !loop(watch))
		return false;
	end_audit(watch);
	source_finish(&watch->source);
	return show_last(watch);
}

static int finish(struct watch *watch, int status)
{
	source_end(&watch->source);
	if (status == STATUS_DONE && watch->options->input)
		status = input_outcome(&watch->input);
	return folded_write(watch, watch->consumer->finish(watch->consumer_self, watch, status));
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
		return finish(watch, status);
	enter_sandbox(watch);
	return watch_on(watch) ? finish(watch, STATUS_DONE) : STATUS_REFUSED;
}

int watch_run(struct watch *watch)
{
	const char *name = watch->options->command->name;
	int status;

	if (watch->input.status != STATUS_DONE)
		return watch->input.status;
	model_observe(&watch->model, &watch->consumer->observer, watch->consumer_self);
	status = folded_open(watch);
	if (status == STATUS_DONE)
		status = open_source(watch);
	if (status != STATUS_DONE)
		return status;
	status = run(watch);
	if (status == STATUS_REFUSED)
		return fail(watch->shown ? STATUS_FAILED : STATUS_REFUSED, "%s%s%s", name,
			    name[0] ? ": " : "", watch->refusal.text);
	return status;
}
