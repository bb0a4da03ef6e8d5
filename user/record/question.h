/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What only some rows want, as of a refresh: views ask, the source answers with records, and they
 * are asked again until they have nothing new to ask. Asking changes nothing else.
 */
#ifndef TCPLINGER_QUESTION_H
#define TCPLINGER_QUESTION_H

#include <stdbool.h>

#include "base/index.h"
#include "base/pool.h"
#include "record.h"

enum question_kind {
	QUESTION_LISTING = 1, /* everything, once more, whatever it costs */
	QUESTION_STILL,	      /* what a refresh lists, once more, STILL_NS later */
	QUESTION_HOLDERS,     /* who holds what is listed at a refresh */
	QUESTION_COUNTERS,    /* what the kernel has counted in a namespace: RECORD_COUNTERS */
	QUESTION_DESCRIPTORS, /* of a process: RECORD_FACTS */
	QUESTION_THREADS,     /* and what they wait in: RECORD_FACTS */
	QUESTION_WATCHED,     /* of a process: RECORD_WATCHED, if it is time for it again */
	QUESTION_SENDING,     /* of a process: RECORD_SENDING, where that can be told */
	QUESTION_ANCESTORS,   /* of a process, and its descriptors: RECORD_FACTS */
	QUESTION_NAMESPACE,   /* of one, or, for 0, of all and the source's own: RECORD_NAMESPACE */
	QUESTION_SETTINGS,    /* likewise: RECORD_SETTINGS */
	QUESTION_HOST,	      /* RECORD_HOST */
	QUESTION_SYSCTLS,     /* what the host's files set at boot: RECORD_SYSCTL */
};

/* What is about to be closed, usually is by then. */
#define STILL_NS 200000000ULL

struct question {
	uint64_t key;
	enum question_kind kind;
	uint32_t netns;		   /* QUESTION_COUNTERS, _NAMESPACE, _SETTINGS */
	struct process_id process; /* of the kinds that are of one */
};

/* Each question once, in the order in which they were put. */
struct questions {
	struct pool pool;
	struct index index;
};

void questions_init(struct questions *questions);
void questions_free(struct questions *questions);

void questions_put(struct questions *questions, enum question_kind kind);
void questions_put_netns(struct questions *questions, enum question_kind kind, uint32_t netns);
void questions_put_process(struct questions *questions, enum question_kind kind,
			   const struct process_id *process);

/* Whether that was put of this process. */
bool questions_have_process(const struct questions *questions, enum question_kind kind,
			    const struct process_id *process);

/* How many there are; and the one at place `i`, counted from 0. */
uint32_t questions_count(const struct questions *questions);
const struct question *questions_get(const struct questions *questions, uint32_t i);

bool questions_have(const struct questions *questions, enum question_kind kind);

/* Whether `ask` would put a question of that kind now. */
bool questions_asked(void (*ask)(void *context, struct questions *questions), void *context,
		     enum question_kind kind);

#endif
