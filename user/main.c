// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <sys/resource.h>

#include "commands.h"
#include "status.h"

#ifndef TCPLINGER_VERSION
#define TCPLINGER_VERSION "unknown"
#endif

/* A host of containers has more namespaces than the usual soft limit of 1,024 lets us hold open. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static struct options options; /* 16 KB of port bitmaps */
	int status = options_read(&options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (options.help)
		help_print(&options);
	else if (options.version)
		printf("tcplinger %s\n", TCPLINGER_VERSION);
	if (options.help || options.version)
		return fflush(stdout) == 0 ? STATUS_DONE
					   : fail(STATUS_FAILED, "cannot write to stdout");
	raise_descriptor_limit();
	return options.command->run(&options);
}
