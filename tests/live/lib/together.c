// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Several views on one stream of one source, and a recording of it: what no command does.
 *
 *   together VIEW=FILE... [record=FILE] leaks [OPTIONS]
 *
 * What each view shows goes to its file; the options are those of the command.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/macros.h"
#include "cli/status.h"
#include "command/print.h"
#include "command/record/recorder.h"
#include "view/closing/closing.h"
#include "view/leaks/leaks.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"
#include "view/trace/trace.h"

static const struct view *const known[] = {&leaks_view, &timewait_view, &ports_view,
					   &trace_view, &closing_view,	&opening_view};

struct chosen {
	const struct view *views[WATCH_VIEWS];
	int fds[WATCH_VIEWS];
	size_t count;
};

static const struct view *find(const char *name, size_t length)
{
	for (size_t i = 0; i < LENGTH(known); i++)
		if (strlen(known[i]->name) == length && strncmp(known[i]->name, name, length) == 0)
			return known[i];
	return NULL;
}

/* False for what is no VIEW=FILE. */
static bool choose(struct chosen *chosen, const char *word)
{
	const char *equals = word ? strchr(word, '=') : NULL;
	const struct view *view = equals ? find(word, (size_t)(equals - word)) : NULL;

	if (!view || chosen->count == WATCH_VIEWS)
		return false;
	chosen->views[chosen->count] = view;
	chosen->fds[chosen->count] =
		open(equals + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (chosen->fds[chosen->count++] < 0)
		_Exit(fail(STATUS_FAILED, "%s: %s", word, strerror(errno)));
	return true;
}

/* Prints as a view's own command does, and keeps the stream. */
struct tee {
	struct watch watch;
	struct recorder recorder;
};

static void tell_loss(void *self, uint64_t time_ns, const struct losses *losses)
{
	print_consumer.observer.loss(&((struct tee *)self)->watch, time_ns, losses);
}

static void keep(void *self, struct watch *watch, const struct record_header *record)
{
	recorder_consumer.record(&((struct tee *)self)->recorder, watch, record);
}

static void refreshed(void *self, struct watch *watch, uint64_t time_ns)
{
	(void)self;
	print_consumer.refreshed(watch, watch, time_ns);
}

static bool turn(void *self, struct watch *watch)
{
	return print_consumer.turn(watch, watch) &&
	       recorder_consumer.turn(&((struct tee *)self)->recorder, watch);
}

static int finish(void *self, struct watch *watch, int status)
{
	status = print_consumer.finish(watch, watch, status);
	return recorder_consumer.finish(&((struct tee *)self)->recorder, watch, status);
}

static const struct consumer tee_consumer = {
	.observer = {.loss = tell_loss},
	.record = keep,
	.refreshed = refreshed,
	.turn = turn,
	.finish = finish,
};

static int watch_and_record(struct tee *tee, struct options *options)
{
	int status = recorder_open(&tee->recorder, options);

	if (status == STATUS_DONE) {
		watch_consume(&tee->watch, &tee_consumer, tee);
		status = watch_run(&tee->watch);
	}
	recorder_close(&tee->recorder);
	return status;
}

int main(int argc, char **argv)
{
	static struct chosen chosen;
	static struct options options;
	static struct tee tee;
	const char *recording = NULL;
	int words = 0, status;

	while (choose(&chosen, argv[1 + words]))
		words++;
	if (argv[1 + words] && strncmp(argv[1 + words], "record=", 7) == 0)
		recording = argv[1 + words++] + 7;
	if (!words)
		return STATUS_USAGE;
	status = options_read(&options, argc - words, argv + words);
	if (status != STATUS_DONE)
		return status;
	libbpf_set_print(NULL);
	options.output = recording;
	watch_init(&tee.watch, &options, chosen.views, chosen.fds, chosen.count);
	status = recording ? watch_and_record(&tee, &options) : watch_run(&tee.watch);
	watch_free(&tee.watch);
	return status;
}
