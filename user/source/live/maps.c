// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the maps of the programs take in the kernel, by its own account. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/live/internal.h"
#include "source/proc/procfs.h"

/* 0 where the kernel does not tell. */
static uint64_t memlock(int fd)
{
	static const char key[] = "\nmemlock:";
	char path[48], text[1024];
	const char *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (procfs_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	line = strstr(text, key);
	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}

/* A ring's memlock was 0 before 6.4: its pages are what it holds, at least. */
static uint64_t bytes_of(const struct bpf_map *map)
{
	uint64_t bytes = memlock(bpf_map__fd(map));
	uint64_t least = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ? bpf_map__max_entries(map) : 0;

	return bytes > least ? bytes : least;
}

size_t live_maps(const struct live *live, struct live_map *maps, size_t max)
{
	struct bpf_map *map;
	size_t count = 0;

	bpf_object__for_each_map(map, live->bpf->obj)
	{
		int fd = bpf_map__fd(map);

		if (fd < 0 || count == max)
			continue;
		maps[count] = (struct live_map){
			.bytes = bytes_of(map),
			.entries = bpf_map__max_entries(map),
			.ring = map == live->bpf->maps.records,
			.stacks = map == live->bpf->maps.stacks ||
				  map == live->bpf->maps.stack_scratch,
		};
		snprintf(maps[count].name, sizeof(maps[count].name), "%s", bpf_map__name(map));
		count++;
	}
	return count;
}
