// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define ATTEMPTS 100

/* Where a link leads to, so that it stays a link. */
static char *resolve(const char *path)
{
	char *resolved = realpath(path, NULL);

	return resolved ? resolved : memory_string(path);
}

/* The folder, "." of a bare name; to be freed. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return memory_string(".");
	return memory_check(strndup(path, slash == path ? 1 : (size_t)(slash - path)));
}

/* ".NAME.N" beside it: to be freed. */
static char *other_name(const char *path, unsigned int number)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *text;

	if (asprintf(&text, "%.*s.%.200s.%d.%u", (int)(name - path), path, name, (int)getpid(),
		     number) < 0)
		text = NULL;
	return memory_check(text);
}

static int create(struct new_file *file, mode_t mode)
{
	int fd = -1;

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		file->written = other_name(file->path, i);
		fd = open(file->written, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (fd >= 0)
			return fd;
		free(file->written);
		file->written = NULL;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static bool create_beside(struct new_file *file, const struct stat *old, mode_t mode)
{
	file->fd = create(file, old ? S_IRUSR | S_IWUSR : mode);
	if (file->fd < 0)
		return false;
	return !old || fchmod(file->fd, old->st_mode & 0777) == 0;
}

bool new_file_begin(struct new_file *file, const char *path, mode_t mode)
{
	struct stat old;

	*file = (struct new_file){.path = resolve(path), .fd = -1};
	if (strcmp(path, "-") == 0)
		file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	else if (stat(file->path, &old) != 0)
		return create_beside(file, NULL, mode);
	else if (S_ISREG(old.st_mode))
		return create_beside(file, &old, mode);
	else
		file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
	return file->fd >= 0;
}

/* The change of names is on the disk as well. */
static bool sync_folder(const char *path)
{
	char *folder = folder_of(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;

	free(folder);
	if (fd >= 0)
		close(fd);
	return done || errno == EINVAL;
}

bool new_file_finish(struct new_file *file)
{
	if (!file->written)
		return true;
	if (fsync(file->fd) != 0 || rename(file->written, file->path) != 0)
		return false;
	free(file->written);
	file->written = NULL;
	return sync_folder(file->path);
}

void new_file_free(struct new_file *file)
{
	int error = errno;

	if (file->written)
		unlink(file->written);
	if (file->fd >= 0)
		close(file->fd);
	free(file->written);
	free(file->path);
	errno = error;
}
