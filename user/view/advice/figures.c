// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The figures of an advice: copied, so that they outlive the rows. */
#include <string.h>

#include "base/memory.h"
#include "view/advice/internal.h"
#include "view/threads.h"

static struct processes *processes_of(const struct adviser *adviser)
{
	return &adviser->config.model->connections.processes;
}

void about_process(const struct judging *judging, struct advice *advice, uint32_t number)
{
	processes_reference(processes_of(judging->adviser), number);
	advice->process = number;
}

void about_place(struct advice *advice, const struct tuple *place, unsigned int direction)
{
	advice->has_place = true;
	advice->place = *place;
	advice->direction = (uint8_t)direction;
	advice->netns = place->netns;
}

static const struct advice_figure *find(const struct advice *advice, const char *key)
{
	for (uint32_t i = 0; i < advice->figure_count; i++)
		if (strcmp(advice->figures[i].key, key) == 0)
			return &advice->figures[i];
	return NULL;
}

const struct advice_figure *advice_figure(const struct advice *advice, const char *key)
{
	const struct advice_figure *figure = find(advice, key);

	return figure && figure->of != FIGURE_UNKNOWN ? figure : NULL;
}

struct advice_figure *tell(struct advice *advice, const char *key, enum figure_of of)
{
	struct advice_figure *figure = &advice->figures[advice->figure_count];

	if (advice->figure_count + 1 < ADVICE_FIGURES)
		advice->figure_count++;
	*figure = (struct advice_figure){.key = key, .of = of};
	return figure;
}

void tell_number(struct advice *advice, const char *key, uint64_t number)
{
	tell(advice, key, FIGURE_NUMBER)->number = number;
}

void tell_bytes(struct advice *advice, const char *key, uint64_t bytes)
{
	tell(advice, key, FIGURE_BYTES)->number = bytes;
}

void tell_ns(struct advice *advice, const char *key, uint64_t ns)
{
	tell(advice, key, FIGURE_NS)->number = ns;
}

void tell_real(struct advice *advice, const char *key, double real)
{
	tell(advice, key, FIGURE_REAL)->real = real;
}

void tell_rate(struct advice *advice, const char *key, double per_s)
{
	tell(advice, key, FIGURE_RATE)->real = per_s;
}

void tell_share(struct advice *advice, const char *key, double share)
{
	tell(advice, key, FIGURE_SHARE)->real = share;
}

void tell_truth(struct advice *advice, const char *key, bool truth)
{
	tell(advice, key, FIGURE_TRUTH)->number = truth;
}

void tell_word(struct advice *advice, const char *key, const char *word)
{
	if (word)
		tell(advice, key, FIGURE_WORD)->word = word;
}

static char *copy(const char *bytes, size_t size)
{
	char *text = memory_new(1, size + 1);

	memcpy(text, bytes, size);
	return text;
}

void tell_name(struct advice *advice, const char *key, const char *name, size_t size)
{
	if (size && name[0])
		tell(advice, key, FIGURE_NAME)->text = copy(name, strnlen(name, size));
}

void tell_process(const struct judging *judging, struct advice *advice, const char *key,
		  uint32_t number)
{
	if (!number) {
		tell(advice, key, FIGURE_UNKNOWN);
		return;
	}
	processes_reference(processes_of(judging->adviser), number);
	tell(advice, key, FIGURE_PROCESS)->process = number;
}

void tell_place(struct advice *advice, const char *key, const struct tuple *place,
		unsigned int direction)
{
	struct advice_figure *figure = tell(advice, key, FIGURE_PLACE);

	figure->place.tuple = *place;
	figure->place.direction = direction;
}

void draft_begin(struct figure_draft *draft)
{
	*draft = (struct figure_draft){.output.fd = -1};
	draft->json.output = &draft->output;
}

/* It was written with its key, and a colon. */
void draft_end(struct figure_draft *draft, struct advice *advice, const char *key)
{
	size_t key_length = strlen(key) + strlen("\"\":");
	const char *text = draft->output.text;

	if (draft->output.length > key_length && memcmp(text + key_length, "null", 4) != 0)
		tell(advice, key, FIGURE_JSON)->text =
			copy(text + key_length, draft->output.length - key_length);
	output_free(&draft->output);
}

static enum figure_of figure_of_unit(enum unit unit, bool is_real)
{
	if (unit == UNIT_PER_S)
		return FIGURE_RATE;
	if (unit == UNIT_BYTES)
		return FIGURE_BYTES;
	if (is_real)
		return FIGURE_REAL;
	return unit == UNIT_SECONDS ? FIGURE_NS : FIGURE_NUMBER;
}

static void tell_value(struct advice *advice, const struct member *member, struct value value)
{
	struct advice_figure *figure;

	if (!value.known)
		return;
	figure = tell(advice, member->key, figure_of_unit(member->unit, value.is_real));
	if (value.is_real)
		figure->real = value.real;
	else
		figure->number = value.number;
}

static void tell_member(struct advice *advice, const struct member *member, const void *view,
			const void *row)
{
	struct figure_draft draft;

	if (!member->write && !member->dimension && !member->scale) {
		tell_value(advice, member, member_value(member, view, row));
		return;
	}
	draft_begin(&draft);
	member_write(&draft.json, member, view, row);
	draft_end(&draft, advice, member->key);
}

static const struct member *member_of(const struct table *table, const char *key)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->members[i].key && strcmp(table->members[i].key, key) == 0)
			return &table->members[i];
	return NULL;
}

void tell_row(const struct judging *judging, struct advice *advice, const struct table *table,
	      const void *view, const void *row)
{
	for (size_t i = 0; i < RULE_EVIDENCE && judging->rule->evidence[i]; i++) {
		const char *key = judging->rule->evidence[i];
		const struct member *member = member_of(table, key);

		if (member && !find(advice, key))
			tell_member(advice, member, view, row);
	}
}

static bool wants(const struct judging *judging, const char *key)
{
	for (size_t i = 0; i < RULE_EVIDENCE && judging->rule->evidence[i]; i++)
		if (strcmp(judging->rule->evidence[i], key) == 0)
			return true;
	return false;
}

static void tell_names(struct advice *advice, const struct process_facts *facts)
{
	struct figure_draft draft;

	draft_begin(&draft);
	threads_write_names(&draft.json, facts);
	draft_end(&draft, advice, "names");
}

static void tell_tracer(const struct judging *judging, struct advice *advice,
			const struct process_facts *facts)
{
	const struct process tracer = {.id = facts->tracer};
	struct sentence name = {0};
	struct figure_draft draft;

	if (!tracer.id.pid)
		return;
	draft_begin(&draft);
	object_process(&draft.json, "tracer", &tracer, &judging->adviser->config.model->clocks);
	draft_end(&draft, advice, "tracer");
	text_process(&name, &tracer);
	tell_name(advice, "tracer_name", name.text, name.length);
}

static void tell_shares(const struct judging *judging, struct advice *advice,
			const struct process_facts *facts)
{
	double ran = threads_share(facts, facts->ran_ns);
	double starved = threads_share(facts, facts->starved_ns);

	if (wants(judging, "cpu_share") && ran >= 0)
		tell_share(advice, "cpu_share", ran);
	if (wants(judging, "starved") && starved >= 0)
		tell_share(advice, "starved", starved);
}

/* Where most of them wait, that the kernel tells. */
static void tell_waiting(struct advice *advice, const struct process_facts *facts)
{
	const char *place = facts->syscall[0] ? facts->syscall : facts->wchan;

	tell_number(advice, "waiting", facts->waiting);
	tell_number(advice, "threads", facts->looked_at);
	tell_name(advice, "waits_in", place, FACTS_NAME);
}

void tell_threads(const struct judging *judging, struct advice *advice,
		  const struct process_facts *facts)
{
	if (!facts->looked)
		return;
	if (wants(judging, "waiting"))
		tell_waiting(advice, facts);
	if (wants(judging, "names"))
		tell_names(advice, facts);
	if (wants(judging, "stopped")) {
		tell_truth(advice, "stopped", threads_are_stopped(facts));
		tell_truth(advice, "frozen", threads_are_frozen(facts));
		tell_tracer(judging, advice, facts);
	}
	tell_shares(judging, advice, facts);
}

static void forget_figure(struct adviser *adviser, struct advice_figure *figure)
{
	if (figure->of == FIGURE_NAME || figure->of == FIGURE_JSON)
		free(figure->text);
	else if (figure->of == FIGURE_PROCESS)
		processes_release(processes_of(adviser), figure->process);
}

void advice_clear(struct adviser *adviser, struct advice *advice)
{
	for (uint32_t i = 0; i < advice->figure_count; i++)
		forget_figure(adviser, &advice->figures[i]);
	processes_release(processes_of(adviser), advice->process);
	*advice = (struct advice){0};
}
