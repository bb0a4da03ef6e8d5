// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"

#include "base/macros.h"

const struct command *const commands[] = {
	&diagnose_command, &trace_command,   &leaks_command,  &timewait_command, &ports_command,
	&opening_command,  &closing_command, &top_command,    &record_command,	 &export_command,
	&report_command,   &serve_command,   &doctor_command,
};
const struct command *const default_command = &summary_command;
const size_t command_count = LENGTH(commands);
