// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "base/memory.h"
#include "view/advice/internal.h"

void adviser_init(struct adviser *adviser, const struct adviser_config *config)
{
	*adviser = (struct adviser){.config = *config};
	adviser->unknown = memory_new(rule_count, sizeof(*adviser->unknown));
	meters_init(adviser);
}

static void clear_all(struct adviser *adviser, struct advice *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		advice_clear(adviser, &items[i]);
}

void adviser_free(struct adviser *adviser)
{
	clear_all(adviser, adviser->items, adviser->count);
	meters_free(adviser);
	totals_free(adviser);
	free(adviser->items);
	free(adviser->unknown);
}

struct advice *advice_add(struct adviser *adviser)
{
	if (adviser->count == adviser->capacity) {
		adviser->capacity = adviser->capacity ? 2 * adviser->capacity : 16;
		adviser->items =
			memory_resize(adviser->items, adviser->capacity, sizeof(*adviser->items));
	}
	return &adviser->items[adviser->count++];
}

struct advice *advise(struct judging *judging, enum severity severity, enum saying saying)
{
	struct advice *advice = advice_add(judging->adviser);

	*advice = (struct advice){
		.rule = judging->rule,
		.words = &words[saying],
		.severity = severity,
		.since_ns = judging->adviser->time_ns,
		.time_ns = judging->adviser->time_ns,
	};
	return advice;
}

#define NOT_SEEN "not seen here: "

static const char *const without[WANTS] = {
	[WANT_TRANSITIONS] = NOT_SEEN "transitions (it takes BPF)",
	[WANT_MINISOCKETS] = NOT_SEEN "what becomes of TIME_WAITs (it takes BPF)",
	[WANT_ACCEPTORS] = NOT_SEEN "who accepts a connection, as it happens (it takes fentry)",
	[WANT_BOUND_PORTS] = NOT_SEEN "which ports bind() has taken (it takes BPF)",
	[WANT_CONNECT_FAILURES] = NOT_SEEN "connects that fail at once (it takes fentry)",
	[WANT_BIND_FAILURES] = NOT_SEEN "binds that fail (it takes fentry)",
	[WANT_DEAD] = NOT_SEEN "descriptors of dead connections (it takes BPF)",
};

const char *not_seen(enum want want)
{
	return without[want];
}

const char *lack_of(enum want want)
{
	return without[want] ? without[want] + strlen(NOT_SEEN) : NULL;
}

/* NULL: the stream has all of these. */
static const char *why_lacking(const struct adviser *adviser, uint32_t wants)
{
	for (unsigned int want = 0; want < WANTS; want++)
		if (wants >> want & 1 && model_lacks(adviser->config.model, want))
			return without[want] ? without[want] : N_("the source does not tell");
	return NULL;
}

/* NULL: it can be judged. */
static const char *why_not(const struct adviser *adviser, const struct rule *rule)
{
	const char *why = why_lacking(adviser, rule->wants);

	return why || !rule->why_not ? why : rule->why_not(adviser);
}

struct visit {
	struct judging *judging;
	void (*judge)(struct judging *judging, const void *row);
};

/* The idle ones that were folded into one are of no one cause. */
static void judge_row(void *context, struct row *row)
{
	struct visit *visit = context;

	if (row->key != ROWS_OTHER)
		visit->judge(visit->judging, row);
}

/* NULL: there is no row, it is about the whole. */
static const struct rows *rows_of(const struct adviser_config *config, enum subject subject)
{
	switch (subject) {
	case SUBJECT_LEAKS:
		return &config->leaks->rows;
	case SUBJECT_TIME_WAITS:
		return &config->time_waits->rows;
	case SUBJECT_PORTS:
		return &config->ports->rows;
	case SUBJECT_FAILURES:
		return &config->ports->failures;
	case SUBJECT_OPENING:
		return &config->opening->rows;
	case SUBJECT_LISTENERS:
		return &config->opening->listeners;
	case SUBJECT_CLOSING:
		return &config->closing->rows;
	default:
		return NULL;
	}
}

static void judge_totals(struct judging *judging)
{
	for (size_t i = 0; i < judging->adviser->totals_count; i++)
		judging->rule->judge(judging, &judging->adviser->totals[i]);
}

static void judge_subject(struct judging *judging, enum subject subject,
			  void (*judge)(struct judging *judging, const void *row))
{
	const struct rows *rows = rows_of(&judging->adviser->config, subject);
	struct visit visit = {judging, judge};

	if (rows)
		rows_each(rows, judge_row, &visit);
	else if (subject == SUBJECT_NETNS)
		judge_totals(judging);
	else
		judge(judging, NULL);
}

static void judge_rule(struct adviser *adviser, const struct rule *rule)
{
	const char *why = why_not(adviser, rule);
	struct judging judging = {adviser, rule};
	size_t before = adviser->count;

	if (!why)
		judge_subject(&judging, rule->subject, rule->judge);
	if (!why && rule->judge_also)
		judge_subject(&judging, rule->also, rule->judge_also);
	if (!why && adviser->count == before)
		why = why_lacking(adviser, rule->partly);
	if (why)
		adviser->unknown[adviser->unknown_count++] = (struct unjudged){rule, why};
}

void adviser_judge(struct adviser *adviser, uint64_t time_ns)
{
	struct advice *before = adviser->items;
	size_t before_count = adviser->count;

	adviser->items = NULL;
	adviser->count = adviser->capacity = adviser->unknown_count = 0;
	if (!adviser->begun_ns)
		adviser->begun_ns = time_ns;
	meters_tick(adviser, time_ns);
	totals_find(adviser);
	half_closed_find(adviser);
	for (size_t i = 0; i < rule_count; i++)
		judge_rule(adviser, &rules[i]);
	meters_forget(adviser);
	adviser_settle(adviser);
	if (adviser->config.recent)
		clear_all(adviser, before, before_count);
	else
		past_keep(adviser, before, before_count);
	free(before);
}

size_t adviser_rules(void)
{
	return rule_count;
}

uint64_t adviser_watched_ns(const struct adviser *adviser)
{
	return adviser->time_ns - adviser->begun_ns;
}

const char *advice_rule(const struct advice *advice)
{
	return advice->rule->name;
}

const char *unjudged_rule(const struct unjudged *unjudged)
{
	return unjudged->rule->name;
}

/* What the kernel hides is no fault of anybody's. */
static bool counts(const struct advice *advice)
{
	return strcmp(advice->rule->name, "kernel_hides") != 0;
}

size_t adviser_found(const struct adviser *adviser, enum severity least)
{
	size_t found = 0;

	for (size_t i = 0; i < adviser->count; i++)
		found += adviser->items[i].severity >= least && counts(&adviser->items[i]);
	return found;
}
