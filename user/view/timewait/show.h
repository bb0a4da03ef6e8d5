/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger timewait` on paper: JSON objects of the contract, and the table for people. */
#ifndef TCPLINGER_TIMEWAIT_SHOW_H
#define TCPLINGER_TIMEWAIT_SHOW_H

#include "view/objects.h"
#include "view/text.h"
#include "view/timewait/timewait.h"

/*
 * The end of FIN_WAIT2 is often told by the timer alone, which counts in ticks of up to 10 ms:
 * shorter ones are not told apart.
 */
#define FIN_WAIT2_NS 10000000

/* The rows of this refresh, `limit` at most (0: all), and the `refresh` object. */
void time_waits_show_json(const struct time_waits *waits, struct output *output,
			  const struct clock_offsets *clocks, size_t limit);

/* The same as a table, with histograms below it, or below each row for style->details. */
void time_waits_show_text(struct time_waits *waits, struct output *output,
			  const struct clock_offsets *clocks, const struct text_style *style);

/* What happened since `begin_ns`, in three lines. */
void time_waits_show_total(const struct time_waits *waits, struct output *output, uint64_t begin_ns,
			   const struct text_style *style);

/* The fullest row in a sentence, for the summary. */
void time_waits_show_worst(const struct time_wait_row *row, struct output *output,
			   unsigned int columns);

#endif
