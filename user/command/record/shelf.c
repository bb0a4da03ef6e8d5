// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/record/shelf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* False, with errno, if it is too long. `name`: PATH_MAX bytes. */
static bool name_of(const struct shelf *shelf, unsigned int number, char *name)
{
	int length = number ? snprintf(name, PATH_MAX, "%s.%u", shelf->path, number)
			    : snprintf(name, PATH_MAX, "%s", shelf->path);

	errno = ENAMETOOLONG;
	return length < PATH_MAX;
}

void shelf_open(struct shelf *shelf, const char *path)
{
	char name[PATH_MAX];

	*shelf = (struct shelf){.path = path};
	while (name_of(shelf, shelf->count + 1, name) && access(name, F_OK) == 0)
		shelf->count++;
}

bool shelf_push(struct shelf *shelf)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (unsigned int number = shelf->count + 1; number > 0; number--)
		if (!name_of(shelf, number - 1, from) || !name_of(shelf, number, to) ||
		    rename(from, to) != 0)
			return false;
	shelf->count++;
	return true;
}

bool shelf_forget(struct shelf *shelf, time_t before)
{
	char name[PATH_MAX];
	struct stat stat_;

	for (; shelf->count; shelf->count--) {
		if (!name_of(shelf, shelf->count, name))
			return false;
		if (stat(name, &stat_) == 0 && stat_.st_mtime >= before)
			return true;
		if (unlink(name) != 0 && errno != ENOENT)
			return false;
	}
	return true;
}
