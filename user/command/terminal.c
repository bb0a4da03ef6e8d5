// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/status.h"

/* A terminal, unless the user or NO_COLOR says otherwise. */
static bool wants_color(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->json || options->color == COLOR_NEVER)
		return false;
	if (options->color == COLOR_ALWAYS)
		return true;
	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
}

struct text_style terminal_style(const struct options *options)
{
	struct text_style style = {
		.limit = options->limit,
		.details = options->verbose,
		.color = wants_color(options),
		.language = options->language,
	};
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return style;
	style.columns = size.ws_col;
	style.lines = size.ws_row;
	return style;
}

int output_exit_status(const struct output *output)
{
	if (output->unwritten)
		note("%zu bytes were not written: the reader did not take them", output->unwritten);
	if (output->error == 0 || output->error == EPIPE)
		return STATUS_DONE;
	return fail(STATUS_FAILED, "cannot write to stdout: %s", strerror(output->error));
}
