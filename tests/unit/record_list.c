// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record_list.h"

#include "wanted.h"

#include <string.h>

#include "base/memory.h"
#include "records.h"

#define BIT(number) (1U << (number))

void record_list_add(struct record_list *list, enum told_when when,
		     const struct record_header *record)
{
	struct record_header *copy = memory_new(1, record->size);

	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 256;
		list->items = memory_resize(list->items, list->capacity, sizeof(*list->items));
	}
	memcpy(copy, record, record->size);
	list->items[list->count++] = (struct written){.record = copy, .when = when};
}

void record_list_add_holder(struct record_list *list, enum told_when when,
			    const struct record_holder *record, unsigned int state,
			    unsigned int direction)
{
	struct written *written;

	record_list_add(list, when, &record->header);
	written = &list->items[list->count - 1];
	written->state = (uint8_t)state;
	written->direction = (uint8_t)direction;
}

void record_list_free(struct record_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].record);
	free(list->items);
}

static bool wants(const struct list_source *source, enum want want)
{
	return needs_want(&source->config->needs, want);
}

static bool passes_listener(const struct list_source *source, const struct tuple *tuple)
{
	return filter_listener(source->config->filter, tuple);
}

static bool passes(const struct list_source *source, const struct tuple *tuple, bool lport_known)
{
	return filter_tuple(source->config->filter, tuple, lport_known);
}

/* As bpf/transition.bpf.c decides. */
static bool wants_transition(const struct list_source *source,
			     const struct record_transition *record)
{
	bool listens = record->old_state == TCP_LISTEN || record->new_state == TCP_LISTEN;

	if (!(source->config->needs.told[record->old_state] & BIT(record->new_state)))
		return false;
	if (!wants(source, WANT_ACCEPTED) && record->direction == DIRECTION_IN && !listens)
		return false;
	if (listens)
		return passes_listener(source, &record->tuple);
	return passes(source, &record->tuple,
		      record->tuple.lport && record->old_state != TCP_SYN_SENT);
}

/* As bpf/list.bpf.c does; `listed`: the states that are listed. */
static bool wants_row(const struct list_source *source, const struct record_socket *record,
		      uint32_t listed)
{
	bool minisocket = record->flags & SOCKET_MINISOCKET;

	if (!(listed & BIT(minisocket ? TCP_TIME_WAIT : record->state)))
		return false;
	if (!wants(source, WANT_ACCEPTED) &&
	    !counts_for_range(record->direction, record->state,
			      record->flags & SOCKET_BOUND ? record->tuple.lport : 0, source->low,
			      source->high))
		return false;
	if (record->state == TCP_LISTEN)
		return passes_listener(source, &record->tuple);
	return passes(source, &record->tuple, record->tuple.lport != 0);
}

static bool wants_holder(const struct list_source *source, const struct written *written,
			 uint32_t listed)
{
	const struct record_holder *record = (const void *)written->record;

	if (!wants(source, WANT_ACCEPTED) &&
	    !counts_for_range(written->direction, written->state, record->bound_port, source->low,
			      source->high))
		return false;
	return listed & BIT(written->state);
}

static bool wants_failure(const struct list_source *source, const struct record_failure *record)
{
	bool bind = record->failure >= FAILURE_BIND_NO_PORT;

	return wants(source, bind ? WANT_BIND_FAILURES : WANT_CONNECT_FAILURES) &&
	       passes(source, &record->tuple, record->tuple.lport != 0);
}

static bool wants_minisocket(const struct list_source *source, const struct record_timewait *record)
{
	return wants(source, WANT_MINISOCKETS) &&
	       (wants(source, WANT_ACCEPTED) || !record->bound) &&
	       passes(source, &record->tuple, true);
}

static bool is_wanted(const struct list_source *source, const struct written *written,
		      uint32_t listed)
{
	const void *record = written->record;

	switch (written->record->type) {
	case RECORD_TRANSITION:
		return wants_transition(source, record);
	case RECORD_TIMEWAIT:
		return wants_minisocket(source, record);
	case RECORD_SOCKET:
		return wants_row(source, record, listed);
	case RECORD_HOLDER:
		return wants_holder(source, written, listed);
	case RECORD_FAILURE:
		return wants_failure(source, record);
	case RECORD_PORTS:
		return wants(source, WANT_PORT_SETTINGS);
	case RECORD_COUNTERS:
		return wants(source, WANT_MINISOCKETS);
	default:
		return true;
	}
}

static void hand_on(const struct list_source *source, const struct record_header *record)
{
	sink_record(&source->config->sink, record);
}

static const struct written *next(const struct list_source *source, enum told_when when)
{
	const struct record_list *list = source->list;

	if (source->at == list->count || list->items[source->at].when != when)
		return NULL;
	return &list->items[source->at];
}

/* At the time of what comes next in the list, whether it is handed on or not. */
static void mark(struct list_source *source, enum listing_phase phase, enum listing_scope scope)
{
	const struct record_list *list = source->list;
	uint64_t time_ns = list->items[source->at].record->time_ns;
	struct record_listing record = listing_of(time_ns, phase, 0);

	record.scope = scope;
	if (phase == LISTING_NAMESPACE)
		record.netns = NETNS;
	hand_on(source, &record.header);
}

static void note_range(struct list_source *source, const struct record_header *record)
{
	const struct record_ports *ports = (const void *)record;

	if (record->type != RECORD_PORTS)
		return;
	source->low = ports->low;
	source->high = ports->high;
}

/* Holders come after all other rows. */
static void hand_on_rows(struct list_source *source, enum told_when when, bool holders,
			 uint32_t listed)
{
	const struct written *written;

	for (; (written = next(source, when)); source->at++) {
		if ((written->record->type == RECORD_HOLDER) != holders)
			return;
		note_range(source, written->record);
		if (is_wanted(source, written, listed))
			hand_on(source, written->record);
	}
}

static void pass_over(struct list_source *source, enum told_when when)
{
	while (next(source, when))
		source->at++;
}

static bool keeps_apart(const struct list_source *source)
{
	return source->config->needs.refreshed;
}

static void list_all(struct list_source *source)
{
	enum listing_scope scope = keeps_apart(source) ? LISTING_CONNECTIONS : LISTING_ALL;
	uint32_t listed = source->config->needs.listed;

	mark(source, LISTING_BEGINS, scope);
	hand_on_rows(source, TOLD_LISTING, false, listed);
	mark(source, LISTING_NAMESPACE, scope);
	hand_on_rows(source, TOLD_LISTING, true, listed);
	mark(source, LISTING_ENDS, scope);
}

static bool begin(void *self, struct refusal *refusal)
{
	(void)refusal;
	list_all(self);
	return true;
}

static bool take(void *self)
{
	struct list_source *source = self;
	const struct written *written;
	size_t from = source->at;

	for (; (written = next(source, TOLD_STREAM)); source->at++) {
		if (is_wanted(source, written, 0))
			hand_on(source, written->record);
	}
	return source->at != from;
}

static bool holders_are_asked_for(const struct list_source *source)
{
	return questions_asked(source->config->ask, source->config->context, QUESTION_HOLDERS);
}

static void list_close_waits(struct list_source *source)
{
	uint32_t listed = source->config->needs.refreshed;

	mark(source, LISTING_BEGINS, LISTING_CLOSE_WAITS);
	hand_on_rows(source, TOLD_CLOSE_WAITS, false, listed);
	mark(source, LISTING_NAMESPACE, LISTING_CLOSE_WAITS);
	if (holders_are_asked_for(source))
		hand_on_rows(source, TOLD_CLOSE_WAITS, true, BIT(TCP_LISTEN) | listed);
	mark(source, LISTING_ENDS, LISTING_CLOSE_WAITS);
}

static bool refresh(void *self, bool last, struct refusal *refusal)
{
	struct list_source *source = self;

	(void)last;
	(void)refusal;
	if (wants(source, WANT_BOUND_PORTS))
		list_all(source);
	pass_over(source, TOLD_LISTING);
	if (keeps_apart(source))
		list_close_waits(source);
	pass_over(source, TOLD_CLOSE_WAITS);
	return true;
}

static bool is_answer(const struct question *question, const struct record_header *record)
{
	if (question->kind == QUESTION_COUNTERS)
		return record->type == RECORD_COUNTERS;
	if (question->kind != QUESTION_DESCRIPTORS && question->kind != QUESTION_THREADS)
		return false;
	return record->type == RECORD_FACTS &&
	       ((const struct record_facts *)record)->process.pid == question->process.pid;
}

/* Threads are looked at where that is what is asked. */
static void hand_on_answer(struct list_source *source, const struct question *question,
			   const struct record_header *record)
{
	struct record_facts facts;

	if (record->type != RECORD_FACTS) {
		hand_on(source, record);
		return;
	}
	facts = *(const struct record_facts *)record;
	facts.facts.looked = question->kind == QUESTION_THREADS;
	hand_on(source, &facts.header);
}

static void answer(void *self, const struct question *question)
{
	struct list_source *source = self;
	const struct record_list *list = source->list;

	for (size_t i = source->at; i < list->count && list->items[i].when == TOLD_ANSWER; i++)
		if (is_answer(question, list->items[i].record))
			hand_on_answer(source, question, list->items[i].record);
}

static size_t unseen(const void *self)
{
	(void)self;
	return 0;
}

static uint32_t lacks(const void *self)
{
	(void)self;
	return 0;
}

static void close_self(void *self)
{
	(void)self;
}

/* Until nobody asks anything new. */
static void answer_all(struct list_source *source, struct questions *questions)
{
	uint32_t answered = 0;

	do {
		for (; answered < questions_count(questions); answered++)
			list_kind.answer(source, questions_get(questions, answered));
		source->config->ask(source->config->context, questions);
	} while (answered < questions_count(questions));
}

static void end_refresh(struct list_source *source)
{
	struct record_refresh *ends;
	struct questions questions;

	questions_init(&questions);
	answer_all(source, &questions);
	questions_free(&questions);
	pass_over(source, TOLD_ANSWER);
	ends = (void *)source->list->items[source->at++].record;
	ends->last = source->at == source->list->count;
	hand_on(source, &ends->header);
}

/* What happens until the next refresh, and that refresh. False if there is no more. */
static bool turn(struct list_source *source)
{
	struct refusal refusal;

	if (source->at == source->list->count)
		return false;
	list_kind.take(source);
	list_kind.refresh(source, false, &refusal);
	end_refresh(source);
	return true;
}

void list_play(const struct record_list *list, const struct source_config *config)
{
	struct list_source source = {.list = list, .config = config};
	struct record_source begins = {
		.header = {RECORD_SOURCE, sizeof(begins), 0, list->items[0].record->time_ns},
		.timewait_ns = 60 * 1000000000ULL,
	};
	struct refusal refusal;

	hand_on(&source, &begins.header);
	list_kind.begin(&source, &refusal);
	while (turn(&source))
		continue;
}

const struct source_kind list_kind = {
	.begin = begin,
	.take = take,
	.refresh = refresh,
	.answer = answer,
	.unseen = unseen,
	.lacks = lacks,
	.close = close_self,
	.privileges = SOURCE_DIAG,
};
