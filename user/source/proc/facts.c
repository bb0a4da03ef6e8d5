// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/facts.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/proc/procfs.h"

#define TICK_NS 10000000ULL

/* The process's directory, if it is still the same process; -1 otherwise. */
static int open_same(const struct process_id *process)
{
	int dir = procfs_open(process->pid);
	struct process_id now;

	if (dir < 0)
		return -1;
	if (procfs_identify(dir, &now) && now.start_ns / TICK_NS == process->start_ns / TICK_NS)
		return dir;
	close(dir);
	return -1;
}

static DIR *open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0)
		close(fd);
	return folder;
}

static uint64_t count_entries(DIR *folder)
{
	struct dirent *entry;
	uint64_t count = 0;

	while ((entry = readdir(folder)))
		count += isdigit((unsigned char)entry->d_name[0]) != 0;
	return count;
}

/* Since 6.2 the size of /proc/PID/fd is the number of descriptors; before, it is 0. */
static uint64_t count_descriptors(int process)
{
	DIR *folder = open_folder(process, "fd");
	struct stat stat;
	uint64_t count;

	if (!folder)
		return FACTS_UNKNOWN;
	if (fstat(dirfd(folder), &stat) == 0 && stat.st_size > 0)
		count = (uint64_t)stat.st_size;
	else
		count = count_entries(folder);
	closedir(folder);
	return count;
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
	int dir = open_same(process);

	facts->fds = facts->fd_limit = FACTS_UNKNOWN;
	if (dir < 0)
		return;
	facts->fds = count_descriptors(dir);
	facts->fd_limit = descriptor_limit(dir);
	close(dir);
}

/* What one thread does, as far as it is told. */
struct thread {
	char state;
	char wchan[FACTS_NAME];
	char syscall[FACTS_NAME];
	uint64_t run_ns;
	uint64_t starved_ns;
};

static void read_state(int dir, struct thread *thread)
{
	char text[1024], *end;

	if (procfs_read(dir, "stat", text, sizeof(text)) <= 0)
		return;
	end = strrchr(text, ')');
	if (end && end[1] == ' ')
		thread->state = end[2];
}

/* "0" for a thread that runs, and wherever the kernel does not tell. */
static void read_wchan(int dir, struct thread *thread)
{
	if (procfs_read(dir, "wchan", thread->wchan, sizeof(thread->wchan)) <= 0 ||
	    strcmp(thread->wchan, "0") == 0)
		thread->wchan[0] = 0;
}

/* "running", "-1 ..." outside of any, or "NUMBER ARGUMENTS...". */
static void read_syscall(int dir, struct thread *thread)
{
	char text[256], *name;

	if (procfs_read(dir, "syscall", text, sizeof(text)) <= 0 ||
	    !isdigit((unsigned char)text[0]))
		return;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, atoi(text));
	if (name)
		snprintf(thread->syscall, sizeof(thread->syscall), "%s", name);
	free(name);
}

static void read_schedstat(int dir, struct thread *thread)
{
	unsigned long long run = 0, starved = 0;
	char text[128];

	if (procfs_read(dir, "schedstat", text, sizeof(text)) > 0 &&
	    sscanf(text, "%llu %llu", &run, &starved) == 2) {
		thread->run_ns = run;
		thread->starved_ns = starved;
	}
}

static bool read_thread(int tasks, const char *name, struct thread *thread)
{
	int dir = openat(tasks, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*thread = (struct thread){0};
	if (dir < 0)
		return false;
	read_state(dir, thread);
	read_wchan(dir, thread);
	read_syscall(dir, thread);
	read_schedstat(dir, thread);
	close(dir);
	return thread->state != 0;
}

static bool same_place(const struct thread *a, const struct thread *b)
{
	return a->state == b->state && strcmp(a->wchan, b->wchan) == 0 &&
	       strcmp(a->syscall, b->syscall) == 0;
}

/* By the freezer of cgroup v1 or of v2; the latter's function may be inlined into its caller. */
static bool is_frozen(const struct thread *thread)
{
	return strcmp(thread->wchan, "__refrigerator") == 0 ||
	       strcmp(thread->wchan, "do_freezer_trap") == 0 ||
	       (thread->state == 'S' && strcmp(thread->wchan, "get_signal") == 0);
}

static void add_up(struct process_facts *facts, const struct thread *threads, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct thread *thread = &threads[i];
		uint32_t same = 0;

		facts->stopped += thread->state == 'T' || thread->state == 't';
		facts->traced += thread->state == 't';
		facts->frozen += is_frozen(thread);
		for (uint32_t j = 0; j < count; j++)
			same += same_place(thread, &threads[j]);
		if (same <= facts->waiting)
			continue;
		facts->waiting = same;
		facts->state = thread->state;
		memcpy(facts->wchan, thread->wchan, sizeof(facts->wchan));
		memcpy(facts->syscall, thread->syscall, sizeof(facts->syscall));
	}
}

static void read_threads(DIR *tasks, struct process_facts *facts)
{
	struct thread threads[FACTS_THREADS];
	struct dirent *entry;
	uint32_t count = 0;

	while ((entry = readdir(tasks))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		facts->threads++;
		if (count < FACTS_THREADS &&
		    read_thread(dirfd(tasks), entry->d_name, &threads[count]))
			count++;
	}
	facts->looked_at = count;
	add_up(facts, threads, count);
}

void facts_read_threads(const struct process_id *process, struct process_facts *facts)
{
	uint64_t fds = facts->fds, fd_limit = facts->fd_limit;
	int dir = open_same(process);
	DIR *tasks;

	*facts = (struct process_facts){.fds = fds, .fd_limit = fd_limit};
	if (dir < 0)
		return;
	tasks = open_folder(dir, "task");
	if (tasks) {
		facts->looked = true;
		read_threads(tasks, facts);
		closedir(tasks);
	}
	close(dir);
}
