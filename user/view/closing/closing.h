/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `tcplinger closing`: sockets whose FIN is sent, or queued, and whose connection does not come to
 * its end, by owner and place. Listed at each refresh, never streamed.
 */
#ifndef TCPLINGER_VIEW_CLOSING_H
#define TCPLINGER_VIEW_CLOSING_H

#include "model/verdict_closing.h"
#include "view/rows.h"
#include "view/view.h"

#define CLOSING_SHEETS 1

#define CLOSING_OLDEST 10 /* sockets shown of a row */

/* A socket of a row, with the descriptor by which the row's process holds it. */
struct closing_socket {
	const struct listed *listed; /* NULL: none */
	uint64_t age_ns;
	bool age_known;
	int64_t fd; /* -1: not known, or none */
};

struct closing_row {
	struct row row;
	struct tuple tuple; /* outgoing: no lport; incoming: no remote end */
	uint8_t direction;
	struct common owner_by;
	struct common family;
	uint32_t sockets;
	uint32_t by_state[TCP_STATES];
	uint32_t orphans;
	uint32_t zero_window;
	uint32_t retransmits; /* of the one with most */
	uint64_t unacked_bytes;
	uint64_t unsent_bytes;
	struct closing_counts old;
	enum closing_verdict verdict; /* as of the last refresh in which it had any */
	struct closing_socket oldest[CLOSING_OLDEST]; /* the oldest first, then those of no age */
};

struct closing {
	struct view_config config;
	struct model *model;
	struct rows rows;
	uint64_t time_ns;  /* of this refresh */
	uint32_t sockets;  /* those that the filter on processes lets pass */
	uint32_t all;	   /* and all that the others do */
	uint64_t begun_ns; /* the first refresh: so long it has watched */
	uint64_t losses;   /* as of the refresh before */
	bool incomplete;
};

extern const struct view closing_view;
extern const struct table closing_table;
extern const struct sheet closing_sheets[CLOSING_SHEETS];

void closing_init(void *self, const struct view_config *config, struct model *model);
void closing_free(void *self);

/* Counts what the last listing showed: for the model's observer. */
void closing_listed(void *self, enum listing_scope scope);
void closing_ask(const void *self, struct questions *questions);

/* Chooses the rows to show, as rows_choose does. Most sockets first. */
void closing_refresh(void *self, uint64_t time_ns, bool last);
void closing_show_json(void *self, struct output *output, size_t limit);

/* Each row with a sentence that says what its verdict means here. */
void closing_show_text(void *self, struct output *output, const struct text_style *style,
		       bool last);

/* The row in two sentences, for the summary. */
void closing_show_worst(const struct closing *closing, const struct closing_row *row,
			struct output *output, unsigned int columns);

/* What was seen, and what it means. */
void closing_say_reason(struct sentence *sentence, const struct closing *closing,
			const struct closing_row *row);

/* The row at place `i` of this refresh; below closing->rows.shown_count. */
const struct closing_row *closing_shown(const struct closing *closing, size_t i);

/* How old the oldest is; false where no age is known. */
bool closing_oldest_ns(const struct closing_row *row, uint64_t *age_ns);

/* Who holds the socket now; after the listing's end. */
struct holder_range closing_holders(const struct closing *closing, const struct listed *listed);

#endif
