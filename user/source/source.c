// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "source/clock.h"
#include "source/lister.h"
#include "source/live/live.h"
#include "source/netns.h"
#include "source/privilege.h"
#include "source/replay.h"
#include "source/proc/ancestors.h"
#include "source/proc/host.h"
#include "source/proc/namespace.h"
#include "source/proc/procfs.h"
#include "source/proc/settings.h"
#include "source/proc/sysctl.h"

static void choose_kind(struct source *source, bool lists, struct refusal *refusal)
{
	const struct source_config *config = &source->config;

	if (config->recording) {
		source->kind = &replay_kind;
		source->self = replay_open(config);
	} else if (lists) {
		source->kind = &lister_kind;
		source->self = lister_open(config);
	} else {
		source->kind = &live_kind;
		source->self = live_open(config, NULL, refusal);
	}
}

bool source_open(struct source *source, const struct source_config *config, bool lists,
		 struct refusal *refusal)
{
	*source = (struct source){.config = *config};
	questions_init(&source->questions);
	facts_open(&source->facts);
	choose_kind(source, lists, refusal);
	if (source->self)
		return true;
	source_close(source);
	return false;
}

void source_close(struct source *source)
{
	if (source->self)
		source->kind->close(source->self);
	questions_free(&source->questions);
	facts_close(&source->facts);
	epoll_reader_free(&source->epoll);
	*source = (struct source){0};
}

/*
 * Some vendors' kernels let it be set; the others' is seen with the first TIME_WAIT that is born
 * whole.
 */
uint64_t source_timewait_ns(void)
{
	uint64_t seconds;

	if (procfs_number(AT_FDCWD, "/proc/sys/net/ipv4/tcp_tw_timeout", &seconds) && seconds &&
	    seconds < UINT32_MAX)
		return seconds * NS_PER_S;
	return DEFAULT_TIMEWAIT_NS;
}

/* Then all of the stream is in it: how it begins, answers, how a refresh ends, what was lost. */
static bool is_recorded(const struct source *source)
{
	return source->config.recording;
}

static uint32_t own_netns(void)
{
	uint32_t netns;

	return netns_resolve("/proc/self/ns/net", &netns) ? netns : 0;
}

static void tell_source(const struct source *source)
{
	struct record_source record = {
		.header = {RECORD_SOURCE, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.netns = own_netns(),
		.lacks = source->kind->lacks(source->self),
		.timewait_ns = source_timewait_ns(),
		.monotonic_offset_ns = clock_realtime_offset_ns(CLOCK_MONOTONIC),
		.boottime_offset_ns = clock_realtime_offset_ns(CLOCK_BOOTTIME),
	};

	sink_record(&source->config.sink, &record.header);
}

static void tell_refresh(const struct source *source, bool last)
{
	struct record_refresh record = {
		.header = {RECORD_REFRESH, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.monotonic_offset_ns = clock_realtime_offset_ns(CLOCK_MONOTONIC),
		.boottime_offset_ns = clock_realtime_offset_ns(CLOCK_BOOTTIME),
		.last = last,
	};

	sink_record(&source->config.sink, &record.header);
}

void source_end(const struct source *source)
{
	struct record_loss record = {
		.header = {RECORD_LOSS, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
	};

	if (is_recorded(source))
		return;
	source_losses(source, &record.losses);
	sink_record(&source->config.sink, &record.header);
}

bool source_begin(struct source *source, struct refusal *refusal)
{
	if (!is_recorded(source))
		tell_source(source);
	return source->kind->begin(source->self, refusal);
}

/* /proc tells of processes, whatever else the source is. */
static void answer_facts(struct source *source, const struct question *question)
{
	struct record_facts record = {
		.header = {RECORD_FACTS, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.process = question->process,
	};

	facts_read_descriptors(&question->process, &record.facts);
	if (question->kind == QUESTION_THREADS)
		facts_read_threads(&source->facts, &question->process, record.header.time_ns,
				   &record.facts);
	if (question->kind == QUESTION_ANCESTORS)
		ancestors_read(&question->process, &record.facts);
	sink_record(&source->config.sink, &record.header);
}

/* Who asks which namespace. */
struct visit {
	const struct source *source;
	uint32_t netns;
};

static bool is_visited(const void *context, uint32_t netns, bool own)
{
	const struct visit *visit = context;
	uint32_t filter = visit->source->config.filter->netns;

	if (visit->netns)
		return netns == visit->netns;
	return own || !filter || netns == filter;
}

static void tell_namespace(void *context, uint32_t netns)
{
	const struct visit *visit = context;
	struct record_namespace record;

	namespace_read(&record, netns);
	sink_record(&visit->source->config.sink, &record.header);
}

static void answer_namespace(const struct source *source, uint32_t netns)
{
	struct visit visit = {source, netns};

	netns_visit(is_visited, tell_namespace, &visit);
}

static int open_folder(const char *path)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Without a /proc nothing is told, and nothing known. */
static void tell_settings(void *context, uint32_t netns)
{
	const struct visit *visit = context;
	int proc = open_folder("/proc");
	struct record_settings record;

	if (proc < 0)
		return;
	settings_read(proc, &record, netns);
	close(proc);
	sink_record(&visit->source->config.sink, &record.header);
}

static void answer_settings(const struct source *source, uint32_t netns)
{
	struct visit visit = {source, netns};

	netns_visit(is_visited, tell_settings, &visit);
}

static void answer_host(const struct source *source)
{
	int proc = open_folder("/proc");
	struct record_host record;

	if (proc < 0)
		return;
	host_read(proc, &record);
	close(proc);
	sink_record(&source->config.sink, &record.header);
}

static void answer_sysctls(const struct source *source)
{
	int root = open_folder("/");

	if (root < 0)
		return;
	sysctls_answer(root, &source->config.sink);
	close(root);
}

/* What it cannot list, it could not list the first time either. */
static void answer_still(struct source *source)
{
	struct refusal refusal;

	clock_wait_ns(STILL_NS);
	source->kind->refresh(source->self, false, &refusal);
}

void source_answer(struct source *source, const struct question *question)
{
	switch (question->kind) {
	case QUESTION_STILL:
		answer_still(source);
		break;
	case QUESTION_DESCRIPTORS:
	case QUESTION_THREADS:
	case QUESTION_ANCESTORS:
		answer_facts(source, question);
		break;
	case QUESTION_NAMESPACE:
		answer_namespace(source, question->netns);
		break;
	case QUESTION_SETTINGS:
		answer_settings(source, question->netns);
		break;
	case QUESTION_HOST:
		answer_host(source);
		break;
	case QUESTION_SYSCTLS:
		answer_sysctls(source);
		break;
	case QUESTION_WATCHED:
		epoll_answer(&source->epoll, &question->process, clock_now_ns(CLOCK_MONOTONIC),
			     &source->config.sink);
		break;
	default:
		source->kind->answer(source->self, question);
	}
}

/* Until nobody asks anything new. */
static void answer_all(struct source *source)
{
	uint32_t answered = 0;

	for (;;) {
		source->config.ask(source->config.context, &source->questions);
		if (answered == questions_count(&source->questions))
			return;
		for (; answered < questions_count(&source->questions); answered++)
			source_answer(source, questions_get(&source->questions, answered));
	}
}

static void forget_questions(struct source *source)
{
	questions_free(&source->questions);
	questions_init(&source->questions);
}

/*
 * What lists at each refresh may take one part in so many of a CPU, on average: where there is much
 * to list, it does so less often than it was asked to.
 */
#define REFRESH_SHARE 50

/* What it does less often of itself. */
static uint64_t paced_ns(const struct source *source)
{
	return source->kind->paced_ns ? source->kind->paced_ns(source->self) : 0;
}

static uint64_t pause_ns(const struct source *source, uint64_t used_ns)
{
	uint64_t least_ns = source->config.needs.refreshed ? used_ns * (REFRESH_SHARE - 1) : 0;
	uint64_t interval_ns = source->config.interval_ns;

	return least_ns > interval_ns ? least_ns : interval_ns;
}

/* When the next one is, after one that took so much CPU; the first one tells when it is over. */
static void plan_next(struct source *source, uint64_t used_ns)
{
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);

	source->due_ns = now_ns + pause_ns(source, used_ns - paced_ns(source));
	if (!source->end_ns)
		source->end_ns = source->config.duration_ns ? now_ns + source->config.duration_ns
							    : UINT64_MAX;
}

bool source_refresh(struct source *source, bool last, struct refusal *refusal)
{
	uint64_t began_ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID);

	if (!source->kind->refresh(source->self, last, refusal))
		return false;
	if (is_recorded(source))
		return true;
	forget_questions(source);
	answer_all(source);
	tell_refresh(source, last);
	plan_next(source, clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns);
	return true;
}

uint64_t source_wait_until_ns(const struct source *source)
{
	return source->due_ns < source->end_ns ? source->due_ns : source->end_ns;
}

bool source_seeks(const struct source *source)
{
	return source->kind->seek;
}

bool source_seek(struct source *source, uint64_t time_ns)
{
	return source->kind->seek(source->self, time_ns);
}

bool source_over(const struct source *source)
{
	if (source->kind->over)
		return source->kind->over(source->self);
	return source->end_ns && clock_now_ns(CLOCK_MONOTONIC) >= source->end_ns;
}

int source_wait_on(const struct source *source)
{
	return source->kind->wait_on ? source->kind->wait_on(source->self) : -1;
}

bool source_turn(struct source *source, bool *busy, struct refusal *refusal)
{
	*busy = source->kind->take && source->kind->take(source->self);
	if (clock_now_ns(CLOCK_MONOTONIC) < source->due_ns)
		return true;
	return source_refresh(source, false, refusal);
}

void source_finish(struct source *source)
{
	if (source->kind->finish)
		source->kind->finish(source->self);
}

void source_losses(const struct source *source, struct losses *losses)
{
	*losses = (struct losses){0};
	if (source->kind && source->kind->losses)
		source->kind->losses(source->self, losses);
}

void source_each_limit(const struct source *source, void (*say)(const char *line))
{
	if (source->kind->each_limit)
		source->kind->each_limit(source->self, say);
}

void source_each_program(const struct source *source,
			 void (*visit)(void *context, const char *name, const char *form),
			 void *context)
{
	if (source->kind->each_program)
		source->kind->each_program(source->self, visit, context);
}

static bool tells_stacks(const struct source *source)
{
	return needs_want(&source->config.needs, WANT_STACKS) &&
	       !(source->kind->lacks(source->self) & WANT(STACKS));
}

void source_unseen(const struct source *source, char *text)
{
	size_t unseen = source->kind->unseen(source->self);

	text[0] = 0;
	if (unseen && source->config.filter->netns)
		snprintf(text, SOURCE_UNSEEN, "what exists in that network namespace (%s)",
			 privilege_for_namespaces());
	else if (unseen)
		snprintf(text, SOURCE_UNSEEN, "%zu other network namespaces (%s)", unseen,
			 privilege_for_namespaces());
	privilege_append_unseen(source->kind->privileges, tells_stacks(source), text,
				SOURCE_UNSEEN);
}

static bool enters_namespaces(const struct source *source)
{
	uint32_t own, wanted = source->config.filter->netns;

	if (is_recorded(source))
		return false;
	return !wanted || !netns_resolve("/proc/self/ns/net", &own) || wanted != own;
}

struct sandbox source_sandbox(const struct source *source)
{
	uint64_t listing = privilege_to_list(source->kind->privileges, enters_namespaces(source));

	return (struct sandbox){
		.capabilities = listing | (tells_stacks(source) ? privilege_to_name() : 0),
	};
}
