// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/verdict.h"

#include "base/macros.h"

#define MAJORITY_PERCENT 80
#define RELAY_PERCENT	 20 /* so far apart may the two sides of a relay be */
#define DEAD_MIN	 3  /* a busy client has one or two of them at any instant */
#define GROWING_MIN	 16 /* fewer are a pool that warms up */

static const char *const verdicts[VERDICTS] = {
	[VERDICT_TRANSIENT] = "transient",
	[VERDICT_LEAK] = "leak",
	[VERDICT_STALL] = "stall",
	[VERDICT_IDLE_POOL] = "idle_pool",
	[VERDICT_NOT_READING] = "not_reading",
	[VERDICT_BACKLOG] = "backlog",
	[VERDICT_HALF_CLOSED] = "half_closed",
	[VERDICT_STOPPED] = "stopped",
	[VERDICT_RELAY] = "relay",
	[VERDICT_DEAD] = "dead",
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_MIXED] = "mixed",
};

static const char *const causes[LEAK_CAUSES] = {
	[LEAK_DRAINED] = "drained",
	[LEAK_FORGOTTEN] = "forgotten",
	[LEAK_GROWING] = "growing",
	[LEAK_INHERITED] = "inherited",
};

static const char *const kinds[KINDS] = {
	[KIND_UNREAD_DATA] = "unread_data", [KIND_FIN_ONLY] = "fin_only",
	[KIND_DRAINED] = "drained",	    [KIND_SENDING] = "sending",
	[KIND_UNACCEPTED] = "unaccepted",   [KIND_UNKNOWN] = "unknown",
};

bool verdict_most(uint32_t count, uint32_t all)
{
	return all && (uint64_t)count * 100 >= (uint64_t)all * MAJORITY_PERCENT;
}

void verdict_count(struct verdict_sockets *sockets, unsigned int kind, unsigned int direction)
{
	sockets->all++;
	sockets->kinds[kind]++;
	if (direction != DIRECTION_IN)
		sockets->outgoing++;
	else if (kind == KIND_FIN_ONLY)
		sockets->fin_only_in++;
}

void verdict_count_unwatched(struct verdict_sockets *sockets, unsigned int kind,
			     unsigned int direction)
{
	sockets->unwatched++;
	if (direction == DIRECTION_IN || kind == KIND_UNREAD_DATA)
		sockets->forgotten++;
}

const struct verdict_sockets *verdict_judged(const struct verdict_facts *facts)
{
	return facts->old.all ? &facts->old : &facts->all;
}

static enum finding seen(bool so)
{
	return so ? FINDING_SEEN : FINDING_NO;
}

static uint32_t told(uint32_t count)
{
	return count == COUNT_UNKNOWN ? 0 : count;
}

static enum finding most_are(const struct verdict_facts *facts, enum close_wait_kind kind)
{
	const struct verdict_sockets *sockets = verdict_judged(facts);

	return seen(verdict_most(sockets->kinds[kind], sockets->all));
}

static enum finding is_half_closed(const struct verdict_facts *facts)
{
	return most_are(facts, KIND_SENDING);
}

/* One that was dead for long enough is enough, where it was watched and is all there is. */
static enum finding is_transient(const struct verdict_facts *facts)
{
	uint32_t enough = facts->all.all || facts->once ? DEAD_MIN : 1;

	return seen(!facts->old.all && told(facts->dead) < enough);
}

static enum finding is_stopped(const struct verdict_facts *facts)
{
	return seen(facts->stopped || facts->frozen);
}

static enum finding is_relay(const struct verdict_facts *facts)
{
	uint64_t these = (uint64_t)facts->old.all + told(facts->dead);
	uint64_t others = told(facts->partners);
	uint64_t apart = these > others ? these - others : others - these;

	return seen(these && apart * 100 <= these * RELAY_PERCENT);
}

static enum finding is_dead(const struct verdict_facts *facts)
{
	return seen(!facts->old.all);
}

static enum finding is_backlog(const struct verdict_facts *facts)
{
	return most_are(facts, KIND_UNACCEPTED);
}

static enum finding is_drained(const struct verdict_facts *facts)
{
	return most_are(facts, KIND_DRAINED);
}

static enum finding is_forgotten(const struct verdict_facts *facts)
{
	const struct verdict_sockets *sockets = verdict_judged(facts);

	if (!facts->idle_loop || facts->blocked_sender == BLOCKED_YES ||
	    !verdict_most(sockets->forgotten, sockets->all))
		return FINDING_NO;
	return facts->blocked_sender == BLOCKED_NO ? FINDING_SEEN : FINDING_INFERRED;
}

static enum finding is_growing(const struct verdict_facts *facts)
{
	return verdict_judged(facts)->outgoing >= GROWING_MIN ? facts->growing : FINDING_NO;
}

static enum finding is_inherited(const struct verdict_facts *facts)
{
	const struct verdict_sockets *sockets = verdict_judged(facts);

	return verdict_most(sockets->inherited, sockets->all) ? facts->inherited : FINDING_NO;
}

static enum finding is_stall(const struct verdict_facts *facts)
{
	return most_are(facts, KIND_UNREAD_DATA);
}

static enum finding is_not_reading(const struct verdict_facts *facts)
{
	const struct verdict_sockets *sockets = verdict_judged(facts);

	if ((uint64_t)sockets->fin_only_in * 2 < sockets->kinds[KIND_FIN_ONLY])
		return FINDING_NO;
	return most_are(facts, KIND_FIN_ONLY);
}

/* A pool throws away what has died in it. */
static enum finding is_dead_pool(const struct verdict_facts *facts)
{
	return told(facts->dead) < DEAD_MIN ? FINDING_NO : most_are(facts, KIND_FIN_ONLY);
}

static enum finding is_idle_pool(const struct verdict_facts *facts)
{
	return most_are(facts, KIND_FIN_ONLY);
}

static enum finding is_unknown(const struct verdict_facts *facts)
{
	return most_are(facts, KIND_UNKNOWN);
}

/* The first that holds is the verdict: what excuses its code comes before what blames it. */
struct rung {
	enum verdict verdict;
	enum leak_cause cause;
	bool looks; /* it takes a look at the process: until then what the kinds say has to do */
	enum finding (*holds)(const struct verdict_facts *facts);
};

static const struct rung ladder[] = {
	{VERDICT_HALF_CLOSED, .holds = is_half_closed},
	{VERDICT_TRANSIENT, .holds = is_transient},
	{VERDICT_STOPPED, .looks = true, .holds = is_stopped},
	{VERDICT_RELAY, .looks = true, .holds = is_relay},
	{VERDICT_DEAD, .holds = is_dead},
	{VERDICT_BACKLOG, .holds = is_backlog},
	{VERDICT_LEAK, LEAK_DRAINED, .looks = true, .holds = is_drained},
	{VERDICT_LEAK, LEAK_FORGOTTEN, .looks = true, .holds = is_forgotten},
	{VERDICT_LEAK, LEAK_GROWING, .looks = true, .holds = is_growing},
	{VERDICT_LEAK, LEAK_INHERITED, .looks = true, .holds = is_inherited},
	{VERDICT_STALL, .holds = is_stall},
	{VERDICT_NOT_READING, .holds = is_not_reading},
	{VERDICT_DEAD, .looks = true, .holds = is_dead_pool},
	{VERDICT_IDLE_POOL, .holds = is_idle_pool},
	{VERDICT_UNKNOWN, .holds = is_unknown},
};

struct judgement verdict_of(const struct verdict_facts *facts)
{
	for (size_t i = 0; i < LENGTH(ladder); i++) {
		const struct rung *rung = &ladder[i];
		enum finding finding = FINDING_NO;

		if (facts->looked_up || !rung->looks)
			finding = rung->holds(facts);
		if (finding)
			return (struct judgement){rung->verdict, rung->cause,
						  finding == FINDING_INFERRED};
	}
	return (struct judgement){.verdict = VERDICT_MIXED};
}

/* The kinds that are a verdict whatever the epoll sets say. */
bool verdict_asks_for_watched(const struct verdict_sockets *old)
{
	static const enum close_wait_kind settled[] = {KIND_SENDING, KIND_UNACCEPTED, KIND_DRAINED,
						       KIND_UNKNOWN};

	for (size_t i = 0; i < LENGTH(settled); i++)
		if (verdict_most(old->kinds[settled[i]], old->all))
			return false;
	return old->all != 0;
}

const char *verdict_name(enum verdict verdict)
{
	return verdicts[verdict];
}

const char *leak_cause_name(enum leak_cause cause)
{
	return causes[cause];
}

const char *close_wait_kind_name(unsigned int kind)
{
	return kinds[kind];
}
