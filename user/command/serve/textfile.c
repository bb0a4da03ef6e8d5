// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define DRAFT ".tmp" /* the collector reads what ends in .prom */

void textfile_init(struct textfile *file, const char *path)
{
	size_t length = strlen(path);

	file->path = path;
	file->draft = memory_new(length + sizeof(DRAFT), 1);
	memcpy(file->draft, path, length);
	memcpy(file->draft + length, DRAFT, sizeof(DRAFT));
	umask(022); /* the collector has another user */
}

void textfile_free(struct textfile *file)
{
	unlink(file->draft);
	unlink(file->path);
	free(file->draft);
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t written = write(fd, text, size);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			text += written;
			size -= (size_t)written;
		}
	}
	return true;
}

/* One that was left over is nobody's: it is made anew, and no link is followed. */
static int create(const char *path)
{
	unlink(path);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

bool textfile_write(const struct textfile *file, const struct output *output)
{
	int fd = create(file->draft), error;
	bool done;

	if (fd < 0)
		return false;
	done = write_all(fd, output->text, output->length);
	error = errno;
	if (close(fd) != 0 && done) {
		done = false;
		error = errno;
	}
	if (done && rename(file->draft, file->path) == 0)
		return true;
	error = done ? errno : error;
	unlink(file->draft);
	errno = error;
	return false;
}
