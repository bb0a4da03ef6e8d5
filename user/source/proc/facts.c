// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/facts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/proc/descriptors.h"
#include "source/proc/procfs.h"

void facts_open(struct facts_reader *reader)
{
	*reader = (struct facts_reader){0};
	freezer_open(&reader->freezer);
}

void facts_close(struct facts_reader *reader)
{
	freezer_close(&reader->freezer);
	looks_free(&reader->looks);
}

static uint64_t descriptor_limit(int process)
{
	char text[4096], *line, *end;
	uint64_t limit;

	if (procfs_read(process, "limits", text, sizeof(text)) <= 0)
		return FACTS_UNKNOWN;
	line = strstr(text, "Max open files");
	if (!line)
		return FACTS_UNKNOWN;
	line += strlen("Max open files");
	limit = strtoull(line, &end, 10);
	return end == line ? FACTS_UNKNOWN : limit;
}

void facts_read_descriptors(const struct process_id *process, struct process_facts *facts)
{
	int dir = procfs_open_same(process);

	facts->fds = facts->fd_limit = FACTS_UNKNOWN;
	if (dir < 0)
		return;
	facts->fds = descriptors_count(dir);
	facts->fd_limit = descriptor_limit(dir);
	close(dir);
}

static bool is_node(int process)
{
	char exe[PROCESS_PATH_MAX];
	ssize_t n = readlinkat(process, "exe", exe, sizeof(exe) - 1);
	const char *base;

	if (n < 0)
		return false;
	exe[n] = 0;
	base = strrchr(exe, '/');
	base = base ? base + 1 : exe;
	return strcmp(base, "node") == 0 || strcmp(base, "nodejs") == 0;
}

static bool waits_in_futex(const struct thread *thread)
{
	return thread->state == 'S' && strncmp(thread_place(thread), "futex", strlen("futex")) == 0;
}

/*
 * Node's workers wait in a futex for work that its main thread gives them, which does the events:
 * whatever that does, they are not what it is about. Where it waits in one too, all may be.
 */
static void pardon_workers(int process, const struct process_id *id, struct thread *threads,
			   uint32_t count)
{
	bool main_gives = false;

	for (uint32_t i = 0; i < count; i++)
		main_gives |= threads[i].tid == id->pid && !waits_in_futex(&threads[i]);
	if (!main_gives || !is_node(process))
		return;
	for (uint32_t i = 0; i < count; i++)
		threads[i].idle |= waits_in_futex(&threads[i]);
}

/* What most do of those that are not idle; of all, if all are. */
static void find_most(const struct thread *threads, uint32_t count, struct process_facts *facts)
{
	const struct thread *busy[FACTS_THREADS], *most;
	size_t busy_count = 0;

	for (uint32_t i = 0; i < count; i++) {
		facts->polls |= threads[i].polls;
		if (!threads[i].idle)
			busy[busy_count++] = &threads[i];
	}
	facts->idle_loop = count && !busy_count;
	for (uint32_t i = 0; i < count && facts->idle_loop; i++)
		busy[busy_count++] = &threads[i];
	most = threads_most(busy, busy_count, &facts->waiting);
	if (!most)
		return;
	facts->state = (uint8_t)most->state;
	memcpy(facts->wchan, most->wchan, sizeof(facts->wchan));
	memcpy(facts->syscall, most->syscall, sizeof(facts->syscall));
}

static void find_stops(int tasks, const struct thread *threads, uint32_t count,
		       struct process_facts *facts)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct thread *thread = &threads[i];
		struct process_id tracer;
		bool held = thread_is_held(tasks, thread, &tracer);

		facts->stopped += thread->state == 'T' || held;
		facts->traced += held;
		facts->frozen += thread_is_frozen(thread);
		if (held && !facts->tracer.pid)
			facts->tracer = tracer;
	}
}

static uint32_t read_threads(DIR *tasks, struct thread *threads, uint32_t *total)
{
	struct dirent *entry;
	uint32_t count = 0;

	while ((entry = readdir(tasks))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		++*total;
		if (count < FACTS_THREADS &&
		    thread_read(dirfd(tasks), entry->d_name, &threads[count]))
			count++;
	}
	return count;
}

void facts_read_folder(struct facts_reader *reader, int dir, const struct process_id *process,
		       uint64_t time_ns, struct process_facts *facts)
{
	struct thread threads[FACTS_THREADS];
	DIR *tasks = procfs_folder(dir, "task");

	if (!tasks)
		return;
	facts->looked = true;
	facts->looked_at = read_threads(tasks, threads, &facts->threads);
	pardon_workers(dir, process, threads, facts->looked_at);
	find_most(threads, facts->looked_at, facts);
	threads_name(threads, facts->looked_at, facts);
	looks_compare(&reader->looks, process, time_ns, procfs_ran_ns(dir), threads, facts);
	find_stops(dirfd(tasks), threads, facts->looked_at, facts);
	if (freezer_has_frozen(&reader->freezer, dir)) {
		facts->frozen = facts->looked_at;
		facts->idle_loop = false;
	}
	closedir(tasks);
}

void facts_read_threads(struct facts_reader *reader, const struct process_id *process,
			uint64_t time_ns, struct process_facts *facts)
{
	uint64_t fds = facts->fds, fd_limit = facts->fd_limit;
	int dir = procfs_open_same(process);

	*facts = (struct process_facts){.fds = fds, .fd_limit = fd_limit};
	if (dir < 0)
		return;
	facts_read_folder(reader, dir, process, time_ns, facts);
	close(dir);
}
