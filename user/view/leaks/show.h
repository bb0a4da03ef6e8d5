/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger leaks` on paper: JSON objects of the contract, and the table for people. */
#ifndef TCPLINGER_LEAKS_SHOW_H
#define TCPLINGER_LEAKS_SHOW_H

#include "view/leaks/leaks.h"
#include "view/objects.h"
#include "view/text.h"

/* The rows of this refresh, `limit` at most (0: all), and the `refresh` object. */
void leaks_show_json(const struct leaks *leaks, struct output *output,
		     const struct clock_offsets *clocks, size_t limit);

/* The same as a table, each row with a sentence that says what its verdict means here. */
void leaks_show_text(const struct leaks *leaks, struct output *output,
		     const struct clock_offsets *clocks, const struct text_style *text);

/* The worst row in two sentences, for the summary. */
void leaks_show_worst(const struct leaks *leaks, const struct leak_row *row, struct output *output,
		      unsigned int columns);

#endif
