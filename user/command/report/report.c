// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/report/report.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "cli/status.h"
#include "command/commands.h"
#include "command/stop.h"
#include "view/views.h"
#include "writer/new_file.h"

struct reporter {
	struct report report;
	struct new_file file;
};

static void tell_loss(void *self, uint64_t time_ns, const struct losses *losses)
{
	struct reporter *reporter = self;

	(void)time_ns;
	report_note_losses(&reporter->report, losses);
}

static void ask(void *self, const struct watch *watch, struct questions *questions)
{
	const struct reporter *reporter = self;

	(void)watch;
	adviser_ask(&reporter->report.adviser, questions);
}

static void refreshed(void *self, struct watch *watch, uint64_t time_ns)
{
	struct reporter *reporter = self;

	(void)watch;
	adviser_judge(&reporter->report.adviser, time_ns);
	report_note(&reporter->report, time_ns);
}

/* The file is written in one go, once all is known. */
static bool write_page(struct reporter *reporter)
{
	struct output output;
	bool done;

	output_init(&output, reporter->file.fd, NULL);
	report_write(&reporter->report, &output);
	output_flush(&output);
	done = !output.error;
	if (!done)
		errno = output.error;
	output_free(&output);
	return done && new_file_finish(&reporter->file);
}

static int finish(void *self, struct watch *watch, int status)
{
	struct reporter *reporter = self;

	time_waits_sum_histograms(watch_find(watch, &timewait_view));
	if (!write_page(reporter))
		return fail(STATUS_FAILED, "cannot write %s: %s", watch->options->output,
			    strerror(errno));
	return status;
}

static const struct consumer report_consumer = {
	.without_stream = "what happens between two refreshes is not shown",
	.observer = {.loss = tell_loss},
	.ask = ask,
	.refreshed = refreshed,
	.finish = finish,
};

static int watch_and_write(struct reporter *reporter, const struct options *options)
{
	struct watch watch;
	int status;

	watch_init(&watch, options, all_views, NULL, ALL_VIEWS);
	report_init(&reporter->report, &watch);
	watch_consume(&watch, &report_consumer, reporter);
	status = watch_run(&watch);
	report_free(&reporter->report);
	watch_free(&watch);
	return status;
}

static int report_on(const struct options *options)
{
	struct reporter *reporter = memory_new(1, sizeof(*reporter));
	int status;

	if (new_file_begin(&reporter->file, options->output, 0666))
		status = watch_and_write(reporter, options);
	else
		status = fail(STATUS_USAGE, "--output %s: %s", options->output, strerror(errno));
	new_file_free(&reporter->file);
	free(reporter);
	return status;
}

static int run(const struct options *options)
{
	struct options brief = *options;

	if (!options->input && !options->duration_s)
		return fail(STATUS_USAGE,
			    "report: it wants -I FILE, a recording, or -d SECONDS: so "
			    "long this host is watched");
	if (!options->output)
		return fail(STATUS_USAGE, "report: it wants -o FILE: where the page is written");
	brief.brief = true;
	stop_on_signals(); /* from here on there is a file to remove */
	return report_on(&brief);
}

#define OPTION_BITS_REPORT                                                                         \
	(OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES | OPTION_BIT(OPTION_INPUT) |                   \
	 OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_INTERVAL) | OPTION_BIT(OPTION_DURATION) |   \
	 OPTION_BIT(OPTION_AGE) | OPTION_BIT(OPTION_HOOKS) | OPTION_BIT(OPTION_NO_BPF) |           \
	 OPTION_BIT(OPTION_RING_SIZE) | OPTION_BIT(OPTION_READY_FILE) | OPTION_BIT(OPTION_LANG) |  \
	 OPTION_BIT(OPTION_VERBOSE) | OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION))

const struct command report_command = {
	.name = "report",
	.summary = "one page of what lingered: findings, plots and tables, as HTML",
	.description = "Watches for so long (-d), or reads a recording (-I), then writes one HTML "
		       "page that needs\n"
		       "nothing besides: what is wrong and what helps, CLOSE_WAIT and TIME_WAIT "
		       "over time,\n"
		       "lifetimes, ports against their supply, what failed, what was lost.\n"
		       "The file is written whole or not at all.",
	.options = OPTION_BITS_REPORT,
	.sandbox = {.allows = SANDBOX_RENAME | SANDBOX_UNLINK},
	.run = run,
};
