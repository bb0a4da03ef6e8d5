/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where records come from, whatever it is: the kernel as things happen, or what it lists when it is
 * asked. A stream begins with a RECORD_SOURCE about itself; each refresh ends with a
 * RECORD_REFRESH.
 */
#ifndef TCPLINGER_SOURCE_H
#define TCPLINGER_SOURCE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "record/needs.h"
#include "record/question.h"
#include "record/sink.h"
#include "source/proc/epoll.h"
#include "source/proc/facts.h"
#include "source/sandbox.h"

/* Why a source cannot work here: one line for the user. */
struct refusal {
	char text[512];
};

/* Where listings come from: they take different capabilities. */
enum privilege_source { SOURCE_DIAG, SOURCE_LIVE, SOURCE_RECORDING, SOURCES };

enum hooks_mode { HOOKS_AUTO, HOOKS_TRACEPOINT, HOOKS_FENTRY };

/* What is asked of a source. What is pointed to must outlive it. */
struct source_config {
	struct needs needs;
	uint32_t essential; /* WANT(): a source that lacks one of these is of no use, and refuses */
	const struct tuple_filter *filter;
	uint64_t interval_ns; /* from one refresh to the next */
	uint64_t duration_ns; /* of the stream's time, from its first refresh on; 0: no end */
	uint64_t at_ns;	      /* of a recording: only the first refresh from then on; 0: all */
	struct recording *recording; /* read in place of this host; NULL: none */
	enum hooks_mode hooks;
	uint32_t ring_kib; /* of the ring buffer, a power of 2; 0: as a busy host needs it */
	bool verbose;	   /* messages of libraries to stderr */
	const volatile sig_atomic_t *stop; /* set by a signal: return to the caller soon */
	struct record_sink sink;
	struct record_sink audit; /* all that the kernel's counters stand for; unset: none */
	/* Called at each refresh, as often as it puts something new. */
	void (*ask)(void *context, struct questions *questions);
	void *context;
};

/* What a kind of source is like; `self` is the source's own. */
struct source_kind {
	/* What exists now, whole. False, with the reason, if the kernel does not tell. */
	bool (*begin)(void *self, struct refusal *refusal);
	/* The descriptor that can be read when something has come. NULL: nothing ever does. */
	int (*wait_on)(const void *self);
	/* Hands on a batch of what has come, heals what was lost. False if nothing had come. */
	bool (*take)(void *self);
	/* Brings up to date what is not streamed. `last`: there is no later. */
	bool (*refresh)(void *self, bool last, struct refusal *refusal);
	/*
	 * From the first refresh at that time or later on, with what was there before; from its
	 * beginning, and false, if there is none. NULL: it cannot.
	 */
	bool (*seek)(void *self, uint64_t time_ns);
	/* Nothing more comes, ever. NULL: it goes on. */
	bool (*over)(const void *self);
	void (*answer)(void *self, const struct question *question);
	/* Nothing more is streamed; what has come is handed on. NULL: nothing is. */
	void (*finish)(void *self);
	void (*losses)(const void *self, struct losses *losses); /* NULL: none */
	/* A line for each thing that it cannot tell here, and why; NULL: none. */
	void (*each_limit)(const void *self, void (*say)(const char *line));
	/* Each program that tells, and in which form, both static; NULL: there is none. */
	void (*each_program)(const void *self,
			     void (*visit)(void *context, const char *name, const char *form),
			     void *context);
	/* Network namespaces that exist but cannot be listed. */
	size_t (*unseen)(const void *self);
	/* What it cannot give: bit 1 << enum want. */
	uint32_t (*lacks)(const void *self);
	/* CPU time of the last refresh that it spends rarely enough of itself; NULL: none. */
	uint64_t (*paced_ns)(const void *self);
	void (*close)(void *self);
	enum privilege_source privileges; /* that it goes on with */
};

struct source {
	const struct source_kind *kind; /* NULL: not open */
	void *self;
	struct source_config config;
	struct questions questions;
	struct facts_reader facts;
	struct epoll_reader epoll;
	uint64_t due_ns; /* when the next refresh is, CLOCK_MONOTONIC; 0: at once */
	uint64_t end_ns; /* when it is over, CLOCK_MONOTONIC; 0: not known yet */
};

/*
 * Opens the recording, if there is one; the live one; or, where `lists` asks for it, the one that
 * only lists. False, with the reason, where the kernel or the privileges do not allow it.
 */
bool source_open(struct source *source, const struct source_config *config, bool lists,
		 struct refusal *refusal);
void source_close(struct source *source);

/* How long a TIME_WAIT lasts here, as far as the kernel says before one is seen. */
uint64_t source_timewait_ns(void);

/* Tells what exists, after RECORD_SOURCE. */
bool source_begin(struct source *source, struct refusal *refusal);

/* A refresh now, with questions and answers and the RECORD_REFRESH that ends it. */
bool source_refresh(struct source *source, bool last, struct refusal *refusal);

/* What to wait on until it can be read, or until the time below; -1: on nothing. */
int source_wait_on(const struct source *source);
uint64_t source_wait_until_ns(const struct source *source);

/* True if it can go to another moment, as a recording can; goes there, as above: then all is told
 * anew. */
bool source_seeks(const struct source *source);
bool source_seek(struct source *source, uint64_t time_ns);

/* True once all has been told that was asked for. */
bool source_over(const struct source *source);

/*
 * One turn, without waiting: hands on a batch, and refreshes if that is due. `busy`: come again at
 * once. False, with the reason, if it cannot go on.
 */
bool source_turn(struct source *source, bool *busy, struct refusal *refusal);

void source_answer(struct source *source, const struct question *question);
void source_finish(struct source *source);

/* The end of the stream: what was lost on the whole. */
void source_end(const struct source *source);
void source_losses(const struct source *source, struct losses *losses);
void source_each_limit(const struct source *source, void (*say)(const char *line));

void source_each_program(const struct source *source,
			 void (*visit)(void *context, const char *name, const char *form),
			 void *context);

/*
 * What it does not see for want of privileges, each with what it would take; "" if nothing. `text`:
 * SOURCE_UNSEEN bytes.
 */
#define SOURCE_UNSEEN 512
void source_unseen(const struct source *source, char *text);

/* What going on takes. */
struct sandbox source_sandbox(const struct source *source);

#endif
