/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes that own, close or hold connections, as recorded when they were alive. */
#ifndef TCPLINGER_PROCESS_H
#define TCPLINGER_PROCESS_H

#include <stdbool.h>

#include "base/index.h"
#include "model/sending.h"
#include "model/watches.h"
#include "record.h"

struct process {
	uint64_t key; /* pid and start: pids are reused */
	struct process_id id;
	uint32_t references; /* from connections, holders, rows */
	uint32_t described;  /* number of the last description; see processes_describe */
	char *exe;	     /* NULL: unknown */
	char *cgroup;
	char container[13];		   /* "": none or unknown */
	struct process_readings *readings; /* what was found out about it; NULL: nothing */
	struct watches *watches;	   /* what its epoll sets watch; NULL: nobody asked */
	struct sending *sending;	   /* what it cannot send; NULL: likewise */
};

/* What /proc told of a process, and when. */
struct process_readings {
	struct process_facts now;
	uint64_t now_ns;
};

struct processes {
	struct pool pool;
	struct index index;
	uint32_t descriptions;
	uint32_t sweep_at; /* live processes at which the forgotten are dropped */
};

void processes_init(struct processes *processes);
void processes_free(struct processes *processes);

/* The number of the process, made if new. 0 for pid 0. */
uint32_t processes_number(struct processes *processes, const struct process_id *id);

/*
 * The same where `id` was taken from the process just now: its comm is brought up to date (exec and
 * prctl change it).
 */
uint32_t processes_meet(struct processes *processes, const struct process_id *id);

/* NULL for 0. Valid while it is referred to, else until the next processes_describe. */
const struct process *processes_get(const struct processes *processes, uint32_t number);

/*
 * Who started first comes first, nobody before all. Numbers are no order: they are given out as
 * processes are met, which is sooner where more is streamed.
 */
int processes_compare(const struct processes *processes, uint32_t left, uint32_t right);

/* Calls `visit` for each; it must not add. */
void processes_each(const struct processes *processes,
		    void (*visit)(void *context, const struct process *process), void *context);

void processes_reference(struct processes *processes, uint32_t number);
void processes_release(struct processes *processes, uint32_t number);

/*
 * What /proc says of it: exe and cgroup. A source describes each process once in DESCRIPTIONS_KEPT
 * descriptions, so one that nothing refers to is dropped only after twice as many.
 */
void processes_describe(struct processes *processes, const struct record_process *record);

/* What a source was asked about a process that is known; else nobody wants it. */
void processes_find_out(struct processes *processes, const struct record_facts *record);

/* What its epoll sets watch, likewise: an answer takes the place of the one before. */
void processes_watch(struct processes *processes, const struct record_watched *record);

/* Which of its connections do not get rid of their data, likewise. */
void processes_send(struct processes *processes, const struct record_sending *record);

/* Whether its epoll sets watch a socket that is there since `since_ns`, as of the last answer. */
enum epoll_watched processes_watched(const struct process *process, uint64_t inode,
				     uint64_t since_ns);

/* True if it is known from whom a process descends, as of when that was asked first. */
bool processes_has_ancestors(const struct process *process);

/* True if a process is known to descend from the other. */
bool processes_descends(const struct process *process, const struct process *other);

/* The first 12 digits of the container id in a cgroup path, "" if there is none. `id`: 13 bytes. */
void container_of_cgroup(const char *cgroup, char *id);

#endif
