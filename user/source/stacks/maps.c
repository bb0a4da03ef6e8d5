// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/maps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/search.h"

#define MAPPINGS_MAX 4096      /* of code; what has most, a JVM, has some hundreds */
#define LINES_MAX    (1 << 18) /* vm.max_map_count is a fourth of that, where nobody raised it */
#define DELETED	     " (deleted)"

/* The kernel writes a line feed in a path as \012, and nothing else. */
static char *copy_path(const char *text)
{
	size_t length = strcspn(text, "\n");
	char *path;

	if (length > strlen(DELETED) &&
	    strncmp(text + length - strlen(DELETED), DELETED, strlen(DELETED)) == 0)
		length -= strlen(DELETED);
	path = memory_new(length + 1, 1);
	memcpy(path, text, length);
	return path;
}

bool maps_parse(const char *line, struct mapping *mapping)
{
	unsigned int major, minor;
	char rights[5];
	int path = 0;

	*mapping = (struct mapping){0};
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &mapping->start, &mapping->end, rights, &mapping->offset, &major, &minor,
		   &mapping->inode, &path) != 7 ||
	    !strchr(rights, 'x') || mapping->start >= mapping->end)
		return false;
	mapping->device = makedev(major, minor);
	mapping->path = copy_path(line + path);
	return true;
}

static void add(struct maps *maps, const struct mapping *mapping)
{
	if (!(maps->count & (maps->count - 1)))
		maps->items = memory_resize(maps->items, maps->count ? 2 * maps->count : 1,
					    sizeof(*maps->items));
	maps->items[maps->count++] = *mapping;
}

bool maps_read(int process, struct maps *maps)
{
	int fd = openat(process, "maps", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	struct mapping mapping;
	size_t size = 0;
	char *line = NULL;

	*maps = (struct maps){0};
	if (!file)
		return false;
	for (int i = 0; i < LINES_MAX && maps->count < MAPPINGS_MAX; i++) {
		if (getline(&line, &size, file) < 0)
			break;
		if (maps_parse(line, &mapping))
			add(maps, &mapping);
	}
	free(line);
	fclose(file);
	return maps->count > 0;
}

void maps_free(struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		free(maps->items[i].path);
	free(maps->items);
	*maps = (struct maps){0};
}

static uint64_t last_of(const void *mapping)
{
	return ((const struct mapping *)mapping)->end - 1;
}

const struct mapping *maps_find(const struct maps *maps, uint64_t address)
{
	size_t at = search_place(maps->items, maps->count, sizeof(*maps->items), last_of, address);

	return at < maps->count && maps->items[at].start <= address ? &maps->items[at] : NULL;
}

static bool same(const struct mapping *one, const struct mapping *other)
{
	return one->start == other->start && one->end == other->end &&
	       one->offset == other->offset && one->inode == other->inode &&
	       one->device == other->device;
}

bool maps_same(const struct maps *one, const struct maps *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (!same(&one->items[i], &other->items[i]))
			return false;
	return true;
}
