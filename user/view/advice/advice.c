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

static void forget_all(struct adviser *adviser)
{
	for (size_t i = 0; i < adviser->count; i++)
		advice_clear(adviser, &adviser->items[i]);
	adviser->count = adviser->unknown_count = 0;
}

void adviser_free(struct adviser *adviser)
{
	forget_all(adviser);
	meters_free(adviser);
	free(adviser->items);
	free(adviser->unknown);
}

void adviser_ask(const struct adviser *adviser, struct questions *questions)
{
	(void)adviser;
	(void)questions;
}

struct advice *advise(struct judging *judging, enum severity severity, enum saying saying)
{
	struct adviser *adviser = judging->adviser;
	struct advice *advice;

	if (adviser->count == adviser->capacity) {
		adviser->capacity = adviser->capacity ? 2 * adviser->capacity : 16;
		adviser->items =
			memory_resize(adviser->items, adviser->capacity, sizeof(*adviser->items));
	}
	advice = &adviser->items[adviser->count++];
	*advice = (struct advice){
		.rule = judging->rule,
		.words = &words[saying],
		.severity = severity,
	};
	return advice;
}

/* Why a stream that lacks something does not tell: by enum want. */
static const char *const without[WANTS] = {
	[WANT_TRANSITIONS] = "no transitions are seen here: it takes BPF",
	[WANT_MINISOCKETS] = "TIME_WAITs are not followed here: it takes BPF",
	[WANT_ACCEPTORS] = "who accepts is not seen here: it takes BPF",
	[WANT_BOUND_PORTS] = "which ports bind() has taken is not seen here: it takes BPF",
	[WANT_CONNECT_FAILURES] = "connects that fail at once are not seen here",
	[WANT_BIND_FAILURES] = "binds that fail are not seen here: it takes fentry",
	[WANT_DEAD] = "dead descriptors are not seen here: it takes BPF",
};

/* NULL: it can be judged. */
static const char *why_not(const struct adviser *adviser, const struct rule *rule)
{
	for (unsigned int want = 0; want < WANTS; want++)
		if (rule->wants >> want & 1 && model_lacks(adviser->config.model, want))
			return without[want] ? without[want] : "the source does not tell";
	return rule->why_not ? rule->why_not(adviser) : NULL;
}

static void judge_row(void *context, struct row *row)
{
	struct judging *judging = context;

	if (row->key != ROWS_OTHER)
		judging->rule->judge(judging, row);
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

static void judge_rule(struct adviser *adviser, const struct rule *rule)
{
	const struct rows *rows = rows_of(&adviser->config, rule->subject);
	const char *why = why_not(adviser, rule);
	struct judging judging = {adviser, rule};

	if (why)
		adviser->unknown[adviser->unknown_count++] = (struct unjudged){rule, why};
	else if (rows)
		rows_each(rows, judge_row, &judging);
	else
		rule->judge(&judging, NULL);
}

void adviser_judge(struct adviser *adviser, uint64_t time_ns)
{
	forget_all(adviser);
	if (!adviser->begun_ns)
		adviser->begun_ns = time_ns;
	meters_tick(adviser, time_ns);
	for (size_t i = 0; i < rule_count; i++)
		judge_rule(adviser, &rules[i]);
	meters_forget(adviser);
	adviser_settle(adviser);
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

static const char *const severity_names[SEVERITIES] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_CRITICAL] = "critical",
};

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

enum severity severity_of(const char *name)
{
	unsigned int severity = 0;

	while (severity < SEVERITIES && strcmp(severity_names[severity], name) != 0)
		severity++;
	return severity;
}
