// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/perf_map.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/search.h"
#include "source/proc/procfs.h"
#include "source/stacks/regular.h"

#define HEXADECIMAL 16
#define OVERLAPPING 64 /* entries in a row that are looked at for one that holds the address */

/* A number and the space behind it; NULL: it is none. */
static char *parse_number(char *text, uint64_t *number)
{
	char *end;

	if (*text == '-' || *text == '+' || *text == ' ')
		return NULL;
	*number = strtoull(text, &end, HEXADECIMAL);
	return end != text && *end == ' ' ? end + 1 : NULL;
}

static bool parse_line(char *line, const char *text, struct perf_map_entry *entry)
{
	uint64_t size;
	char *rest = parse_number(line, &entry->start);

	rest = rest ? parse_number(rest, &size) : NULL;
	if (!rest || !*rest || !size || entry->start + size < entry->start)
		return false;
	entry->end = entry->start + size;
	entry->name = (uint32_t)(rest - text);
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct perf_map_entry *one = a, *other = b;

	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return one->order < other->order ? -1 : 1;
}

static void add(struct perf_map *map, struct perf_map_entry *entry)
{
	entry->order = (uint32_t)map->count;
	if (!(map->count & (map->count - 1)))
		map->entries = memory_resize(map->entries, map->count ? 2 * map->count : 1,
					     sizeof(*map->entries));
	map->entries[map->count++] = *entry;
}

void perf_map_parse(struct perf_map *map, char *text, size_t size)
{
	char *line = text, *end;
	struct perf_map_entry entry;

	*map = (struct perf_map){.text = text};
	/* a last line that is still being written is none yet */
	for (; (end = memchr(line, '\n', size - (size_t)(line - text))); line = end + 1) {
		*end = 0;
		if (parse_line(line, text, &entry))
			add(map, &entry);
	}
	if (map->count)
		qsort(map->entries, map->count, sizeof(*map->entries), by_start);
}

void perf_map_free(struct perf_map *map)
{
	free(map->text);
	free(map->entries);
	*map = (struct perf_map){0};
}

static uint64_t start_of(const void *entry)
{
	return ((const struct perf_map_entry *)entry)->start;
}

const struct perf_map_entry *perf_map_find(const struct perf_map *map, uint64_t address)
{
	const struct perf_map_entry *found = NULL;
	size_t count = search_place(map->entries, map->count, sizeof(*map->entries), start_of,
				    address + 1);
	size_t last = count > OVERLAPPING ? count - OVERLAPPING : 0;

	for (size_t i = count; i > last; i--) {
		const struct perf_map_entry *entry = &map->entries[i - 1];

		if (address < entry->end && (!found || entry->order > found->order))
			found = entry;
	}
	return found;
}

void perf_map_name(const struct perf_map *map, const struct perf_map_entry *entry,
		   char name[PERF_MAP_NAME])
{
	snprintf(name, PERF_MAP_NAME, "%s", map->text + entry->name);
}

/* Its user, and what its own namespace calls it: "Uid:\treal\teffective..", "NSpid:\touter\tinner".
 */
static bool read_status(int process, uid_t *user, unsigned long *pid)
{
	char text[8192], *uid, *pids, *effective;

	if (procfs_read(process, "status", text, sizeof(text)) <= 0)
		return false;
	uid = strstr(text, "\nUid:\t");
	pids = strstr(text, "\nNSpid:");
	effective = uid ? strchr(uid + strlen("\nUid:\t"), '\t') : NULL;
	if (!effective || !pids)
		return false;
	*user = (uid_t)strtoul(effective, NULL, 10);
	pids[1 + strcspn(pids + 1, "\n")] = 0;
	*pid = strtoul(strrchr(pids, '\t') ? strrchr(pids, '\t') : pids + strlen("\nNSpid:"), NULL,
		       10);
	return true;
}

/* /tmp of its own root directory, unless that is a symbolic link; -1: none. */
static int open_tmp(int process)
{
	int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), tmp;

	if (root < 0)
		return -1;
	tmp = openat(root, "tmp", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	close(root);
	return tmp;
}

static int open_map(int process, struct stat *stat)
{
	unsigned long pid;
	char name[64];
	uid_t user;
	int tmp, fd;

	if (!read_status(process, &user, &pid))
		return -1;
	tmp = open_tmp(process);
	if (tmp < 0)
		return -1;
	snprintf(name, sizeof(name), "perf-%lu.map", pid);
	fd = regular_open(tmp, name, O_NOFOLLOW, stat);
	close(tmp);
	if (fd >= 0 && ((stat->st_uid != user && stat->st_uid != 0) || stat->st_mode & S_IWOTH)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool as_it_was(const struct stat *one, const struct stat *other)
{
	return one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
	       one->st_size == other->st_size && one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
	       one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

static size_t read_all(int fd, off_t from, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n = 1;

	for (; length < size && n > 0; length += n > 0 ? (size_t)n : 0)
		n = pread(fd, text + length, size - length, from + (off_t)length);
	return length;
}

/*
 * Of a file that is too long the end: what it says later is right where both say something, so that
 * an address that only its beginning names stays without a name, rather than under an old one.
 */
static void read_map(struct perf_map *map, int fd, const struct stat *stat)
{
	bool cut = stat->st_size > (off_t)PERF_MAP_BYTES;
	size_t size = cut ? PERF_MAP_BYTES : (size_t)stat->st_size;
	char *text = memory_new(size + 1, 1);

	size = read_all(fd, cut ? stat->st_size - (off_t)PERF_MAP_BYTES : 0, text, size);
	text[size] = 0;
	perf_map_parse(map, text, size);
	map->file = *stat;
	map->cut = cut;
}

bool perf_map_refresh(struct perf_map *map, int process)
{
	bool had = map->text;
	struct stat stat;
	int fd = open_map(process, &stat);

	if (fd < 0) {
		perf_map_free(map);
		return had;
	}
	if (had && as_it_was(&map->file, &stat)) {
		close(fd);
		return false;
	}
	perf_map_free(map);
	read_map(map, fd, &stat);
	close(fd);
	return true;
}
