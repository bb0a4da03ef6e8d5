/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger ports` on paper: JSON objects of the contract, and the table for people. */
#ifndef TCPLINGER_PORTS_SHOW_H
#define TCPLINGER_PORTS_SHOW_H

#include "view/objects.h"
#include "view/ports/ports.h"
#include "view/text.h"

/* Destinations, `limit` at most (0: all), failures that grew, and the `refresh` object. */
void ports_show_json(const struct ports *ports, struct output *output,
		     const struct clock_offsets *clocks, size_t limit);

/* The same as a table, and a paragraph for each failure. */
void ports_show_text(const struct ports *ports, struct output *output,
		     const struct clock_offsets *clocks, const struct text_style *style);

/* The nearest destination in two sentences, for the summary. */
void ports_show_worst(const struct ports *ports, const struct port_row *row, struct output *output,
		      unsigned int columns);

#endif
