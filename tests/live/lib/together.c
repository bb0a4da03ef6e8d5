// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Four views on one stream of one source: what no command does yet.
 *
 *   together LEAKS TIMEWAIT PORTS TRACE leaks [OPTIONS]
 *
 * The first four are files, one for what each view shows; the options are those of `leaks`.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cli/status.h"
#include "command/watch.h"
#include "view/leaks/leaks.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"
#include "view/trace/trace.h"

#define VIEWS 4

static const struct view *const views[VIEWS] = {&leaks_view, &timewait_view, &ports_view,
						&trace_view};

static int open_files(char **paths, int *fds)
{
	for (int i = 0; i < VIEWS; i++) {
		fds[i] = open(paths[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fds[i] < 0)
			return fail(STATUS_FAILED, "%s: %s", paths[i], strerror(errno));
	}
	return STATUS_DONE;
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct watch watch;
	int fds[VIEWS], status;

	if (argc <= VIEWS)
		return STATUS_USAGE;
	status = options_read(&options, argc - VIEWS, argv + VIEWS);
	if (status == STATUS_DONE)
		status = open_files(argv + 1, fds);
	if (status != STATUS_DONE)
		return status;
	libbpf_set_print(NULL);
	watch_init(&watch, &options, views, fds, VIEWS);
	status = watch_run(&watch);
	watch_free(&watch);
	return status;
}
