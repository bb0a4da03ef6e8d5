// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/thread.h"

#include <ctype.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "source/proc/procfs.h"

/* "TID (NAME) STATE ...": the name may hold parentheses. */
static void read_stat(int dir, struct thread *thread)
{
	char text[1024], *open, *end;

	if (procfs_read(dir, "stat", text, sizeof(text)) <= 0)
		return;
	open = strchr(text, '(');
	end = strrchr(text, ')');
	if (!open || !end || end < open || end[1] != ' ')
		return;
	thread->state = end[2];
	*end = 0;
	snprintf(thread->name, sizeof(thread->name), "%s", open + 1);
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

/* Time on a CPU, time runnable and waiting for one, turns (Documentation/scheduler/sched-stats). */
static void read_schedstat(int dir, struct thread *thread)
{
	unsigned long long ran, starved, turns;
	char text[128];

	thread->starved_ns = FACTS_UNKNOWN;
	if (procfs_read(dir, "schedstat", text, sizeof(text)) > 0 &&
	    sscanf(text, "%llu %llu %llu", &ran, &starved, &turns) == 3) {
		thread->ran_ns = ran;
		thread->starved_ns = starved;
		thread->turns = turns;
	}
}

/*
 * Frozen by the freezer of cgroup v1 or of v2; the latter's function may be inlined into its
 * caller.
 */
bool thread_is_frozen(const struct thread *thread)
{
	return strcmp(thread->wchan, "__refrigerator") == 0 ||
	       strcmp(thread->wchan, "do_freezer_trap") == 0 ||
	       (thread->state == 'S' && strcmp(thread->wchan, "get_signal") == 0);
}

static bool is_any(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* The part of a function's name before a suffix of the compiler's: ".constprop.0". */
static bool is_any_function(const char *const *names, size_t count, const char *wchan)
{
	char name[FACTS_NAME];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(wchan, "."), wchan);
	return is_any(names, count, name);
}

/*
 * Where the system call is not told (an unprivileged caller, of a process of its own that Yama does
 * not let it trace), the function is: fs/eventpoll.c, fs/select.c, io_uring/io_uring.c.
 */
static bool waits_in(const struct thread *thread, const char *const *calls, size_t call_count,
		     const char *const *functions, size_t function_count)
{
	if (thread->state != 'S' || thread_is_frozen(thread))
		return false;
	if (thread->syscall[0])
		return is_any(calls, call_count, thread->syscall);
	return is_any_function(functions, function_count, thread->wchan);
}

static bool waits_in_set(const struct thread *thread)
{
	static const char *const calls[] = {"epoll_wait", "epoll_pwait", "epoll_pwait2",
					    "io_uring_enter"};
	static const char *const functions[] = {"ep_poll", "do_epoll_wait", "io_cqring_wait"};

	return waits_in(thread, calls, LENGTH(calls), functions, LENGTH(functions));
}

static bool waits_in_poll(const struct thread *thread)
{
	static const char *const calls[] = {"poll", "ppoll", "select", "pselect6", "_newselect"};
	static const char *const functions[] = {"do_sys_poll", "do_poll", "do_select",
						"poll_schedule_timeout"};

	return waits_in(thread, calls, LENGTH(calls), functions, LENGTH(functions));
}

bool thread_read(int tasks, const char *tid, struct thread *thread)
{
	int dir = openat(tasks, tid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*thread = (struct thread){.tid = (uint32_t)strtoul(tid, NULL, 10)};
	if (dir < 0)
		return false;
	read_stat(dir, thread);
	read_wchan(dir, thread);
	read_syscall(dir, thread);
	read_schedstat(dir, thread);
	close(dir);
	/* not in a futex: that may be a lock which another thread holds */
	thread->polls = waits_in_poll(thread);
	thread->idle = thread->polls || waits_in_set(thread);
	return thread->state != 0;
}

const char *thread_place(const struct thread *thread)
{
	return thread->syscall[0] ? thread->syscall : thread->wchan;
}

/* A number in a status file (proc_pid_status(5)); 0 if it is not there. */
static uint32_t read_status(int dir, const char *path, const char *key)
{
	char text[4096], *line;

	if (procfs_read(dir, path, text, sizeof(text)) <= 0)
		return 0;
	line = strstr(text, key);
	return line ? (uint32_t)strtoul(line + strlen(key), NULL, 10) : 0;
}

/* The process that a thread is of: delve, for one, traces from another than its first. */
static struct process_id identify(int thread)
{
	int leader = procfs_open(read_status(thread, "status", "\nTgid:"));
	struct process_id process;

	if (leader < 0 || !procfs_identify(leader, &process))
		process = (struct process_id){0};
	if (leader >= 0)
		close(leader);
	return process;
}

/* A tracer that wants to run is about to let it go on. */
static bool find_tracer(uint32_t tid, struct process_id *tracer)
{
	int dir = tid ? procfs_open(tid) : -1;
	struct thread thread = {0};

	*tracer = (struct process_id){0};
	if (dir < 0)
		return true; /* in another pid namespace */
	read_stat(dir, &thread);
	*tracer = identify(dir);
	close(dir);
	return thread.state != 'R';
}

/* The tracer rested while it was in this one stop: it has had no turn since it was read. */
bool thread_is_held(int tasks, const struct thread *thread, struct process_id *tracer)
{
	struct thread now;
	char path[32];

	snprintf(path, sizeof(path), "%u/status", thread->tid);
	if (thread->state != 't' || !find_tracer(read_status(tasks, path, "\nTracerPid:"), tracer))
		return false;
	snprintf(path, sizeof(path), "%u", thread->tid);
	return thread_read(tasks, path, &now) && now.state == 't' && now.turns == thread->turns;
}
