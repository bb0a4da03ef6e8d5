// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is read of processes: perf maps, lines of /proc/PID/maps, Python's tables of lines. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/stacks/jit.h"
#include "source/stacks/maps.h"
#include "source/stacks/python.h"

static char *copy_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	return text;
}

/* Of all that hold it the latest, unless very many others start before it does. */
static void check_found(const struct perf_map *map, uint64_t address)
{
	const struct perf_map_entry *found = perf_map_find(map, address);

	must(!found || (found->start <= address && address < found->end));
	for (size_t i = 0; i < map->count && map->count < 64; i++) {
		const struct perf_map_entry *entry = &map->entries[i];

		if (entry->start <= address && address < entry->end)
			must(found && found->order >= entry->order);
	}
}

static void try_perf_map(const uint8_t *data, size_t size)
{
	struct perf_map map;

	perf_map_parse(&map, copy_of(data, size), size);
	for (size_t i = 0; i < map.count; i++) {
		struct stack_frame frame = {.address = map.entries[i].start};

		check_found(&map, map.entries[i].start);
		check_found(&map, map.entries[i].end - 1);
		check_found(&map, map.entries[i].end);
		jit_name(&map, &frame);
		must(memchr(frame.symbol, 0, FRAME_TEXT) && memchr(frame.file, 0, FRAME_TEXT));
	}
	perf_map_free(&map);
}

static void try_maps(const uint8_t *data, size_t size)
{
	char *line = copy_of(data, size);
	struct mapping mapping;

	if (maps_parse(line, &mapping)) {
		must(mapping.start < mapping.end);
		free(mapping.path);
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_perf_map(data, size);
	try_maps(data, size);
	for (uint64_t offset = 0; offset < 2 * size; offset += 2)
		must(python_line(data, size, 1, offset) <= INT32_MAX);
	return 0;
}
