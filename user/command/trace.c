// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"
#include "command/watch.h"
#include "view/trace/trace.h"

static const char *why_not(enum option_id option)
{
	if (option == OPTION_NO_BPF)
		return "transitions are seen by BPF programs only; tcplinger --no-bpf shows what "
		       "exists now";
	return NULL;
}

static int run(const struct options *options)
{
	return watch_view(options, &trace_view);
}

const struct command trace_command = {
	.name = "trace",
	.summary = "each TCP transition as it happens, with its owner",
	.description = "Shows each transition of every TCP connection as it happens, "
		       "TIME_WAIT included: who\n"
		       "owns the connection, how long it was in the state it leaves (MS), "
		       "and why a TIME_WAIT ended.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_INTERVAL) |
		   OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_HOOKS) |
		   OPTION_BIT(OPTION_READY_FILE) | OPTION_BIT(OPTION_RING_SIZE) |
		   OPTION_BIT(OPTION_AUDIT) | OPTION_BIT(OPTION_INPUT) | OPTION_BITS_STACKS,
	.why_not = why_not,
	.run = run,
};
