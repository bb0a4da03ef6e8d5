// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All views on one stream for a while, then what is wrong, and what helps. */
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/status.h"
#include "command/advise.h"
#include "command/commands.h"
#include "command/terminal.h"
#include "source/clock.h"
#include "view/objects.h"
#include "view/views.h"

#define WATCHED_S 10 /* unless -d says otherwise */

struct diagnosis {
	struct adviser adviser;
	struct output output;
	uint64_t until_ns; /* 0: it has not begun to wait */
	uint64_t left_s;   /* as last said on the terminal */
	bool says_left;
};

static void ask(void *self, const struct watch *watch, struct questions *questions)
{
	(void)watch;
	adviser_ask(&((struct diagnosis *)self)->adviser, questions);
}

static void refreshed(void *self, struct watch *watch, uint64_t time_ns)
{
	(void)watch;
	adviser_judge(&((struct diagnosis *)self)->adviser, time_ns);
}

/* In place of what was said before. */
static void say_left(struct diagnosis *diagnosis, uint64_t left_s)
{
	if (!diagnosis->says_left || left_s == diagnosis->left_s)
		return;
	diagnosis->left_s = left_s;
	fprintf(stderr, "\rwatching: %llu s left, Ctrl-C ends it now\033[K",
		(unsigned long long)left_s);
	fflush(stderr);
}

static void unsay_left(const struct diagnosis *diagnosis)
{
	if (diagnosis->says_left && diagnosis->until_ns)
		fputs("\r\033[K", stderr);
}

static bool turn(void *self, struct watch *watch)
{
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);
	struct diagnosis *diagnosis = self;

	if (!diagnosis->until_ns)
		diagnosis->until_ns = now_ns + (uint64_t)(watch->options->duration_s * NS_PER_S);
	if (now_ns < diagnosis->until_ns)
		say_left(diagnosis, (diagnosis->until_ns - now_ns + NS_PER_S - 1) / NS_PER_S);
	return true;
}

static void show_json(struct diagnosis *diagnosis, struct watch *watch)
{
	adviser_show_json(&diagnosis->adviser, &diagnosis->output);
	object_loss(&diagnosis->output, watch->time_ns, &watch->model.losses, &watch->model.clocks);
}

static void show(struct diagnosis *diagnosis, struct watch *watch)
{
	struct text_style style = terminal_style(watch->options);

	if (watch->options->json)
		show_json(diagnosis, watch);
	else
		adviser_show_text(&diagnosis->adviser, &diagnosis->output, &style);
	output_flush(&diagnosis->output);
}

static int finish(void *self, struct watch *watch, int status)
{
	enum severity fail_on = watch->options->fail_on;
	struct diagnosis *diagnosis = self;

	unsay_left(diagnosis);
	if (status != STATUS_DONE && !watch->shown)
		return status;
	show(diagnosis, watch);
	if (status == STATUS_DONE)
		status = output_exit_status(&diagnosis->output);
	if (status == STATUS_DONE && adviser_found(&diagnosis->adviser, fail_on))
		return STATUS_FOUND;
	return status;
}

static const struct consumer consumer = {
	.without_stream = "what happens meanwhile is not judged",
	.ask = ask,
	.refreshed = refreshed,
	.turn = turn,
	.finish = finish,
};

static int diagnose(const struct options *options)
{
	struct diagnosis diagnosis = {.says_left = isatty(STDERR_FILENO) && !options->input};
	struct watch watch;
	int status;

	watch_init(&watch, options, all_views, NULL, ALL_VIEWS);
	watch_consume(&watch, &consumer, &diagnosis);
	advise_on(&diagnosis.adviser, &watch, false);
	output_init(&diagnosis.output, STDOUT_FILENO, watch.stop);
	status = watch_run(&watch);
	output_free(&diagnosis.output);
	adviser_free(&diagnosis.adviser);
	watch_free(&watch);
	return status;
}

static int run(const struct options *options)
{
	struct options brief = *options;

	brief.brief = true;
	if (!brief.duration_s && !brief.input)
		brief.duration_s = WATCHED_S;
	return diagnose(&brief);
}

static const char *why_not(enum option_id option)
{
	if (option == OPTION_ONCE)
		return "it watches before it judges: -d says how long";
	if (option == OPTION_BY)
		return "processes of one name are told together where one cause explains them";
	return NULL;
}

const struct command diagnose_command = {
	.name = "diagnose",
	.summary = "what is wrong here, and what helps: start with this",
	.description = "Watches for 10 s (-d; Ctrl-C ends it early), then says what is wrong, the "
		       "gravest first, with\n"
		       "the figures that show it, what helps, what does not, and which command "
		       "shows more.\n"
		       "With -I FILE it judges all of a recording.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_AGE) |
		   OPTION_BIT(OPTION_HOOKS) | OPTION_BIT(OPTION_NO_BPF) |
		   OPTION_BIT(OPTION_RING_SIZE) | OPTION_BIT(OPTION_READY_FILE) |
		   OPTION_BIT(OPTION_FAIL_ON) | OPTION_BIT(OPTION_INPUT) |
		   OPTION_BIT(OPTION_STACKS),
	.why_not = why_not,
	.run = run,
};
