/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A settled audit on paper: the JSON objects of the contract, and a table for people. */
#ifndef TCPLINGER_AUDIT_SHOW_H
#define TCPLINGER_AUDIT_SHOW_H

#include "model/audit.h"
#include "view/objects.h"

/* An `audit` object for each namespace and counter. */
void audit_show_json(const struct audit *audit, struct output *output,
		     const struct clock_offsets *clocks);

/* Each namespace in which something was counted or seen; `columns`: of the terminal, 0: none. */
void audit_show_text(const struct audit *audit, struct output *output, unsigned int columns);

#endif
