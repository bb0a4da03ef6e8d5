/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one thread does, as far as /proc tells. */
#ifndef TCPLINGER_THREAD_H
#define TCPLINGER_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct thread {
	uint32_t tid;
	char name[16];
	char state;		  /* as in proc(5) */
	bool idle;		  /* waits for whatever may happen, */
	bool polls;		  /* in poll or select */
	char wchan[FACTS_NAME];	  /* "": not told, or it runs */
	char syscall[FACTS_NAME]; /* "": not told, or in none */
	uint64_t starved_ns;	  /* since it began; FACTS_UNKNOWN: not told */
	uint64_t ran_ns;	  /* since it began */
	uint64_t turns;		  /* it had on a CPU */
};

/* Reads the thread `tid` in the folder `tasks`; false if it is gone. */
bool thread_read(int tasks, const char *tid, struct thread *thread);

bool thread_is_frozen(const struct thread *thread);

/*
 * In a tracing stop that lasts, not in one of those in which strace holds who makes a system call
 * for a moment. `tracer`: who holds it; pid 0: not known.
 */
bool thread_is_held(int tasks, const struct thread *thread, struct process_id *tracer);

/* Where it waits: system call, else function of the kernel; "" if neither is told. */
const char *thread_place(const struct thread *thread);

/*
 * The first of those that are in the one state and place where most of `count` threads are; `same`
 * of them. NULL for none.
 */
const struct thread *threads_most(const struct thread *const *threads, size_t count,
				  uint32_t *same);

/* Counts the names, and keeps those of most threads. */
void threads_name(const struct thread *threads, size_t count, struct process_facts *facts);

#endif
