// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/watch.h"

#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "command/print.h"
#include "command/stop.h"
#include "command/terminal.h"
#include "model/dump.h"
#include "view/objects.h"

static struct needs join_needs(const struct options *options, const struct view *const *views,
			       size_t count)
{
	struct needs needs = {0};

	for (size_t i = 0; i < count; i++)
		needs_join(&needs, &views[i]->needs);
	if (options->stacks)
		needs_join(&needs, &stacks_needs);
	return needs;
}

static void start_view(struct watch *watch, struct watched *watched)
{
	const struct options *options = watch->options;
	const struct view *view = watched->view;
	struct view_config config = {
		.tuples = &options->tuples,
		.processes = &options->processes,
		.states = options->states,
		.by = options->by,
		.sort = options->sort,
		.age_ns = (uint64_t)(options->age_s * NS_PER_S),
		.interval_ns = (uint64_t)(options->interval_s * NS_PER_S),
		.once = options->once,
		.brief = options->brief,
		.json = options->json,
		.stacks = options->stacks,
		.style = terminal_style(options),
		.output = &watched->output,
	};

	watched->self = memory_new(1, view->bytes);
	view->init(watched->self, &config, &watch->model);
	model_observe(&watch->model, &view->observer, watched->self);
}

static void add_view(struct watch *watch, const struct view *view, int fd)
{
	struct watched *watched = &watch->views[watch->view_count++];

	output_init(&watched->output, fd, watch->stop);
	watched->view = view;
	start_view(watch, watched);
}

static void stop_view(struct watched *watched)
{
	watched->view->free(watched->self);
	free(watched->self);
}

static void start_model(struct watch *watch, const struct needs *needs)
{
	struct model_config config = {
		.needs = needs,
		.filter = &watch->filter,
		.processes = &watch->options->processes,
	};

	model_init(&watch->model, &config);
}

void watch_init(struct watch *watch, const struct options *options, const struct view *const *views,
		const int *fds, size_t count)
{
	struct needs needs = join_needs(options, views, count);

	*watch = (struct watch){
		.consumer = &print_consumer,
		.consumer_self = watch,
		.stop = stop_on_signals(),
	};
	options = input_open(&watch->input, options, watch->stop, &needs);
	watch->options = options;
	if (needs_want(&needs, WANT_EVERYONE))
		watch->filter.netns = options->tuples.netns;
	else
		watch->filter = options->tuples;
	start_model(watch, &needs);
	audit_init(&watch->audit, &watch->filter);
	for (size_t i = 0; i < count; i++)
		add_view(watch, views[i], fds ? fds[i] : -1);
}

static void start_anew(struct watch *watch)
{
	struct needs needs = watch->model.needs;

	for (size_t i = 0; i < watch->view_count; i++)
		stop_view(&watch->views[i]);
	model_free(&watch->model);
	start_model(watch, &needs);
	for (size_t i = 0; i < watch->view_count; i++)
		start_view(watch, &watch->views[i]);
	model_observe(&watch->model, &watch->consumer->observer, watch->consumer_self);
}

/* Records, one behind the other. */
struct kept {
	char *bytes;
	size_t used, size;
};

static void keep(void *context, const struct record_header *record)
{
	struct kept *kept = context;

	if (kept->used + record->size > kept->size) {
		kept->size = 2 * (kept->used + record->size);
		kept->bytes = memory_resize(kept->bytes, kept->size, 1);
	}
	memcpy(kept->bytes + kept->used, record, record->size);
	kept->used += record->size;
}

void watch_restart(struct watch *watch)
{
	struct kept kept = {0};
	struct record_sink sink = {keep, &kept};

	model_dump(&watch->model, watch->time_ns, &sink);
	start_anew(watch);
	for (size_t at = 0; at < kept.used;) {
		const struct record_header *record = (const void *)(kept.bytes + at);

		model_apply(&watch->model, record);
		at += record->size;
	}
	free(kept.bytes);
}

bool watch_seek(struct watch *watch, uint64_t time_ns)
{
	start_anew(watch);
	return source_seek(&watch->source, time_ns);
}

void watch_consume(struct watch *watch, const struct consumer *consumer, void *self)
{
	watch->consumer = consumer;
	watch->consumer_self = self;
}

void *watch_find(const struct watch *watch, const struct view *view)
{
	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].view == view)
			return watch->views[i].self;
	return NULL;
}

void watch_free(struct watch *watch)
{
	source_close(&watch->source);
	for (size_t i = 0; i < watch->view_count; i++) {
		stop_view(&watch->views[i]);
		output_free(&watch->views[i].output);
	}
	input_close(&watch->input);
	audit_free(&watch->audit);
	model_free(&watch->model);
}

int watch_view(const struct options *options, const struct view *view)
{
	int fd = STDOUT_FILENO, status;
	struct watch watch;

	watch_init(&watch, options, &view, &fd, 1);
	status = watch_run(&watch);
	watch_free(&watch);
	return status;
}
