/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One page of what all views showed while they watched: figures, kept, and the page made of them.
 */
#ifndef TCPLINGER_REPORT_H
#define TCPLINGER_REPORT_H

#include "command/advise.h"
#include "view/history.h"

/* What fails, each a line of the plot of failures. */
#define REPORT_FAILURES (FAILED_WAYS + CAUSES + 1)

/* What was lost, and how often that was made good: the members of struct losses. */
#define REPORT_LOSSES 7
extern const char *const report_loss_names[REPORT_LOSSES];

struct report {
	struct watch *watch;
	struct adviser adviser;
	struct history close_waits;	  /* by process, */
	struct history time_waits;	  /* by owner, */
	struct history used;		  /* ports, by destination, */
	struct history supplies;	  /* the same destinations' supplies */
	struct history failures;	  /* by what failed */
	struct history losses;		  /* by cause */
	uint64_t failed[REPORT_FAILURES]; /* as of the refresh before */
	uint64_t lost[REPORT_LOSSES];	  /* likewise */
	uint64_t begun_ns;		  /* the first refresh, */
	uint64_t time_ns;		  /* and the last */
	size_t refreshes;
};

void report_init(struct report *report, struct watch *watch);
void report_free(struct report *report);

/* figures.c: keeps what the views show now. */
void report_note(struct report *report, uint64_t time_ns);
void report_note_losses(struct report *report, const struct losses *losses);

/* page.c: all of the page. */
void report_write(const struct report *report, struct output *output);

/* sections.c: the plots, with their tables. */
void report_write_sections(const struct report *report, struct output *output);

/* True where all that happened was told, not only what exists at each refresh. */
bool report_streams(const struct report *report);

/* The time of day, in nanoseconds since the epoch. */
uint64_t report_clock(const struct report *report, uint64_t time_ns);

#endif
