/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `tcplinger opening`: why connections do not come about. Who connects, by owner and destination;
 * and each listening socket with its queues.
 */
#ifndef TCPLINGER_VIEW_OPENING_H
#define TCPLINGER_VIEW_OPENING_H

#include "base/histogram.h"
#include "model/verdict_opening.h"
#include "view/growth.h"
#include "view/rows.h"
#include "view/stack_tally.h"
#include "view/view.h"

#define OPENING_SHEETS 2

/* How connects fail, by sk_err; and those that have none. */
enum connect_failure {
	FAILED_ECONNREFUSED,
	FAILED_ETIMEDOUT,
	FAILED_EHOSTUNREACH,
	FAILED_ENETUNREACH,
	FAILED_EADDRNOTAVAIL,
	FAILED_ECONNRESET,
	FAILED_ECONNABORTED,
	FAILED_EHOSTDOWN,
	FAILED_ENONET,
	FAILED_ENOPROTOOPT,
	FAILED_EOPNOTSUPP,
	FAILED_EACCES,
	FAILED_EPROTO,
	FAILED_OTHER,
	FAILED_GAVE_UP, /* the application ended it first */
	FAILED_WAYS,
};

/* How many had ended, and how, when a time began. */
struct opening_window {
	uint64_t began_ns;
	uint64_t ends[CONNECT_ENDS];
};

struct opening_row {
	struct row row;
	struct tuple tuple; /* no lport */
	struct common family;
	uint32_t pending;     /* in SYN_SENT now, */
	uint32_t silent;      /* of these, those that have sent their SYN again, */
	uint32_t unanswered;  /* and those of them that have for 3 s */
	uint32_t retransmits; /* of the one with most */
	uint64_t oldest_ns;
	bool oldest_known;
	uint64_t attempts;
	uint64_t established;
	uint64_t failures; /* the sum of: */
	uint64_t failed[FAILED_WAYS];
	uint64_t ends[CONNECT_ENDS];
	struct opening_window before, now; /* the last minute but one, and the last */
	struct histogram handshake;
	enum opening_verdict verdict;
};

struct listener_row {
	struct row row; /* its key is the socket's cookie */
	struct tuple tuple;
	bool there;	/* as of the last listing */
	bool shared;	/* another listener has its address and port (SO_REUSEPORT) */
	bool counted;	/* the kernel's count of its namespace is known */
	bool looked;	/* what its process does was asked */
	bool has_local; /* `local` is where a connection came in that it accepted */
	uint8_t local[16];
	uint32_t queue, queue_limit, syn_queue;
	uint32_t dropped;	 /* the kernel's count since it was made, */
	uint32_t dropped_before; /* and what it was when it was first seen */
	uint32_t queue_before;
	uint64_t established; /* connections that came to it, */
	uint64_t came;	      /* those of them that had when its queue was listed; of the others */
	uint64_t late_of_ns;  /* since the listing that began then */
	uint64_t late;	      /* there were so many */
	uint64_t accepted;
	uint64_t overflows;
	uint64_t overflowed_ns; /* when they grew last; 0: never */
	struct growth growth;	/* of `accepted` */
	enum listener_verdict verdict;
};

/* What was read of a namespace, first and last. */
struct opening_namespace {
	struct record_namespace first, now;
};

struct opening {
	struct view_config config;
	struct model *model;
	struct rows rows;
	struct rows listeners;
	struct opening_namespace *namespaces;
	size_t namespace_count;
	struct stack_tally stacks;  /* of who connects: how many are in SYN_SENT, */
	struct stack_tally origins; /* and of all of these, by comm */
	struct growth_clock clock;
	uint64_t time_ns; /* of this refresh */
	uint32_t pending; /* those that the filter on processes lets pass */
	uint32_t all;	  /* and all that the others do */
	uint64_t losses;  /* as of the refresh before */
	bool last;	  /* every listener is shown */
	bool asked;	  /* all namespaces were read once */
	bool incomplete;
};

extern const struct view opening_view;
extern const struct table opening_table;
extern const struct table listener_table;
extern const struct sheet opening_sheets[OPENING_SHEETS];

void opening_init(void *self, const struct view_config *config, struct model *model);
void opening_free(void *self);
void opening_transition(void *self, const struct transition *transition);
void opening_listed(void *self, enum listing_scope scope);
void opening_namespaces(void *self, const struct record_namespace *record);
void opening_ask(const void *self, struct questions *questions);
void opening_refresh(void *self, uint64_t time_ns, bool last);
void opening_show_json(void *self, struct output *output, size_t limit);
void opening_show_text(void *self, struct output *output, const struct text_style *style,
		       bool last);

/* In two sentences, for the summary. */
void opening_show_worst(const struct opening *opening, const struct opening_row *row,
			struct output *output, unsigned int columns);
void opening_show_worst_listener(const struct opening *opening, const struct listener_row *row,
				 struct output *output, unsigned int columns);

/* The rows at place `i` of this refresh. */
const struct opening_row *opening_shown(const struct opening *opening, size_t i);
const struct listener_row *opening_listener(const struct opening *opening, size_t i);

/* listeners.c */
void listeners_init(struct opening *opening);
void listeners_free(struct opening *opening);
void listeners_listed(struct opening *opening);
/* A connection came to one of them. */
void listeners_established(struct opening *opening, const struct connection *connection,
			   uint64_t time_ns);
void listeners_ask(const struct opening *opening, struct questions *questions);
void listeners_refresh(struct opening *opening, bool last);
/* True where it is known how many it accepted. */
bool listeners_count(const struct opening *opening, const struct listener_row *row);
bool listeners_rate(const struct opening *opening, const struct listener_row *row, double *per_s);
struct holder_range listeners_holders(const struct opening *opening,
				      const struct listener_row *row);
/* What was found out of its process; nothing where nobody looked. */
struct process_facts listeners_facts(const struct opening *opening, const struct listener_row *row);

/* "somaxconn" or "backlog"; NULL: not known. */
const char *listeners_limited_by(const struct opening *opening, const struct listener_row *row);

/* evidence.c: the listener that a destination leads to, if that is on this host. */
const struct listener_row *opening_other_end(const struct opening *opening,
					     const struct opening_row *row);

/* What connection tracking did meanwhile to what goes through a namespace, or through the host. */
struct tracking {
	uint32_t netns;
	struct conntrack conntrack; /* its counters: what they grew by */
};

/* False where there is none. */
bool opening_tracking(const struct opening *opening, uint32_t netns, struct tracking *tracking);
bool tracking_grew(const struct tracking *tracking);

/* True where the verdict is explained by counters that tell of no socket. */
bool opening_is_inferred(const struct opening *opening, const struct opening_row *row);

/* What a counter of a namespace grew by; its number may be another one's by now, that has less. */
static inline uint64_t opening_grown(uint64_t first, uint64_t now)
{
	return now > first ? now - first : 0;
}

/* NULL: it was not read. */
const struct opening_namespace *opening_namespace(const struct opening *opening, uint32_t netns);

/* The stacks of rows; NULL: nobody asked. */
const struct stack_tally *opening_stacks(const struct opening *opening);

/* "ECONNREFUSED", "gave_up"; static. */
const char *connect_failure_name(unsigned int failure);

#endif
