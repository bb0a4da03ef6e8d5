// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "command/commands.h"
#include "cli/status.h"
#include "cli/version.h"

/* A host of containers has more namespaces than the usual soft limit of 1,024 lets us hold open. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* It may have exited, and its sockets may still be there. */
static void look_for_process(uint32_t pid)
{
	if (pid && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		note("--pid %u: there is no such process now; what it has left is shown", pid);
}

/* --help and --version: a reader that went away has had enough, a full disk has not. */
static int print_about(const struct options *options)
{
	signal(SIGPIPE, SIG_IGN);
	if (options->help)
		help_print(options);
	else
		printf("tcplinger %s\n", program_version);
	if (fflush(stdout) == 0 || errno == EPIPE)
		return STATUS_DONE;
	return fail(STATUS_FAILED, "cannot write to stdout: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	static struct options options; /* 16 KB of port bitmaps */
	int status = options_read(&options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (options.help || options.version)
		return print_about(&options);
	if (!options.input)
		look_for_process(options.processes.pid);
	libbpf_set_print(NULL); /* it speaks where -v asks: live.c */
	raise_descriptor_limit();
	return options.command->run(&options);
}
