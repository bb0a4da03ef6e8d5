// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/looks.h"

#include <stdbool.h>

#include "base/memory.h"
#include "source/proc/recent.h"

struct look {
	struct recent recent;
	uint64_t ran_ns;
	uint32_t count;
	struct looked_at {
		uint64_t starved_ns;
		uint64_t ran_ns;
		uint64_t turns;
		uint32_t tid;
		char state;
	} threads[LOOKS_THREADS];
};

void looks_free(struct looks *looks)
{
	free(looks->items);
	looks->items = NULL;
}

static const struct looked_at *find(const struct look *look, uint32_t tid)
{
	for (uint32_t i = 0; i < look->count; i++)
		if (look->threads[i].tid == tid)
			return &look->threads[i];
	return NULL;
}

/* Runnable then and now, and not on a CPU meanwhile. */
static bool waits_still(const struct looked_at *then, const struct thread *thread)
{
	return then->state == 'R' && thread->state == 'R' && then->turns == thread->turns &&
	       then->ran_ns == thread->ran_ns;
}

/*
 * The kernel counts a wait when it is over (kernel/sched/stats.h, sched_info_arrive): one that
 * began before the last look is longer than the time since, and one that goes on is not told yet.
 * FACTS_UNKNOWN of a thread that is new, or another of that number.
 */
static uint64_t starved_since(const struct look *look, const struct thread *thread,
			      uint64_t looked_for_ns)
{
	const struct looked_at *then = find(look, thread->tid);
	uint64_t starved_ns;

	if (!then || thread->starved_ns == FACTS_UNKNOWN || thread->starved_ns < then->starved_ns)
		return FACTS_UNKNOWN;
	starved_ns = thread->starved_ns - then->starved_ns;
	return starved_ns > looked_for_ns || waits_still(then, thread) ? looked_for_ns : starved_ns;
}

static void compare(const struct look *look, const struct thread *threads,
		    struct process_facts *facts)
{
	facts->starved_ns = FACTS_UNKNOWN;
	for (uint32_t i = 0; i < facts->looked_at; i++) {
		uint64_t starved_ns = starved_since(look, &threads[i], facts->looked_for_ns);

		if (starved_ns == FACTS_UNKNOWN)
			continue;
		if (facts->starved_ns == FACTS_UNKNOWN || starved_ns > facts->starved_ns)
			facts->starved_ns = starved_ns;
	}
}

static void remember(struct look *look, const struct thread *threads, uint32_t count)
{
	look->count = 0;
	for (uint32_t i = 0; i < count && look->count < LOOKS_THREADS; i++) {
		if (threads[i].starved_ns == FACTS_UNKNOWN)
			continue;
		look->threads[look->count++] = (struct looked_at){
			threads[i].starved_ns, threads[i].ran_ns, threads[i].turns,
			threads[i].tid,	       threads[i].state,
		};
	}
}

void looks_compare(struct looks *looks, const struct process_id *process, uint64_t time_ns,
		   uint64_t ran_ns, const struct thread *threads, struct process_facts *facts)
{
	struct look *look;

	if (!looks->items)
		looks->items = memory_new(LOOKS_PROCESSES, sizeof(*looks->items));
	look = recent_find(looks->items, LOOKS_PROCESSES, sizeof(*look), process);
	if (recent_is(&look->recent, process) && time_ns > look->recent.time_ns) {
		facts->looked_for_ns = time_ns - look->recent.time_ns;
		facts->ran_ns = ran_ns > look->ran_ns ? ran_ns - look->ran_ns : 0;
		compare(look, threads, facts);
	}
	look->recent = (struct recent){time_ns, process->start_ns, process->pid};
	look->ran_ns = ran_ns;
	remember(look, threads, facts->looked_at);
}
