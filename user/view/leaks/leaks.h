/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger leaks`: CLOSE_WAIT by the process, or group of processes, that could close it. */
#ifndef TCPLINGER_VIEW_LEAKS_H
#define TCPLINGER_VIEW_LEAKS_H

#include "view/growth.h"
#include "model/model.h"
#include "model/process_facts.h"
#include "view/rows.h"
#include "model/verdict.h"

#define LEAKS_OLDEST 10 /* sockets shown of a row */

/* A socket of a row, with the descriptor by which the row's process holds it. */
struct leak_socket {
	const struct close_wait *close_wait;
	uint64_t age_ns;
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
	struct process_facts facts;
	double starved; /* of the time its threads wanted a CPU since the last look; < 0: unknown */
};

struct leaks_config {
	const struct process_filter *processes;
	enum grouping by;
	uint64_t age_ns; /* below it, sockets say nothing and are charged to their owner */
	bool once;	 /* all sockets count, all holders are known */
};

struct leaks {
	struct leaks_config config;
	struct model *model;
	struct rows rows;
	struct growth_clock clock;
	uint32_t sockets; /* those that the filter on processes lets pass */
	uint64_t losses;  /* as of the refresh before */
	bool incomplete;
};

void leaks_init(struct leaks *leaks, const struct leaks_config *config, struct model *model);
void leaks_free(struct leaks *leaks);

/* A process by its number; NULL for 0. */
const struct process *leaks_process(const struct leaks *leaks, uint32_t number);

/* The row at place `i` of this refresh; below leaks->rows.shown_count. */
struct leak_row *leaks_shown(const struct leaks *leaks, size_t i);

/* Sockets more per second; false before the second refresh. */
bool leaks_growth(const struct leaks *leaks, const struct leak_row *row, double *per_s);

/* True if the last listing showed a socket whose holders matter. */
bool leaks_need_holders(const struct leaks *leaks);

/*
 * Counts what the last listing showed and chooses the rows to show, as rows_choose does. Most
 * sockets first.
 */
void leaks_refresh(struct leaks *leaks, bool last);

/* By one of leaks_sort_keys, the greatest first. */
extern const char *const leaks_sort_keys[];
void leaks_sort(struct leaks *leaks, const char *key);

/* True where it matters what the process's threads wait in. */
bool leaks_wants_evidence(const struct leak_row *row);

/* Takes what was found out about the row's process. */
void leaks_take_facts(struct leak_row *row, const struct process_facts *facts);

enum verdict leaks_verdict(const struct leak_row *row);
uint64_t leaks_oldest_ns(const struct leak_row *row);

#endif
