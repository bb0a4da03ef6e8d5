/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPLINGER_TIME_WAITS_SCREEN_H
#define TCPLINGER_TIME_WAITS_SCREEN_H

/* The view of TIME_WAITs on a model that is fed by hand; it is checked that its books add up. */
#include "writer/output.h"
#include "view/timewait/timewait.h"
#include "world.h"

#define BEGIN	  (1000 * SECOND)
#define MS	  1000000ULL
#define LENGTH	  (60 * (int64_t)SECOND)
#define SHORT	  (15 * (int64_t)SECOND)
#define WHOLE	  12 /* the bucket of those that lived a time-out to its end */
#define CONNECTED (5 * MS)

struct screen {
	struct world *world;
	struct process_filter filter;
	struct time_waits waits;
	struct output output;
	uint64_t time_ns;
	uint64_t older; /* than the tool, and once counted: begun, for the books */
};

void screen_init(struct screen *screen, enum grouping by);

void again_by(struct screen *screen, enum grouping by);

/* Of all rows. */
struct sums {
	uint64_t sockets, predates, fin_wait2, created, ended, reasons;
};

struct sums sum_up(const struct screen *screen);

/* What must hold at any time: what is there is what began less what ended, and in the model. */
void check_books(const struct screen *screen);
int setup(void **state);
int teardown(void **state);

#define screen_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

void pass(struct screen *screen, uint64_t ns);
void refresh(struct screen *screen, bool last);

/* The row that this process made, whether it would be shown or not. */
const struct time_wait_row *row_of(struct screen *screen, uint32_t pid);
const struct time_wait_row *only_row(struct screen *screen);
struct record_transition owned(uint64_t cookie, uint64_t time_ns, unsigned int new_state,
			       uint32_t pid);

/* Since CONNECTED. */
void establishes(struct screen *screen, uint64_t cookie);

/* The owner closes first. */
void closes(struct screen *screen, uint64_t cookie, uint32_t pid);

/* The peer's ACK has come, not its FIN. */
void waits(struct screen *screen, uint64_t cookie);
void enters(struct screen *screen, uint64_t cookie);

/* With nothing left, or never reached: only the time of the record counts. */
void ends(struct screen *screen, uint64_t cookie, enum end_reason reason);
void lives(struct screen *screen, uint64_t cookie, uint32_t pid);
void listing_begins(struct screen *screen);
void listing_ends(struct screen *screen);
void list_nothing(struct screen *screen);
void fails_to_wait(struct screen *screen, uint64_t cookie, uint32_t pid, bool aborted);

/* Asks what the view asks, and answers with this counter. */
void settle(struct screen *screen, uint64_t counter);
const char *text_of(struct screen *screen);
const char *json_of(struct screen *screen, size_t limit);

#endif
