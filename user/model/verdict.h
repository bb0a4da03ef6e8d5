/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What sockets in CLOSE_WAIT say about the process that could close them: a function of facts,
 * which others gather. docs/verdicts.md says what each means, and what to do.
 */
#ifndef TCPLINGER_VERDICT_H
#define TCPLINGER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/close_wait.h"

enum verdict {
	VERDICT_TRANSIENT,   /* none is old enough to say anything */
	VERDICT_LEAK,	     /* it has forgotten them: enum leak_cause says how that shows */
	VERDICT_STALL,	     /* unread data: it does not read */
	VERDICT_IDLE_POOL,   /* fin_only, of connections it made: kept in a pool */
	VERDICT_NOT_READING, /* fin_only, of connections it accepted */
	VERDICT_BACKLOG,     /* nobody accepts them */
	VERDICT_HALF_CLOSED, /* it still sends: legal */
	VERDICT_STOPPED,     /* it cannot do anything: a signal, a debugger, the freezer */
	VERDICT_RELAY,	     /* it has passed the end on, and waits for its other side */
	VERDICT_DEAD,	     /* descriptors of connections that are gone */
	VERDICT_UNKNOWN,
	VERDICT_MIXED, /* none of these */
	VERDICTS,
};

enum leak_cause {
	LEAK_NOT,
	LEAK_DRAINED,	/* all is read, only close() is missing */
	LEAK_FORGOTTEN, /* its event loop idles and does not watch them */
	LEAK_GROWING,	/* connections that it made, more and more: no pool does so */
	LEAK_INHERITED, /* they were there before it began: it does not know them */
	LEAK_CAUSES,
};

/* A count that nobody can tell, as without BPF: it speaks for nothing. */
#define COUNT_UNKNOWN UINT32_MAX

/* Sockets in CLOSE_WAIT, by what decides. */
struct verdict_sockets {
	uint32_t all;
	uint32_t kinds[KINDS]; /* a farewell is KIND_FIN_ONLY here */
	uint32_t outgoing;     /* or of unknown direction, which is treated like it */
	uint32_t fin_only_in;  /* of those fin_only, the incoming */
	uint32_t unwatched;    /* in no epoll set of their holder's */
	uint32_t forgotten;    /* of these, incoming, or with unread data */
	uint32_t inherited;    /* their last data came before their holder began */
};

/* Whether something is so, and how it is known. */
enum finding {
	FINDING_NO, /* or not known: nobody is blamed for that */
	FINDING_INFERRED,
	FINDING_SEEN,
};

struct verdict_facts {
	struct verdict_sockets all;
	struct verdict_sockets
		old;	   /* of these, what is old enough: judged alone, if there is any */
	uint32_t dead;	   /* descriptors of sockets that are gone, and long enough */
	uint32_t partners; /* FIN_WAIT1 and FIN_WAIT2, as old, that it holds */
	bool once;	   /* there is one look only */
	bool looked_up;	   /* what follows was looked for, if it can be */
	bool stopped;	   /* by a signal, or in a tracing stop: all that could close them */
	bool frozen;	   /* likewise, its cgroup */
	bool idle_loop;	   /* all its threads wait for whatever may happen */
	/* Another of its connections does not get rid of its data: a proxy does not read while its
	 * other side is slow. */
	enum blocked blocked_sender;
	enum finding growing;	/* the outgoing rise steadily, and none was seen to leave */
	enum finding inherited; /* the holder runs another program than who made them */
};

struct judgement {
	enum verdict verdict;
	enum leak_cause cause; /* of a leak */
	bool inferred;	       /* something that it takes was not seen, but follows */
};

struct judgement verdict_of(const struct verdict_facts *facts);

/* Those that the verdict is about: the old, or all where none is. */
const struct verdict_sockets *verdict_judged(const struct verdict_facts *facts);

/* True for 80 % of all, and more. */
bool verdict_most(uint32_t count, uint32_t all);

/* Counts one in; what its holder's epoll sets say of it comes later, with the second. */
void verdict_count(struct verdict_sockets *sockets, unsigned int kind, unsigned int direction);
void verdict_count_unwatched(struct verdict_sockets *sockets, unsigned int kind,
			     unsigned int direction);

/* True if the verdict can depend on whether epoll sets watch the sockets. */
bool verdict_asks_for_watched(const struct verdict_sockets *old);

/* "leak"; static. */
const char *verdict_name(enum verdict verdict);
/* "drained"; NULL for none. */
const char *leak_cause_name(enum leak_cause cause);
const char *close_wait_kind_name(unsigned int kind);

#endif
