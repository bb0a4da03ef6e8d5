/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger leaks`: CLOSE_WAIT by the process, or group of processes, that could close it. */
#ifndef TCPLINGER_VIEW_LEAKS_H
#define TCPLINGER_VIEW_LEAKS_H

#include "model/model.h"
#include "model/verdict.h"
#include "view/growth.h"
#include "view/rows.h"
#include "view/view.h"

#define LEAKS_OLDEST 10 /* sockets shown of a row */

/* A socket of a row, with the descriptor by which the row's process holds it. */
struct leak_socket {
	const struct close_wait *close_wait;
	uint64_t age_ns;
	enum close_wait_kind kind;
	int64_t fd;	  /* -1: not known, or none */
	uint32_t process; /* number of who is charged */
};

struct leak_row {
	struct row row;
	uint32_t sockets;
	uint32_t kinds[KINDS];
	struct verdict_sockets all; /* as the verdict counts them, */
	struct verdict_sockets old; /* and of these what is old enough */
	struct judgement judgement; /* as of the last refresh in which it had any */
	uint32_t partners; /* in FIN_WAIT1 and FIN_WAIT2, old enough, that its process holds */
	uint64_t unread_bytes;
	uint64_t last_cookie; /* the last socket counted: a group may hold it more than once */
	bool is_holder;	      /* was seen to hold one */
	struct leak_socket oldest[LEAKS_OLDEST]; /* the oldest first */
	struct growth growth;
	bool told;	    /* what was found out about its process, when it last had sockets */
	bool looked;	    /* and what its threads do */
	uint64_t looked_ns; /* when that was asked last; 0: never */
	uint32_t threads;   /* that were looked at then */
};

struct leaks {
	struct view_config config;
	struct model *model;
	struct rows rows;
	struct growth_clock clock;
	uint64_t begun_ns; /* the first refresh: so long it has watched */
	uint64_t time_ns;  /* of this refresh */
	uint32_t sockets;  /* those that the filter on processes lets pass */
	uint64_t losses;   /* as of the refresh before */
	bool incomplete;
};

extern const struct view leaks_view;
extern const struct table leaks_table;

void leaks_init(void *self, const struct view_config *config, struct model *model);
void leaks_free(void *self);

/* A process by its number; NULL for 0. */
const struct process *leaks_process(const struct leaks *leaks, uint32_t number);

/* The row at place `i` of this refresh; below leaks->rows.shown_count. */
struct leak_row *leaks_shown(const struct leaks *leaks, size_t i);

/* When the last descriptor goes if it grows on like this; false where it does not, or nobody knows.
 */
bool leaks_fds_exhausted_in(const struct leaks *leaks, const struct leak_row *row, double *seconds);

/* Sockets more per second; false before the second refresh. */
bool leaks_growth(const struct leaks *leaks, const struct leak_row *row, double *per_s);

/* Counts what the last listing showed: for the model's observer. */
void leaks_listed(void *self, enum listing_scope scope);

/* The holders of sockets that matter, and facts of the processes that have any. */
void leaks_ask(const void *self, struct questions *questions);

/* Chooses the rows to show, as rows_choose does. Most sockets first. */
void leaks_refresh(void *self, uint64_t time_ns, bool last);

void leaks_show_json(void *self, struct output *output, size_t limit);

/* Each row with a sentence that says what its verdict means here. */
void leaks_show_text(void *self, struct output *output, const struct text_style *style, bool last);

/* The worst row in two sentences, for the summary. */
void leaks_show_worst(const struct leaks *leaks, const struct leak_row *row, struct output *output,
		      unsigned int columns);

/* Whom a socket is charged to: its holders, or its owner where the range is empty. False: to
 * nobody, a filter leaves it out. */
bool leaks_charged(const struct leaks *leaks, const struct close_wait *close_wait,
		   struct holder_range *holders);

/* The row that a process belongs to; NULL if there is none. */
struct leak_row *leaks_row_of(const struct leaks *leaks, uint32_t process);

/* True if a socket is old enough to be judged. */
bool leaks_is_old(const struct leaks *leaks, const struct close_wait *close_wait);
uint64_t leaks_oldest_ns(const struct leak_row *row);

/* Remembers whose turn it was to be looked at in this refresh. */
void leaks_note_looks(struct leaks *leaks);

/* What is known of its descriptors, `fds` and `fd_limit`; the rest is in leaks_facts. Rows are
 * sorted by it. Valid until a record is applied. */
const struct process_facts *leaks_descriptors(const struct leaks *leaks,
					      const struct leak_row *row);

/* What was found out about the row's process; FACTS_UNKNOWN and nothing looked at: nothing was. */
struct process_facts leaks_facts(const struct leaks *leaks, const struct leak_row *row);

/* True where what the process's threads do may excuse it: of the young nothing is said anyway. */
bool leaks_wants_evidence(const struct leak_row *row);

/* True where it matters as well what its epoll sets watch. */
bool leaks_wants_watched(const struct leak_row *row);

/* True where it has forgotten them, unless another connection of its waits to send. */
bool leaks_wants_sending(const struct leaks *leaks, const struct leak_row *row);

/* Whether the epoll sets of a holder that the row is about watch a socket. */
enum epoll_watched leaks_watched(const struct leaks *leaks, const struct leak_row *row,
				 uint32_t process, const struct close_wait *close_wait);

/* Of the time since the last look what all threads ran together, and what the one that waited
 * longest for a CPU waited; < 0: not known. */
double leaks_cpu_share(const struct leaks *leaks, const struct leak_row *row);
double leaks_starved(const struct leaks *leaks, const struct leak_row *row);

/* All of its threads are: nothing of it can go on. */
bool leaks_is_stopped(const struct process_facts *facts);
bool leaks_is_frozen(const struct process_facts *facts);

/* Its kind: what was sent within --age counts as being sent. And what it is for the verdict: a
 * farewell is no unread data. */
enum close_wait_kind leaks_kind(const struct leaks *leaks, const struct close_wait *close_wait);
enum close_wait_kind leaks_judged_kind(const struct leaks *leaks,
				       const struct close_wait *close_wait);

/* Judges every row, by what was listed and what the source has answered. */
void leaks_judge(struct leaks *leaks);

/* What a row's verdict is made of. */
struct verdict_facts leaks_verdict_facts(const struct leaks *leaks, const struct leak_row *row);
enum verdict leaks_verdict(const struct leak_row *row);

/* What was seen, what it means, and what else there is to know. */
void leaks_say_reason(struct sentence *sentence, const struct leaks *leaks,
		      const struct leak_row *row);

#endif
