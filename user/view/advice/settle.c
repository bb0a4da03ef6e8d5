// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One cause, one advice: the same of several rows is told once, what another explains is not. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macros.h"
#include "view/advice/internal.h"

static const struct process *process_of(const struct adviser *adviser, const struct advice *advice)
{
	return processes_get(&adviser->config.model->connections.processes, advice->process);
}

/* Processes of one name do the same at one place for one reason. */
static uint64_t cause_of(const struct adviser *adviser, const struct advice *advice)
{
	const struct process *process = process_of(adviser, advice);
	uint64_t cause = hash_bytes(0, &advice->words, sizeof(advice->words));
	struct tuple place = advice->place;

	place.family = 0;
	if (process)
		cause = hash_bytes(cause, process->id.comm, sizeof(process->id.comm));
	if (advice->has_place)
		return hash_bytes(cause, &place, sizeof(place));
	return hash_bytes(cause, &advice->netns, sizeof(advice->netns));
}

static int compare_weight(const struct advice *left, const struct advice *right)
{
	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	return (left->weight < right->weight) - (left->weight > right->weight);
}

static int by_cause(const void *a, const void *b)
{
	const struct advice *left = a, *right = b;

	if (left->rule != right->rule)
		return left->rule < right->rule ? -1 : 1;
	if (left->cause != right->cause)
		return left->cause < right->cause ? -1 : 1;
	return compare_weight(left, right);
}

/* The gravest first, then in the order of the rules. */
static int by_gravity(const void *a, const void *b)
{
	const struct advice *left = a, *right = b;

	if (left->severity == right->severity && left->rule != right->rule)
		return left->rule < right->rule ? -1 : 1;
	return compare_weight(left, right);
}

static bool is_rule(const struct advice *advice, const char *name)
{
	return strcmp(advice->rule->name, name) == 0;
}

bool is_close_wait(const struct advice *advice)
{
	return strncmp(advice->rule->name, "close_wait_", strlen("close_wait_")) == 0;
}

static bool same_process(const struct adviser *adviser, const struct advice *one,
			 const struct advice *other)
{
	(void)adviser;
	return one->process && one->process == other->process;
}

/* The peers that `waits` waits for are held by who `holder` is about. */
static bool holds_other_ends(const struct adviser *adviser, const struct advice *holder,
			     const struct advice *waits)
{
	for (size_t i = 0; i < adviser->pair_count; i++)
		if (adviser->pairs[i].waits == waits->process &&
		    adviser->pairs[i].closes == holder->process && holder->process)
			return true;
	return false;
}

/* In FIN_WAIT2, and named there. */
static bool is_other_end(const struct adviser *adviser, const struct advice *pair,
			 const struct advice *waits)
{
	(void)adviser;
	return pair->other && pair->other == waits->process;
}

/* What is held in CLOSE_WAIT is most of it, or what grows. */
static bool takes_descriptors(const struct adviser *adviser, const struct advice *holder,
			      const struct advice *limit)
{
	const struct advice_figure *fds = advice_figure(limit, "fds");

	return same_process(adviser, holder, limit) &&
	       (limit->by_growth || (fds && 2 * holder->weight >= (double)fds->number));
}

static bool same_listener(const struct adviser *adviser, const struct advice *one,
			  const struct advice *other)
{
	(void)adviser;
	return one->listener && one->listener == other->listener;
}

static bool same_netns(const struct adviser *adviser, const struct advice *one,
		       const struct advice *other)
{
	(void)adviser;
	return one->netns == other->netns;
}

static bool same_destination(const struct adviser *adviser, const struct advice *one,
			     const struct advice *other)
{
	const struct tuple *left = &one->place, *right = &other->place;

	(void)adviser;
	return left->netns == right->netns && left->rport == right->rport &&
	       memcmp(left->laddr, right->laddr, sizeof(left->laddr)) == 0 &&
	       memcmp(left->raddr, right->raddr, sizeof(left->raddr)) == 0;
}

/* Whether who opens connections is the client that a server's advice names. */
static bool is_client_of(const struct advice *opener, const struct advice *server)
{
	const struct advice_figure *client = advice_figure(server, "client");
	const struct tuple *to = &opener->place, *at = &server->place;

	return opener->direction == DIRECTION_OUT && server->direction == DIRECTION_IN && client &&
	       client->process == opener->process && to->netns == at->netns &&
	       to->rport == at->lport && memcmp(to->raddr, at->laddr, sizeof(to->raddr)) == 0;
}

/* Of the same connections each end closes some first: the end that closes more is told. */
static bool closes_more(const struct adviser *adviser, const struct advice *one,
			const struct advice *other)
{
	(void)adviser;
	if (is_client_of(one, other))
		return compare_weight(one, other) <= 0;
	return is_client_of(other, one) && compare_weight(one, other) < 0;
}

/* Which explains which, where they are about the same. */
static const struct {
	const char *cause; /* NULL: each close_wait_* */
	const char *effect;
	bool (*explains)(const struct adviser *adviser, const struct advice *cause,
			 const struct advice *effect);
} explanations[] = {
	{NULL, "half_closed_pair", same_process},
	{NULL, "fin_wait2_owned", holds_other_ends},
	{NULL, "descriptor_limit", takes_descriptors},
	{"close_wait_relay", "fin_wait2_owned", same_process},
	{"half_closed_pair", "fin_wait2_owned", is_other_end},
	{"accept_queue_full", "no_answer", same_listener},
	{"accept_queue_full", "close_wait_backlog", same_listener},
	{"ports_taken_by_bind", "ports_exhausted", same_netns},
	{"ports_taken_by_bind", "ports_near", same_netns},
	{"ports_exhausted", "ports_near", same_destination},
	{"short_connections", "short_connections", closes_more},
};

static bool is_explained_by(const struct adviser *adviser, const struct advice *effect,
			    const struct advice *cause)
{
	for (size_t i = 0; i < LENGTH(explanations); i++) {
		const char *name = explanations[i].cause;

		if (is_rule(effect, explanations[i].effect) &&
		    (name ? is_rule(cause, name) : is_close_wait(cause)) &&
		    explanations[i].explains(adviser, cause, effect))
			return true;
	}
	return false;
}

static bool is_explained(const struct adviser *adviser, const struct advice *advice)
{
	for (size_t i = 0; i < adviser->count; i++)
		if (is_explained_by(adviser, advice, &adviser->items[i]))
			return true;
	return false;
}

/* By those that are explained as well: who is to go is found before any goes. */
static void drop_explained(struct adviser *adviser)
{
	size_t kept = 0;

	for (size_t i = 0; i < adviser->count; i++)
		adviser->items[i].explained = is_explained(adviser, &adviser->items[i]);
	for (size_t i = 0; i < adviser->count; i++) {
		if (adviser->items[i].explained)
			advice_clear(adviser, &adviser->items[i]);
		else
			adviser->items[kept++] = adviser->items[i];
	}
	adviser->count = kept;
}

/* The worst of them stands for all. */
static void join_causes(struct adviser *adviser)
{
	size_t kept = 0;

	for (size_t i = 0; i < adviser->count; i++) {
		struct advice *advice = &adviser->items[i], *last = &adviser->items[kept - !!kept];

		if (kept && last->rule == advice->rule && last->cause == advice->cause) {
			last->alike++;
			advice_clear(adviser, advice);
		} else {
			adviser->items[kept++] = *advice;
		}
	}
	adviser->count = kept;
}

void adviser_settle(struct adviser *adviser)
{
	if (!adviser->count)
		return;
	drop_explained(adviser);
	for (size_t i = 0; i < adviser->count; i++)
		adviser->items[i].cause = cause_of(adviser, &adviser->items[i]);
	qsort(adviser->items, adviser->count, sizeof(*adviser->items), by_cause);
	join_causes(adviser);
	qsort(adviser->items, adviser->count, sizeof(*adviser->items), by_gravity);
}
