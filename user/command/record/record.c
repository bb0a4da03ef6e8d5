// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "cli/status.h"
#include "command/commands.h"
#include "command/record/recorder.h"
#include "command/stop.h"
#include "view/trace/trace.h"
#include "view/views.h"

static const char *why_not(enum option_id option)
{
	if (option == OPTION_JSON)
		return "it writes a recording, which the other commands show with -I FILE --json";
	return NULL;
}

static void init_nothing(void *self, const struct view_config *config, struct model *model)
{
	(void)self;
	(void)config;
	(void)model;
}

static void free_nothing(void *self)
{
	(void)self;
}

/* What trace needs is kept, and nothing of it shown. */
static const struct view silent_trace = {
	.name = "trace",
	.bytes = 1,
	.init = init_nothing,
	.free = free_nothing,
};

/* All views ask what they would, since nobody else does. */
static int watch_all(const struct options *options, struct recorder *recorder)
{
	struct view silent = silent_trace;
	const struct view *views[ALL_VIEWS + 1];
	struct watch watch;
	int status;

	silent.needs = trace_view.needs;
	for (size_t i = 0; i < ALL_VIEWS; i++)
		views[i] = all_views[i];
	views[ALL_VIEWS] = &silent;
	watch_init(&watch, options, views, NULL, ALL_VIEWS + 1);
	watch_consume(&watch, &recorder_consumer, recorder);
	advise_on(&recorder->adviser, &watch, false);
	status = watch_run(&watch);
	adviser_free(&recorder->adviser);
	watch_free(&watch);
	return status;
}

/* What the recording is made of is no filter. Its exit status, unless the recording failed. */
static int watch_program(const struct options *options, struct recorder *recorder)
{
	struct program *program = &recorder->program;
	int status;

	if (options->words && !program_hold(program, options->words))
		return fail(STATUS_FAILED, "cannot fork: %s", strerror(errno));
	status = watch_all(options, recorder);
	program_free(program);
	if (options->words && status == STATUS_DONE && !*stop_on_signals())
		program_look(program, true);
	return status == STATUS_DONE ? program->status : status;
}

static int check(const struct options *options)
{
	if (!options->output)
		return fail(STATUS_USAGE, "record: --output FILE is needed: a file that is not "
					  "there yet, or - for stdout");
	if (options->rotate_bytes && recording_is_stdout(options))
		return fail(STATUS_USAGE, "--rotate: stdout is one file; with --output FILE");
	if (options->retain_s && !options->rotate_bytes)
		return fail(STATUS_USAGE, "--retain: files are deleted one by one: with --rotate "
					  "SIZE, which begins new ones");
	return STATUS_DONE;
}

static int run(const struct options *options)
{
	struct recorder recorder;
	int status = check(options);

	if (status != STATUS_DONE)
		return status;
	status = recorder_open(&recorder, options);
	if (status == STATUS_DONE)
		status = watch_program(options, &recorder);
	recorder_close(&recorder);
	return status;
}

const struct command record_command = {
	.name = "record",
	.summary = "writes all that is seen to a file, for every view to show later",
	.description = "Writes all that any view would see to FILE, which the other commands show "
		       "with -I FILE\n"
		       "as if they had run then. Addresses and names are in it: FILE is for you "
		       "alone (mode 0600).\n"
		       "With `-- COMMAND` it records until that ends, and has its exit status.",
	.options = OPTION_BITS_ABOUT | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_INTERVAL) |
		   OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_HOOKS) |
		   OPTION_BIT(OPTION_NO_BPF) | OPTION_BIT(OPTION_RING_SIZE) |
		   OPTION_BIT(OPTION_READY_FILE) | OPTION_BIT(OPTION_ROTATE) |
		   OPTION_BIT(OPTION_RETAIN) | OPTION_BIT(OPTION_ANONYMIZE) |
		   OPTION_BIT(OPTION_STACKS),
	.sandbox = {.allows = SANDBOX_RENAME | SANDBOX_UNLINK | SANDBOX_WRITE_FILES},
	.takes_words = true,
	.why_not = why_not,
	.run = run,
};
