// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/library.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "source/stacks/regular.h"

/* map_files is the file that is mapped, whatever its name leads to by now; it takes a capability
 * (CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN). */
static int open_mapped(int process, const struct mapping *mapping, struct stat *stat)
{
	char path[64];

	snprintf(path, sizeof(path), "map_files/%" PRIx64 "-%" PRIx64, mapping->start,
		 mapping->end);
	return regular_open(process, path, 0, stat);
}

/* The name may lead out of the process's root by a symbolic link: only to what it has mapped. */
static int open_named(int process, const struct mapping *mapping, struct stat *stat)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "root%s", mapping->path) >= (int)sizeof(path))
		return -1;
	fd = regular_open(process, path, 0, stat);
	if (fd >= 0 && stat->st_dev != mapping->device) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_file(int process, const struct mapping *mapping, struct stat *stat)
{
	int fd = open_mapped(process, mapping, stat);

	if (fd < 0 && mapping->path[0] == '/')
		fd = open_named(process, mapping, stat);
	if (fd >= 0 && stat->st_ino != mapping->inode) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct module *find(const struct library *library, const struct stat *file)
{
	for (size_t i = 0; i < library->count; i++)
		if (module_is(library->modules[i], file))
			return library->modules[i];
	return NULL;
}

static void remove_at(struct library *library, size_t at)
{
	module_free(library->modules[at]);
	library->modules[at] = library->modules[--library->count];
}

/* The one that nobody uses, and nobody has for the longest time. */
static bool make_room(struct library *library)
{
	size_t oldest = library->count;

	if (library->count < LIBRARY_MODULES)
		return true;
	for (size_t i = 0; i < library->count; i++)
		if (!library->modules[i]->references &&
		    (oldest == library->count ||
		     library->modules[i]->used_ns < library->modules[oldest]->used_ns))
			oldest = i;
	if (oldest == library->count)
		return false;
	remove_at(library, oldest);
	return true;
}

static struct module *add(struct library *library, int fd, const struct stat *file,
			  const struct mapping *mapping)
{
	struct module *module;

	if (!make_room(library)) {
		close(fd);
		return NULL;
	}
	module = module_new(fd, file, mapping->path, library->folder);
	library->modules[library->count++] = module;
	return module;
}

struct module *library_take(struct library *library, int process, const struct mapping *mapping,
			    uint64_t now_ns)
{
	struct module *module;
	struct stat file;
	int fd = open_file(process, mapping, &file);

	if (fd < 0)
		return NULL;
	module = find(library, &file);
	if (module)
		close(fd);
	else
		module = add(library, fd, &file, mapping);
	if (module) {
		module->references++;
		module->used_ns = now_ns;
	}
	return module;
}

void library_return(struct module *module)
{
	module->references--;
}

static uint64_t bytes_of_all(const struct library *library)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < library->count; i++)
		sum += module_bytes(library->modules[i]);
	return sum;
}

static struct module *oldest_open(const struct library *library)
{
	struct module *oldest = NULL;

	for (size_t i = 0; i < library->count; i++) {
		struct module *module = library->modules[i];

		if (module->open && (!oldest || module->used_ns < oldest->used_ns))
			oldest = module;
	}
	return oldest;
}

void library_tidy(struct library *library, uint64_t now_ns)
{
	struct module *oldest;

	while ((oldest = oldest_open(library)) && (bytes_of_all(library) > LIBRARY_BYTES ||
						   now_ns - oldest->used_ns > LIBRARY_REST_NS))
		module_rest(oldest);
}

void library_free(struct library *library)
{
	while (library->count)
		remove_at(library, library->count - 1);
}
