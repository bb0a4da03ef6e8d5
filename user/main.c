// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "commands.h"
#include "status.h"

#ifndef TCPLINGER_VERSION
#define TCPLINGER_VERSION "unknown"
#endif

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
	return options.command->run(&options);
}
