// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/looks.h"

#include "base/memory.h"
#include "source/proc/recent.h"

struct look {
	struct recent recent;
	uint64_t ran_ns;
	uint32_t count;
	struct {
		uint64_t starved_ns;
		uint32_t tid;
	} threads[LOOKS_THREADS];
};

void looks_free(struct looks *looks)
{
	free(looks->items);
	looks->items = NULL;
}

/* FACTS_UNKNOWN of a thread that is new, or another of that number. */
static uint64_t starved_since(const struct look *look, const struct thread *thread)
{
	for (uint32_t i = 0; i < look->count; i++)
		if (look->threads[i].tid == thread->tid)
			return thread->starved_ns >= look->threads[i].starved_ns
				       ? thread->starved_ns - look->threads[i].starved_ns
				       : FACTS_UNKNOWN;
	return FACTS_UNKNOWN;
}

/*
 * The kernel counts a wait when it is over (kernel/sched/stats.h, sched_info_arrive): one that
 * began before the last look is longer than the time since.
 */
static void compare(const struct look *look, const struct thread *threads,
		    struct process_facts *facts)
{
	facts->starved_ns = FACTS_UNKNOWN;
	for (uint32_t i = 0; i < facts->looked_at; i++) {
		uint64_t starved = threads[i].starved_ns == FACTS_UNKNOWN
					   ? FACTS_UNKNOWN
					   : starved_since(look, &threads[i]);

		if (starved == FACTS_UNKNOWN)
			continue;
		if (starved > facts->looked_for_ns)
			starved = facts->looked_for_ns;
		if (facts->starved_ns == FACTS_UNKNOWN || starved > facts->starved_ns)
			facts->starved_ns = starved;
	}
}

static void remember(struct look *look, const struct thread *threads, uint32_t count)
{
	look->count = 0;
	for (uint32_t i = 0; i < count && look->count < LOOKS_THREADS; i++) {
		if (threads[i].starved_ns == FACTS_UNKNOWN)
			continue;
		look->threads[look->count].tid = threads[i].tid;
		look->threads[look->count++].starved_ns = threads[i].starved_ns;
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
