// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Facts of several processes as if they were one: of all that hold a listener. */
#include <string.h>

#include "base/memory.h"
#include "view/leaks/leaks.h"

#define NAMES_TOGETHER (LEAKS_LISTENER_LOOKS * FACTS_NAMES)

struct together {
	struct process_facts facts;
	struct thread_name names[NAMES_TOGETHER];
	size_t names_count;
};

/* `places` as well: what threads of one name wait in may differ from process to process. */
static bool is_same(const struct thread_name *a, const struct thread_name *b, bool places)
{
	return memcmp(a->name, b->name, sizeof(a->name)) == 0 &&
	       (!places || strncmp(a->waiting_in, b->waiting_in, sizeof(a->waiting_in)) == 0);
}

static size_t add_name(struct thread_name *names, size_t count, const struct thread_name *name,
		       bool places)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_same(&names[i], name, places))
			continue;
		names[i].threads += name->threads;
		return count;
	}
	names[count] = *name;
	return count + 1;
}

static void add_names(struct together *sum, const struct process_facts *facts)
{
	for (size_t i = 0; i < FACTS_NAMES && facts->names[i].threads; i++)
		sum->names_count = add_name(sum->names, sum->names_count, &facts->names[i], true);
	if (facts->names_total > FACTS_NAMES)
		sum->facts.names_total += facts->names_total - FACTS_NAMES;
}

static int by_threads(const void *a, const void *b)
{
	const struct thread_name *left = a, *right = b;

	if (left->threads != right->threads)
		return left->threads > right->threads ? -1 : 1;
	return memcmp(left->name, right->name, sizeof(left->name));
}

/* Each name once, with what most of its threads wait in. */
static void name_greatest(struct together *sum)
{
	struct thread_name names[NAMES_TOGETHER];
	size_t count = 0, shown;

	qsort(sum->names, sum->names_count, sizeof(*names), by_threads);
	for (size_t i = 0; i < sum->names_count; i++)
		count = add_name(names, count, &sum->names[i], false);
	qsort(names, count, sizeof(*names), by_threads);
	shown = count < FACTS_NAMES ? count : FACTS_NAMES;
	memcpy(sum->facts.names, names, shown * sizeof(*names));
	sum->facts.names_total += (uint32_t)count;
}

static double times_of(uint64_t part, uint64_t whole, uint64_t other_whole)
{
	return (double)part / (double)whole * (double)other_whole;
}

/* Each was looked at for a time of its own: all count as if it were that of the first. */
static void add_time(struct process_facts *sum, const struct process_facts *facts)
{
	uint64_t starved_ns;

	if (!facts->looked_for_ns)
		sum->looked_for_ns = 0;
	if (!sum->looked_for_ns)
		return;
	sum->ran_ns += (uint64_t)times_of(facts->ran_ns, facts->looked_for_ns, sum->looked_for_ns);
	if (facts->starved_ns == FACTS_UNKNOWN || sum->starved_ns == FACTS_UNKNOWN) {
		sum->starved_ns = FACTS_UNKNOWN;
		return;
	}
	starved_ns =
		(uint64_t)times_of(facts->starved_ns, facts->looked_for_ns, sum->looked_for_ns);
	if (starved_ns > sum->starved_ns)
		sum->starved_ns = starved_ns;
}

static bool same_place(const struct process_facts *a, const struct process_facts *b)
{
	return a->state == b->state && strncmp(a->wchan, b->wchan, FACTS_NAME) == 0 &&
	       strncmp(a->syscall, b->syscall, FACTS_NAME) == 0;
}

/* Where most of them wait of those that are where each process has most. */
static void choose_place(struct process_facts *sum, const struct process_facts *const *all,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t waiting = 0;

		for (size_t j = 0; j < count; j++)
			if (same_place(all[i], all[j]))
				waiting += all[j]->waiting;
		if (waiting <= sum->waiting)
			continue;
		sum->waiting = waiting;
		sum->state = all[i]->state;
		memcpy(sum->wchan, all[i]->wchan, sizeof(sum->wchan));
		memcpy(sum->syscall, all[i]->syscall, sizeof(sum->syscall));
	}
}

static void add(struct together *sum, const struct process_facts *facts)
{
	sum->facts.threads += facts->threads;
	sum->facts.looked_at += facts->looked_at;
	sum->facts.stopped += facts->stopped;
	sum->facts.traced += facts->traced;
	sum->facts.frozen += facts->frozen;
	sum->facts.idle_loop &= facts->idle_loop;
	if (!sum->facts.tracer.pid)
		sum->facts.tracer = facts->tracer;
	add_time(&sum->facts, facts);
	add_names(sum, facts);
}

static struct process_facts join(const struct process_facts *const *all, size_t count)
{
	struct together sum = {.facts = {.looked = true, .idle_loop = true}};

	sum.facts.looked_for_ns = all[0]->looked_for_ns;
	for (size_t i = 0; i < count; i++)
		add(&sum, all[i]);
	choose_place(&sum.facts, all, count);
	name_greatest(&sum);
	return sum.facts;
}

struct process_facts leaks_listener_facts(const struct leaks *leaks, const struct leak_row *row)
{
	const struct process_facts *all[LEAKS_LISTENER_LOOKS];
	struct holder_range range = leaks_listener_holders(leaks, row);
	const struct holder *holder = range.count ? range.first : NULL;
	size_t count = 0;

	for (size_t i = 0; holder && i < LEAKS_LISTENER_LOOKS; i++) {
		const struct process *process = leaks_process(leaks, holder->process);

		if (process->readings && process->readings->now.looked)
			all[count++] = &process->readings->now;
		holder = leaks_next_process(range, holder);
	}
	return count ? join(all, count) : (struct process_facts){0};
}
