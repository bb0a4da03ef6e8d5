// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/record/recorder.h"

bool recording_is_stdout(const struct options *options)
{
	return strcmp(options->output, "-") == 0;
}

static int make(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* -1, with errno, if it is a regular file. */
static int open_other(const char *path)
{
	struct stat stat;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || (fstat(fd, &stat) == 0 && !S_ISREG(stat.st_mode)))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/* A file that exists already is not ours to write to, unless it is no regular one. */
int recording_file_open(const struct options *options, struct shelf *shelf)
{
	int fd;

	if (recording_is_stdout(options))
		return STDOUT_FILENO;
	shelf_open(shelf, options->output);
	fd = make(options->output);
	if (fd >= 0 || errno != EEXIST)
		return fd;
	fd = open_other(options->output);
	if (fd >= 0 || errno != EEXIST || !options->rotate_bytes)
		return fd;
	return shelf_push(shelf) ? make(options->output) : -1;
}

int recording_file_next(int fd, const struct options *options, struct shelf *shelf)
{
	close(fd);
	return shelf_push(shelf) ? make(options->output) : -1;
}
