// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"
#include "command/watch.h"
#include "view/opening/opening.h"

static const char *why_not(enum option_id option)
{
	if (option == OPTION_STATE)
		return "it shows SYN_SENT and LISTEN";
	return NULL;
}

static int run(const struct options *options)
{
	return watch_view(options, &opening_view);
}

const struct command opening_command = {
	.name = "opening",
	.summary = "connects that do not come about, and why; listeners that are full",
	.description = "Shows who connects to where: how many wait for an answer (PENDING), since "
		       "when, how many came\n"
		       "about or failed, and why. And listeners whose accept queue is full, or "
		       "filling (with -v all):\n"
		       "what limits it, and what their process waits in.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BITS_TABLE | OPTION_BITS_STACKS,
	.table = &opening_table,
	.why_not = why_not,
	.run = run,
};
