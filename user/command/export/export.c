// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "cli/status.h"
#include "command/commands.h"
#include "command/export/exporter.h"
#include "command/stop.h"
#include "view/views.h"
#include "writer/new_file.h"

struct export
{
	struct exporter exporter;
	struct database database;
	struct new_file file;
	const char *path;
};

static void record(void *self, struct watch *watch, const struct record_header *header)
{
	(void)watch;
	exporter_record(&((struct export *)self)->exporter, header);
}

static void tell_transition(void *self, const struct transition *transition)
{
	exporter_transition(&((struct export *)self)->exporter, transition);
}

static void tell_loss(void *self, uint64_t time_ns, const struct losses *losses)
{
	export_losses(&((struct export *)self)->exporter, time_ns, losses);
}

static void ask(void *self, const struct watch *watch, struct questions *questions)
{
	(void)watch;
	adviser_ask(&((struct export *)self)->exporter.adviser, questions);
}

static void refreshed(void *self, struct watch *watch, uint64_t time_ns)
{
	(void)watch;
	exporter_refreshed(&((struct export *)self)->exporter, time_ns);
}

/* Nothing more can be written: no more is read. */
static bool turn(void *self, struct watch *watch)
{
	(void)watch;
	return !((struct export *)self)->database.failure[0];
}

static int failed(const struct export *export, const char *why)
{
	return fail(STATUS_FAILED, "%s: %s; nothing was written", export->path, why);
}

static int finish(void *self, struct watch *watch, int status)
{
	struct export *export = self;
	struct losses losses;

	if (*watch->stop)
		return failed(export, "interrupted");
	source_losses(&watch->source, &losses);
	exporter_finish(&export->exporter, &losses);
	if (!database_commit(&export->database))
		return failed(export, export->database.failure);
	if (!new_file_finish(&export->file))
		return failed(export, strerror(errno));
	return status;
}

static const struct consumer consumer = {
	.observer = {.transition = tell_transition, .loss = tell_loss},
	.record = record,
	.ask = ask,
	.refreshed = refreshed,
	.turn = turn,
	.finish = finish,
};

static int watch_and_write(struct export *export, const struct options *options)
{
	struct watch watch;
	int status;

	watch_init(&watch, options, all_views, NULL, ALL_VIEWS);
	exporter_init(&export->exporter, &watch, &export->database);
	watch_consume(&watch, &consumer, export);
	status = watch_run(&watch);
	exporter_free(&export->exporter);
	watch_free(&watch);
	return status;
}

/* Names and addresses of all connections are in it, as in a recording: for its owner alone. */
static int open_and_write(struct export *export, const struct options *options)
{
	if (!new_file_begin(&export->file, export->path, 0600))
		return fail(STATUS_USAGE, "--sqlite %s: %s", export->path, strerror(errno));
	if (!export->file.written)
		return fail(STATUS_USAGE, "--sqlite %s: it is no regular file", export->path);
	if (!database_open(&export->database, export->file.written))
		return failed(export, export->database.failure);
	return watch_and_write(export, options);
}

static int run(const struct options *options)
{
	struct export export = {.path = options->sqlite, .file.fd = -1};
	struct options brief = *options;
	int status;

	if (!options->input)
		return fail(STATUS_USAGE, "export: it wants -I FILE: a recording, or - for stdin");
	if (!options->sqlite)
		return fail(STATUS_USAGE, "export: it wants --sqlite FILE: the database to write");
	brief.brief = true;
	stop_on_signals(); /* from here on there is a file to remove */
	status = open_and_write(&export, &brief);
	database_close(&export.database);
	new_file_free(&export.file);
	return status;
}

const struct command export_command = {
	.name = "export",
	.summary = "a recording as an SQLite database: connections, transitions, rows of views",
	.description = "Writes what a recording (-I) has into one SQLite file (--sqlite): "
		       "connections with "
		       "owners, times\n"
		       "and ends, their transitions, TIME_WAITs, the rows of leaks and ports at "
		       "each refresh, "
		       "failures,\n"
		       "losses, advice, and views for what is usually asked. The file is written "
		       "whole or not "
		       "at all.",
	.options = OPTION_BIT(OPTION_INPUT) | OPTION_BIT(OPTION_SQLITE) |
		   OPTION_BIT(OPTION_INTERVAL) | OPTION_BIT(OPTION_DURATION) |
		   OPTION_BIT(OPTION_AGE) | OPTION_BITS_ABOUT,
	.sandbox = {.allows = SANDBOX_RENAME | SANDBOX_UNLINK},
	.run = run,
};
