// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/status.h"
#include "command/commands.h"
#include "command/watch.h"
#include "view/timewait/timewait.h"

static int run(const struct options *options)
{
	if (options->once)
		note("owners are known only for TIME_WAITs that begin while tcplinger watches "
		     "(run it without --once); older ones at a port that somebody listens at are "
		     "charged to the listener");
	return watch_view(options, &timewait_view);
}

const struct command timewait_command = {
	.name = "timewait",
	.summary = "TIME_WAIT by process and destination or service, lifetimes, ends",
	.description = "Shows who makes the TIME_WAITs: by process and destination (to) or "
		       "service (at), how many\n"
		       "now, how many a second, the share that this side closed first "
		       "(FIRST), how they end and how\n"
		       "long they live (P50, P99), with histograms; -v: a histogram for each "
		       "row.",
	.options =
		OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES | OPTION_BITS_TABLE,
	.table = &time_waits_table,
	.run = run,
};
