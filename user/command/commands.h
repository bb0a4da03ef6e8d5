/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The commands: each wires a source, the model, a view and a writer together. They return exit
 * statuses.
 */
#ifndef TCPLINGER_COMMANDS_H
#define TCPLINGER_COMMANDS_H

#include "cli/options.h"

int run_summary(const struct options *options);
int run_leaks(const struct options *options);
int run_timewait(const struct options *options);
int run_ports(const struct options *options);
int run_trace(const struct options *options);
int run_doctor(const struct options *options);

/* Why `trace` does not understand an option that other commands do; NULL: no more to say. */
const char *trace_why_not(enum option_id option);

/* The same for `ports`. */
const char *ports_why_not(enum option_id option);

#endif
