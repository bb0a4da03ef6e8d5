// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/folded.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/status.h"

int folded_open(struct watch *watch)
{
	const char *path = watch->options->folded;
	int fd;

	if (!path)
		return STATUS_DONE;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(STATUS_USAGE, "--folded %s: %s; a file that can be written", path,
			    strerror(errno));
	output_init(&watch->folded, fd, watch->stop);
	return STATUS_DONE;
}

int folded_write(struct watch *watch, int status)
{
	struct output *output = &watch->folded;

	if (!watch->options->folded)
		return status;
	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].view->fold)
			watch->views[i].view->fold(watch->views[i].self, output);
	output_flush(output);
	if (close(output->fd) != 0 && !output->error)
		output->error = errno;
	if (output->error && status == STATUS_DONE)
		status = fail(STATUS_FAILED, "cannot write %s: %s", watch->options->folded,
			      strerror(output->error));
	output_free(output);
	return status;
}
