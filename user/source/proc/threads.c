// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What many threads have in common. */
#include "source/proc/thread.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool same_place(const struct thread *a, const struct thread *b)
{
	return a->state == b->state && strcmp(a->wchan, b->wchan) == 0 &&
	       strcmp(a->syscall, b->syscall) == 0;
}

const struct thread *threads_most(const struct thread *const *threads, size_t count, uint32_t *same)
{
	const struct thread *most = NULL;

	*same = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t here = 0;

		for (size_t j = 0; j < count; j++)
			here += same_place(threads[i], threads[j]);
		if (here <= *same)
			continue;
		*same = here;
		most = threads[i];
	}
	return most;
}

/* pool-1-thread-7 is one of pool-1-thread-* */
static void fold(const char *name, char *folded)
{
	size_t length = strlen(name), stem = length;

	while (stem && isdigit((unsigned char)name[stem - 1]))
		stem--;
	memcpy(folded, name, stem);
	strcpy(folded + stem, stem < length ? "*" : "");
}

/* The threads of one name: they stand side by side once they are sorted. */
struct named {
	char name[sizeof(((struct thread *)0)->name)];
	const struct thread *thread;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static struct thread_name describe(const struct named *named, size_t count)
{
	const struct thread **threads = memory_new(count, sizeof(*threads));
	struct thread_name name = {.threads = (uint32_t)count};
	uint32_t same;

	for (size_t i = 0; i < count; i++)
		threads[i] = named[i].thread;
	memcpy(name.name, named->name, sizeof(name.name));
	snprintf(name.waiting_in, sizeof(name.waiting_in), "%s",
		 thread_place(threads_most(threads, count, &same)));
	free(threads);
	return name;
}

/* In its place among the greatest; the least of them goes. */
static void keep(struct thread_name *names, const struct thread_name *name)
{
	size_t place = 0;

	while (place < FACTS_NAMES && names[place].threads >= name->threads)
		place++;
	if (place == FACTS_NAMES)
		return;
	memmove(&names[place + 1], &names[place], (FACTS_NAMES - 1 - place) * sizeof(*names));
	names[place] = *name;
}

void threads_name(const struct thread *threads, size_t count, struct process_facts *facts)
{
	struct named *named = memory_new(count + 1, sizeof(*named));
	struct thread_name name;
	size_t end;

	for (size_t i = 0; i < count; i++) {
		named[i].thread = &threads[i];
		fold(threads[i].name, named[i].name);
	}
	qsort(named, count, sizeof(*named), by_name);
	for (size_t begin = 0; begin < count; begin = end) {
		for (end = begin + 1; end < count && !by_name(&named[begin], &named[end]);)
			end++;
		name = describe(&named[begin], end - begin);
		keep(facts->names, &name);
		facts->names_total++;
	}
	free(named);
}
