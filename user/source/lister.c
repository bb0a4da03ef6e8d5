// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/lister.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/memory.h"
#include "base/pairs.h"
#include "record/needs.h"
#include "source/clock.h"
#include "source/diag.h"
#include "source/netns.h"
#include "source/proc/counters.h"
#include "source/proc/descriptors.h"
#include "source/proc/port_settings.h"

/* Sockets are pairs of inode and cookie. */
struct lister {
	const struct source_config *config;
	size_t unseen;	     /* namespaces that could not be listed */
	struct pairs listed; /* that have a descriptor, by this listing, */
	struct pairs before; /* by the one before, */
	struct pairs left;   /* and of those what is in no table any more; */
	struct pairs kept;   /* of which these have a descriptor still */
};

static void mark(const struct lister *lister, enum listing_phase phase, uint32_t netns)
{
	struct record_listing record = {
		.header = {RECORD_LISTING, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.phase = phase,
		.netns = netns,
	};

	sink_record(&lister->config->sink, &record.header);
}

static void on_socket(void *context, const struct record_header *record)
{
	const struct record_socket *socket = (const void *)record;
	struct lister *lister = context;

	if (record->type == RECORD_SOCKET && socket->inode)
		pairs_add(&lister->listed, socket->inode, socket->cookie);
	sink_record(&lister->config->sink, record);
}

static bool wants(const struct lister *lister, enum want want)
{
	return needs_want(&lister->config->needs, want);
}

static void report_ports(const struct lister *lister, uint32_t netns)
{
	struct record_ports record;

	if (wants(lister, WANT_PORT_SETTINGS) && port_settings_read(&record, netns))
		sink_record(&lister->config->sink, &record.header);
}

/* Partners and listeners matter to a verdict whatever is shown. */
static bool list_here(struct lister *lister, uint32_t netns, struct refusal *refusal)
{
	const struct needs *needs = &lister->config->needs;
	struct diag_listing listing = {
		.filter = lister->config->filter,
		.sink = {on_socket, lister},
		.states = needs->snapshot,
		.unfiltered = needs->refreshed,
		.msks = needs->refreshed & BIT(TCP_CLOSE_WAIT),
	};

	report_ports(lister, netns);
	if (!diag_list_here(&listing, netns)) {
		snprintf(refusal->text, sizeof(refusal->text),
			 "cannot list sockets: %s (CONFIG_INET_DIAG, CONFIG_INET_TCP_DIAG)",
			 strerror(errno));
		return false;
	}
	mark(lister, LISTING_NAMESPACE, netns);
	return true;
}

struct reading {
	struct lister *lister;
	struct refusal *refusal;
	bool done; /* until now */
};

static bool is_wanted(const void *context, uint32_t netns, bool own)
{
	const struct reading *reading = context;
	uint32_t wanted = reading->lister->config->filter->netns;

	(void)own;
	return reading->done && (!wanted || wanted == netns);
}

static void read_namespace(void *context, uint32_t netns)
{
	struct reading *reading = context;

	reading->done = list_here(reading->lister, netns, reading->refusal);
}

/* One that has gone meanwhile is passed over. */
static bool list_namespaces(struct lister *lister, const struct netns_list *list,
			    struct refusal *refusal)
{
	struct reading reading = {lister, refusal, true};

	netns_visit_list(list, is_wanted, read_namespace, &reading);
	return reading.done;
}

static bool list_sockets(struct lister *lister, struct refusal *refusal)
{
	uint32_t wanted = lister->config->filter->netns;
	struct netns_list list;
	bool done = true;

	netns_find(&list);
	lister->unseen = netns_missing(&list, wanted);
	if (wanted && lister->unseen) {
		snprintf(refusal->text, sizeof(refusal->text),
			 "cannot enter that network namespace: that needs CAP_SYS_ADMIN");
		done = false;
	}
	done = done && list_namespaces(lister, &list, refusal);
	netns_list_free(&list);
	return done;
}

static void on_holder(void *context, const struct record_header *record)
{
	const struct record_holder *holder = (const void *)record;
	struct lister *lister = context;

	if (record->type == RECORD_HOLDER && pairs_find(&lister->left, holder->inode) &&
	    !pairs_find(&lister->listed, holder->inode))
		pairs_add(&lister->kept, holder->inode, holder->cookie);
	sink_record(&lister->config->sink, record);
}

static void add_all(struct pairs *to, const struct pairs *from)
{
	for (size_t i = 0; i < from->count; i++)
		pairs_add(to, from->items[i].key, from->items[i].value);
}

static void find_left(struct lister *lister)
{
	pairs_sort(&lister->listed);
	for (size_t i = 0; i < lister->before.count; i++) {
		const struct pair *before = &lister->before.items[i];

		if (!pairs_find(&lister->listed, before->key))
			pairs_add(&lister->left, before->key, before->value);
	}
	pairs_sort(&lister->left);
}

/* What has left the tables is asked for once more: its descriptor may still be there. */
static void list_holders(struct lister *lister)
{
	struct record_sink sink = {on_holder, lister};
	struct pairs asked = {0};

	find_left(lister);
	add_all(&asked, &lister->listed);
	add_all(&asked, &lister->left);
	descriptors_list(&asked, &sink);
	pairs_free(&asked);
}

/* For the next listing. A descriptor that is held twice is kept twice: it is looked for once. */
static void remember(struct lister *lister)
{
	pairs_free(&lister->before);
	lister->before = lister->listed;
	lister->listed = (struct pairs){0};
	pairs_sort(&lister->kept);
	for (size_t i = 0; i < lister->kept.count; i++) {
		const struct pair *kept = &lister->kept.items[i];

		if (!i || kept[-1].key != kept->key)
			pairs_add(&lister->before, kept->key, kept->value);
	}
	pairs_free(&lister->kept);
	pairs_free(&lister->left);
}

static bool list(struct lister *lister, struct refusal *refusal)
{
	const struct source_config *config = lister->config;
	bool done;

	mark(lister, LISTING_BEGINS, 0);
	done = list_sockets(lister, refusal);
	if (done)
		mark(lister, LISTING_NAMESPACE, 0); /* nothing else tells that one is gone */
	if (done && questions_asked(config->ask, config->context, QUESTION_HOLDERS))
		list_holders(lister);
	remember(lister);
	mark(lister, LISTING_ENDS, 0);
	return done;
}

void *lister_open(const struct source_config *config)
{
	struct lister *lister = memory_new(1, sizeof(*lister));

	lister->config = config;
	return lister;
}

/* The first refresh lists, as each one does. */
static bool begin(void *self, struct refusal *refusal)
{
	(void)self;
	(void)refusal;
	return true;
}

static bool refresh(void *self, bool last, struct refusal *refusal)
{
	(void)last;
	return list(self, refusal);
}

struct counting {
	const struct lister *lister;
	uint32_t netns;
};

static bool is_counted(const void *context, uint32_t netns, bool own)
{
	const struct counting *counting = context;
	uint32_t filter = counting->lister->config->filter->netns;

	(void)own;
	return counting->netns ? netns == counting->netns : !filter || netns == filter;
}

static void count(void *context, uint32_t netns)
{
	const struct counting *counting = context;
	struct record_counters record;

	if (counters_read(&record, netns))
		sink_record(&counting->lister->config->sink, &record.header);
}

/* Everything has just been listed. */
static void answer(void *self, const struct question *question)
{
	struct counting counting = {self, question->netns};

	if (question->kind == QUESTION_COUNTERS)
		netns_visit(is_counted, count, &counting);
}

static size_t unseen(const void *self)
{
	return ((const struct lister *)self)->unseen;
}

static uint32_t lacks(const void *self)
{
	(void)self;
	return WANT(TRANSITIONS) | WANT(MINISOCKETS) | WANT(ACCEPTORS) | WANT(BOUND_PORTS) |
	       WANT(DEAD) | WANT(CONNECT_FAILURES) | WANT(BIND_FAILURES) | WANT(STACKS);
}

static void close_self(void *self)
{
	struct lister *lister = self;

	pairs_free(&lister->before);
	free(lister);
}

const struct source_kind lister_kind = {
	.begin = begin,
	.refresh = refresh,
	.answer = answer,
	.unseen = unseen,
	.lacks = lacks,
	.close = close_self,
	.privileges = SOURCE_DIAG,
};
