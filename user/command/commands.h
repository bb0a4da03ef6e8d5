/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The commands, each in a file of its name. */
#ifndef TCPLINGER_COMMANDS_H
#define TCPLINGER_COMMANDS_H

#include "cli/options.h"

extern const struct command summary_command; /* of a bare `tcplinger` */
extern const struct command diagnose_command;
extern const struct command trace_command;
extern const struct command leaks_command;
extern const struct command timewait_command;
extern const struct command ports_command;
extern const struct command opening_command;
extern const struct command closing_command;
extern const struct command top_command;
extern const struct command export_command;
extern const struct command report_command;
extern const struct command doctor_command;
extern const struct command record_command;
extern const struct command serve_command;

#endif
