/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger leaks`: CLOSE_WAIT by the process, or group of processes, that could close it. */
#ifndef TCPLINGER_VIEW_LEAKS_H
#define TCPLINGER_VIEW_LEAKS_H

#include "view/growth.h"
#include "model/model.h"
#include "view/rows.h"
#include "view/view.h"
#include "model/verdict.h"

#define LEAKS_OLDEST 10 /* sockets shown of a row */

/* A socket of a row, with the descriptor by which the row's process holds it. */
struct leak_socket {
	const struct close_wait *close_wait;
	uint64_t age_ns;
	enum close_wait_kind kind;
	int64_t fd; /* -1: not known, or none */
};

struct leak_row {
	struct row row;
	uint32_t sockets;
	uint32_t kinds[KINDS];
	uint32_t verdicts[VERDICTS]; /* of the sockets old enough */
	uint64_t unread_bytes;
	uint64_t last_cookie; /* the last socket counted: a group may hold it more than once */
	bool is_holder;	      /* was seen to hold one */
	struct leak_socket oldest[LEAKS_OLDEST]; /* the oldest first */
	struct growth growth;
	bool told;   /* what was found out about its process, when it last had sockets */
	bool looked; /* and what its threads wait in */
};

struct leaks {
	struct view_config config;
	struct model *model;
	struct rows rows;
	struct growth_clock clock;
	uint64_t time_ns; /* of this refresh */
	uint32_t sockets; /* those that the filter on processes lets pass */
	uint64_t losses;  /* as of the refresh before */
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

/* What was found out about the row's process; FACTS_UNKNOWN and nothing looked at: nothing was. */
struct process_facts leaks_facts(const struct leaks *leaks, const struct leak_row *row);

/* True where it matters what the process's threads wait in. */
bool leaks_wants_evidence(const struct leak_row *row);

/* Of the time since the last look the share that a thread of it wanted a CPU and got none; < 0: not
 * known. */
double leaks_starved(const struct leaks *leaks, const struct leak_row *row);

enum verdict leaks_verdict(const struct leak_row *row);
uint64_t leaks_oldest_ns(const struct leak_row *row);

#endif
