// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"
#include "command/watch.h"
#include "view/ports/ports.h"

static int run(const struct options *options)
{
	return watch_view(options, &ports_view);
}

const struct command ports_command = {
	.name = "ports",
	.summary = "destinations by use of their ports; why connect() got none",
	.description = "Shows how many of the ports that connect() may choose are in use "
		       "towards each destination,\n"
		       "who holds them, how many are taken a second (NEW/S) against what lasts "
		       "(MOST/S), and which\n"
		       "connects failed with EADDRNOTAVAIL, and why.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BITS_TABLE | OPTION_BITS_STACKS,
	.table = &ports_table,
	.run = run,
};
