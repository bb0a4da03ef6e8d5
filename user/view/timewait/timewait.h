/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `tcplinger timewait`: TIME_WAIT by owner and destination (outgoing connections) or service
 * (incoming). Counted as it happens: a refresh costs the rows, not the sockets.
 */
#ifndef TCPLINGER_VIEW_TIMEWAIT_H
#define TCPLINGER_VIEW_TIMEWAIT_H

#include "view/growth.h"
#include "base/histogram.h"
#include "model/model.h"
#include "model/overflow.h"
#include "view/rows.h"
#include "view/view.h"

#define TIMEWAIT_SHEETS 1

struct time_wait_row {
	struct row row;
	struct tuple tuple; /* outgoing: no lport; incoming: no remote end */
	uint8_t direction;
	struct common owner_by;
	struct common closer; /* number of a process, referred to; 0: the owner */
	struct common family;
	uint32_t sockets;   /* in true TIME_WAIT now */
	uint32_t predates;  /* of these, older than the tool */
	uint32_t fin_wait2; /* minisockets in FIN_WAIT2 now */
	uint32_t recounted; /* `sockets` as a listing shows them */
	uint64_t created;
	uint64_t ended;
	uint64_t closed; /* connections; of them, those that this side closed first: */
	uint64_t closed_first;
	uint64_t closed_by_reset; /* by an RST of this side's */
	uint64_t reset_by_data;	  /* minisockets in FIN_WAIT2 that the peer's data ended */
	uint64_t sent_bytes;	  /* data of those closed */
	uint64_t received_bytes;
	uint64_t rearmed;
	uint64_t overflow;
	uint64_t reasons[END_REASONS];
	struct histogram lifetime; /* of true TIME_WAIT */
	struct histogram fin_wait2_lifetime;
	struct histogram connected; /* ESTABLISHED to the first FIN */
	struct histogram idle;	    /* since data came or went, to that FIN */
	struct growth growth;	    /* of `created` */
};

struct time_waits {
	struct view_config config;
	struct model *model;
	struct rows rows;
	struct time_wait_row total; /* of all rows, as of this refresh; see sum_histograms */
	struct overflows overflows;
	uint64_t time_ns; /* of this refresh */
	struct growth_clock clock;
	uint64_t losses; /* as of the refresh before */
	bool incomplete;
};

extern const struct view timewait_view;
extern const struct table time_waits_table;
extern const struct sheet time_waits_sheets[TIMEWAIT_SHEETS];

void time_waits_init(void *self, const struct view_config *config, struct model *model);
void time_waits_free(void *self);

/* What the model's observer is to call. */
void time_waits_transition(void *self, const struct transition *transition);
void time_waits_minisocket(void *self, struct connection *connection, enum minisocket_event event,
			   uint64_t time_ns);
void time_waits_listed(void *self, enum listing_scope scope);
void time_waits_counters(void *self, const struct record_counters *counters);

/* The counters of namespaces where one seems to have been refused: they confirm it. */
void time_waits_ask(const void *self, struct questions *questions);

/*
 * Chooses the rows to show, as rows_choose does, most sockets first; sums them up. What counters do
 * not confirm by now was no refusal.
 */
void time_waits_refresh(void *self, uint64_t time_ns, bool last);

void time_waits_show_json(void *self, struct output *output, size_t limit);

/* With histograms below the rows, or below each for style->details; at the end, what happened in
 * all. */
void time_waits_show_text(void *self, struct output *output, const struct text_style *style,
			  bool last);

/* The fullest row in a sentence, for the summary. */
void time_waits_show_worst(const struct time_wait_row *row, struct output *output,
			   unsigned int columns);

/*
 * The end of FIN_WAIT2 is often told by the timer alone, which counts in ticks of up to 10 ms:
 * shorter ones are not told apart.
 */
#define FIN_WAIT2_NS 10000000

/* Those of all rows, into `total`: not needed by each refresh. */
void time_waits_sum_histograms(struct time_waits *waits);

/* Minisockets in a state that the model knows of, whatever the filter on processes says. */
uint64_t time_waits_known(const struct time_waits *waits, unsigned int state);

/* The row at place `i` of this refresh; below waits->rows.shown_count. */
struct time_wait_row *time_waits_shown(const struct time_waits *waits, size_t i);

/* Created per second, over a minute at most; false before the second refresh. */
bool time_waits_rate(const struct time_waits *waits, const struct time_wait_row *row,
		     double *per_s);

/* The closer where it is one and not the owner; NULL else. */
const struct process *time_waits_closer(const struct time_waits *waits,
					const struct time_wait_row *row);

#endif
