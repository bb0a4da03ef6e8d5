// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `tcplinger serve`: all views on one stream, their figures as metrics, asked for by HTTP or
 * written to a file.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/status.h"
#include "cli/version.h"
#include "command/advise.h"
#include "command/commands.h"
#include "command/print.h"
#include "command/serve/server.h"
#include "command/serve/textfile.h"
#include "command/terminal.h"
#include "command/watch.h"
#include "view/metrics/metrics.h"
#include "view/views.h"

#define MAX_SERIES 1000
#define FINDINGS   64 /* rules, by severity */

struct serve {
	struct watch watch;
	struct metrics metrics;
	struct adviser adviser;
	struct metric_finding findings[FINDINGS];
	uint64_t losses; /* as of the refresh before */
	bool begun;
	struct listeners listeners;
	struct guard guard;
	struct site site;
	struct server server;
	struct textfile textfile;
	int status;
};

static void count_finding(struct serve *serve, const struct advice *advice)
{
	const char *rule = advice_rule(advice), *severity = severity_name(advice->severity);
	struct metrics *metrics = &serve->metrics;

	for (size_t i = 0; i < metrics->finding_count; i++) {
		struct metric_finding *known = &serve->findings[i];

		if (known->rule == rule && known->severity == severity) {
			known->count++;
			return;
		}
	}
	if (metrics->finding_count < FINDINGS)
		serve->findings[metrics->finding_count++] =
			(struct metric_finding){rule, severity, 1};
}

static void count_findings(struct serve *serve)
{
	serve->metrics.finding_count = 0;
	for (size_t i = 0; i < serve->adviser.count; i++)
		count_finding(serve, &serve->adviser.items[i]);
}

static void tell_hook(void *context, const char *name, const char *form)
{
	struct metrics *metrics = context;

	if (metrics->hook_count < METRIC_HOOKS)
		metrics->hooks[metrics->hook_count++] = (struct metric_hook){name, form};
}

static void ask(void *self, const struct watch *watch, struct questions *questions)
{
	(void)watch;
	adviser_ask(&((struct serve *)self)->adviser, questions);
}

static void collect(struct serve *serve, struct watch *watch, uint64_t time_ns)
{
	struct metrics *metrics = &serve->metrics;

	if (!serve->begun)
		source_each_program(&watch->source, tell_hook, metrics);
	serve->begun = true;
	adviser_judge(&serve->adviser, time_ns);
	count_findings(serve);
	metrics->losses = watch->model.losses;
	metrics->incomplete = model_has_lost(&watch->model, &serve->losses);
	metrics_collect(metrics);
}

static void write_metrics(void *self, struct output *output, enum exposition_format format)
{
	metrics_write(&((struct serve *)self)->metrics, output, format);
}

/* As each view prints them with --json, and what was found. */
static void write_rows(void *self, struct output *output)
{
	struct serve *serve = self;

	for (size_t i = 0; i < serve->watch.view_count; i++) {
		const struct watched *watched = &serve->watch.views[i];

		watched->view->show_json(watched->self, output, 0);
	}
	adviser_show_json(&serve->adviser, output);
}

/* By HTTP. */

static void refresh_site(void *self, struct watch *watch, uint64_t time_ns)
{
	struct serve *serve = self;

	collect(serve, watch, time_ns);
	site_refresh(&serve->site);
}

static int wait_on(const void *self)
{
	return server_wait_on(&((const struct serve *)self)->server);
}

static bool turn(void *self, struct watch *watch)
{
	(void)watch;
	server_turn(&((struct serve *)self)->server);
	return true;
}

static int finish(void *self, struct watch *watch, int status)
{
	struct serve *serve = self;
	struct output output;

	output_init(&output, STDOUT_FILENO, watch->stop);
	print_audit(watch, &output);
	output_flush(&output);
	if (status == STATUS_DONE)
		status = serve->status ? serve->status : output_exit_status(&output);
	output_free(&output);
	return status;
}

static const struct consumer site_consumer = {
	.without_stream = "what happens between two listings is not counted",
	.sandbox = {.allows = SANDBOX_ACCEPT},
	.ask = ask,
	.refreshed = refresh_site,
	.wait_on = wait_on,
	.turn = turn,
	.finish = finish,
};

static void say_where(const struct serve *serve)
{
	const char *scheme = serve->guard.certificate ? "https" : "http";
	char url[LISTEN_URL];

	for (size_t i = 0; i < serve->listeners.count; i++) {
		listener_url(serve->listeners.fds[i], scheme, url);
		note("%s", url);
	}
}

static int watch_and_serve(struct serve *serve)
{
	int status;

	if (!server_start(&serve->server, &serve->listeners, &serve->site, &serve->guard))
		return fail(STATUS_FAILED, "serve: no HTTP server: %s", strerror(errno));
	say_where(serve);
	watch_consume(&serve->watch, &site_consumer, serve);
	status = watch_run(&serve->watch);
	server_stop(&serve->server);
	return status;
}

static int serve_site(struct serve *serve)
{
	const struct site_source source = {write_metrics, write_rows, serve};
	const struct serve_options *options = &serve->watch.options->serve;
	int status = guard_init(&serve->guard, options->config);

	if (status != STATUS_DONE)
		return status;
	status = listeners_open(&serve->listeners, options);
	if (status == STATUS_DONE) {
		site_init(&serve->site, &source);
		status = watch_and_serve(serve);
		site_free(&serve->site);
		listeners_close(&serve->listeners);
	}
	guard_free(&serve->guard);
	return status;
}

/* To a file. */

static void refresh_file(void *self, struct watch *watch, uint64_t time_ns)
{
	struct serve *serve = self;
	struct output output;

	collect(serve, watch, time_ns);
	output_init(&output, -1, NULL);
	write_metrics(serve, &output, EXPOSITION_TEXT);
	if (!serve->status && !textfile_write(&serve->textfile, &output))
		serve->status = fail(STATUS_FAILED, "serve: cannot write %s: %s",
				     serve->textfile.path, strerror(errno));
	output_free(&output);
}

static bool goes_on(void *self, struct watch *watch)
{
	(void)watch;
	return !((struct serve *)self)->status;
}

static const struct consumer file_consumer = {
	.without_stream = "what happens between two listings is not counted",
	.sandbox = {.allows = SANDBOX_WRITE_FILES | SANDBOX_RENAME | SANDBOX_UNLINK},
	.ask = ask,
	.refreshed = refresh_file,
	.turn = goes_on,
	.finish = finish,
};

static int serve_file(struct serve *serve)
{
	int status;

	textfile_init(&serve->textfile, serve->watch.options->serve.textfile);
	watch_consume(&serve->watch, &file_consumer, serve);
	status = watch_run(&serve->watch);
	textfile_free(&serve->textfile);
	return status;
}

/* Those that it judges are instances of `watch`. */
static void set_up(struct serve *serve, const struct options *options)
{
	struct metric_config metrics = {
		.max_series = options->serve.max_series ? options->serve.max_series : MAX_SERIES,
		.by_container = options->serve.labels_container,
		.version = program_version,
	};
	struct watch *watch = &serve->watch;

	watch_init(watch, options, all_views, NULL, ALL_VIEWS);
	metrics_init(&serve->metrics, &metrics);
	serve->metrics.findings = serve->findings;
	for (size_t i = 0; i < watch->view_count; i++)
		metrics_watch(&serve->metrics, watch->views[i].view, watch->views[i].self);
	advise_on(&serve->adviser, watch, true);
}

static int run(const struct options *options)
{
	struct serve *serve = memory_new(1, sizeof(*serve));
	int status;

	set_up(serve, options);
	status = options->serve.textfile ? serve_file(serve) : serve_site(serve);
	adviser_free(&serve->adviser);
	metrics_free(&serve->metrics);
	watch_free(&serve->watch);
	free(serve);
	return status;
}

static const char *why_not(enum option_id option)
{
	switch (option) {
	case OPTION_BY:
	case OPTION_SORT:
		return "metrics are by comm";
	case OPTION_LIMIT:
		return "--max-series says how many there are at most";
	case OPTION_ONCE:
		return "it serves until it is told to stop";
	case OPTION_JSON:
		return "/api/rows has the rows as JSON";
	default:
		return NULL;
	}
}

const struct command serve_command = {
	.name = "serve",
	.summary = "metrics for Prometheus, and a page to look at",
	.description =
		"Serves what all views show, summed up by the name of the process, as metrics for "
		"Prometheus at\n"
		"/metrics: CLOSE_WAIT, TIME_WAIT, ports, accept queues, and the findings of "
		"`diagnose`.",
	.options = OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES | OPTION_BIT(OPTION_INTERVAL) |
		   OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_AGE) | OPTION_BIT(OPTION_HOOKS) |
		   OPTION_BIT(OPTION_NO_BPF) | OPTION_BIT(OPTION_RING_SIZE) |
		   OPTION_BIT(OPTION_READY_FILE) | OPTION_BIT(OPTION_AUDIT) |
		   OPTION_BIT(OPTION_LISTEN_ADDRESS) | OPTION_BIT(OPTION_WEB_CONFIG) |
		   OPTION_BIT(OPTION_MAX_SERIES) | OPTION_BIT(OPTION_LABELS) |
		   OPTION_BIT(OPTION_TEXTFILE) | OPTION_BIT(OPTION_VERBOSE) |
		   OPTION_BIT(OPTION_LANG) | OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION),
	.why_not = why_not,
	.run = run,
};
