// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The live source, put together: opening, its refreshes, its end. */
#include "source/live/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "source/clock.h"
#include "source/live/internal.h"
#include "source/privilege.h"

#define LISTING_SHARE  20 /* a listing may take so much of the time: one part in this */
#define LISTED_ENDS_NS (60 * NS_PER_S) /* an end that nothing told is found within such a time */

static int print_verbose(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, arguments);
}

static const char *timewait_obstacle(struct live *live)
{
	if (!live->kernel.rdonly_cast && !live->kernel.probe_reads)
		return "lockdown=confidentiality forbids it on this kernel (Linux 6.2 or later "
		       "can)";
	if (!kallsyms_read(&live->kallsyms))
		return privilege_for_addresses();
	return NULL;
}

/* A view of nothing else has more from listings that are taken without BPF. */
static bool is_worth_it(const struct live *live, struct refusal *refusal)
{
	if (!live->obstacle || !(live->config->essential & WANT(MINISOCKETS)))
		return true;
	snprintf(refusal->text, sizeof(refusal->text), "TIME_WAIT is not followed: %s",
		 live->obstacle);
	return false;
}

struct live *live_open(const struct source_config *config, struct survey *survey,
		       struct refusal *refusal)
{
	struct kernel kernel;
	struct live *live;

	libbpf_set_print(config->verbose ? print_verbose : NULL);
	if (!privilege_for_bpf(refusal) || !kernel_examine(&kernel, refusal))
		return NULL;
	live = memory_new(1, sizeof(*live));
	live->config = config;
	live->needs = config->needs;
	live_complete_needs(live);
	live->survey = survey;
	live->kernel = kernel;
	describer_open(&live->describer);
	if (live_needs_minisockets(live))
		live->obstacle = timewait_obstacle(live);
	live->wanted_hooks = live_hooks(live) & ~(live->obstacle ? BIT(HOOK_TIME_WAIT) : 0);
	if (hooks_choose(&live->hooks, live->wanted_hooks, config->hooks, &live->kernel, refusal) &&
	    is_worth_it(live, refusal) && live_load(live, refusal) &&
	    live_open_ring(live, refusal) && live_open_calls(live, refusal))
		return live;
	live_close(live);
	return NULL;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	if (live->survey)
		live_survey(live, live->survey);
	live_close_calls(live);
	ring_buffer__free(live->ring);
	live_unload(live);
	kallsyms_free(&live->kallsyms);
	describer_close(&live->describer);
	free(live);
}

static bool begin(void *self, struct refusal *refusal)
{
	(void)refusal;
	live_list(self);
	return true;
}

static int wait_on(const void *self)
{
	return live_waits_on(self);
}

static bool take(void *self)
{
	bool any = live_take(self);

	live_heal(self);
	return any;
}

/* Which minisockets got the peer's FIN unseen. */
static void find_time_wait(struct live *live)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	if (live->plan.silent_fins)
		bpf_prog_test_run_opts(bpf_program__fd(live->bpf->progs.find_time_wait), &options);
}

static bool wants(const struct live *live, enum want want)
{
	return needs_want(&live->needs, want);
}

/* What bind() takes is not streamed: all is listed again, at each refresh where that is cheap. */
static bool bound_ports_are_due(const struct live *live, uint64_t now_ns)
{
	return wants(live, WANT_BOUND_PORTS) && now_ns >= live->list_at_ns;
}

static bool listing_is_due(const struct live *live, uint64_t now_ns)
{
	if (live_must_relist(live) || bound_ports_are_due(live, now_ns))
		return true;
	return wants(live, WANT_LISTED_ENDS) && now_ns - live->listed_ns >= LISTED_ENDS_NS;
}

static void list_and_pause(struct live *live, void (*list)(struct live *live))
{
	uint64_t begin_ns = clock_now_ns(CLOCK_MONOTONIC), end_ns;

	list(live);
	end_ns = clock_now_ns(CLOCK_MONOTONIC);
	live->list_at_ns = end_ns + (end_ns - begin_ns) * LISTING_SHARE;
}

static void list_all_and_pause(struct live *live)
{
	live->tables_at_ns = 0;
	list_and_pause(live, live_list);
}

/* Where both are due, all views have them from one listing. */
static void list_what_is_due(struct live *live, bool first)
{
	bool due = !first && listing_is_due(live, clock_now_ns(CLOCK_MONOTONIC));

	if (due)
		list_and_pause(live, live_lists_apart(live) ? live_list_all : live_list);
	else if (live_lists_apart(live))
		live_list_close_waits(live);
}

/* What was lost until now is listed again first; what is lost by bringing all up to date is told.
 */
static bool refresh(void *self, bool last, struct refusal *refusal)
{
	void (*heal)(struct live *) = last ? live_heal_now : live_heal;
	struct live *live = self;
	bool first = !live->refresh_ns; /* all has just been listed */

	(void)refusal;
	live->refresh_ns = clock_now_ns(CLOCK_MONOTONIC);
	live->tables_ns = 0;
	find_time_wait(live);
	live_take(live);
	heal(live);
	list_what_is_due(live, first);
	heal(live);
	return true;
}

/* What fails while a listing runs may be for what it has passed over already. */
static bool listing_is_new(const struct live *live)
{
	return live->listed_ns >= live->refresh_ns && live->failed_ns < live->listing_ns;
}

static void answer(void *self, const struct question *question)
{
	struct live *live = self;

	if (question->kind == QUESTION_LISTING && !listing_is_new(live))
		list_all_and_pause(live);
	else if (question->kind == QUESTION_SENDING)
		live_list_sending(live, &question->process);
	else if (question->kind == QUESTION_COUNTERS)
		live_count(live, question->netns);
}

/* What has happened up to now is in what is shown last. */
static void finish(void *self)
{
	live_detach(self);
	find_time_wait(self);
	live_take_last_calls(self);
	live_drain(self);
}

static void losses(const void *self, struct losses *losses)
{
	live_losses(self, losses);
}

static void each_limit(const void *self, void (*say)(const char *line))
{
	const struct live *live = self;
	char line[256];

	if (live->obstacle) {
		snprintf(line, sizeof(line),
			 "TIME_WAIT is not followed: %s; who left one and how it ends is not shown",
			 live->obstacle);
		say(line);
	}
	live_each_loss(live, say);
}

static void each_program(const void *self,
			 void (*visit)(void *context, const char *name, const char *form),
			 void *context)
{
	const struct live *live = self;

	for (int part = 0; part < PARTS; part++)
		if (live->plan.wanted[part] && live_part_facts[part].kind != PART_MAP)
			visit(context, live_part_facts[part].name, live_part_facts[part].form);
}

static size_t unseen(const void *self)
{
	return ((const struct live *)self)->unseen;
}

static uint32_t lacks(const void *self)
{
	return live_lacks(self);
}

static uint64_t paced_ns(const void *self)
{
	return ((const struct live *)self)->tables_ns;
}

static void close_self(void *self)
{
	live_close(self);
}

const struct source_kind live_kind = {
	.begin = begin,
	.wait_on = wait_on,
	.take = take,
	.refresh = refresh,
	.answer = answer,
	.finish = finish,
	.losses = losses,
	.each_limit = each_limit,
	.each_program = each_program,
	.unseen = unseen,
	.lacks = lacks,
	.paced_ns = paced_ns,
	.close = close_self,
	.privileges = SOURCE_LIVE,
};
