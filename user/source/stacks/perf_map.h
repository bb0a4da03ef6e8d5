/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a JIT compiler says of the code it made: /tmp/perf-PID.map, a line "START SIZE name" for
 * each piece, numbers in hexadecimal (tools/perf/Documentation/jit-interface.txt). Whoever the
 * process runs as can write what he likes.
 */
#ifndef TCPLINGER_PERF_MAP_H
#define TCPLINGER_PERF_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define PERF_MAP_BYTES (16U << 20) /* of a file are read, the last ones */
#define PERF_MAP_NAME  512	   /* bytes of a name, and its end */

struct perf_map_entry {
	uint64_t start;
	uint64_t end;
	uint32_t name;	/* where in the text */
	uint32_t order; /* of two that hold an address, the later one is right */
};

/* All zero: none. */
struct perf_map {
	char *text;
	struct perf_map_entry *entries; /* by start, then order */
	size_t count;
	struct stat file;
	bool cut; /* the file is longer than what is read of one */
};

/* Of `size` bytes, which it takes: they were allocated. What is no line of such a file is skipped.
 */
void perf_map_parse(struct perf_map *map, char *text, size_t size);
void perf_map_free(struct perf_map *map);

/* What holds the address; NULL: nothing. */
const struct perf_map_entry *perf_map_find(const struct perf_map *map, uint64_t address);

/* Its name, terminated; "" if it has none. */
void perf_map_name(const struct perf_map *map, const struct perf_map_entry *entry,
		   char name[PERF_MAP_NAME]);

/*
 * Reads the map of the process whose directory `process` is, as it is in its own root directory,
 * unless it is as it was. It has to be a regular file, the process' user's own (or root's), written
 * by nobody else; no symbolic link is followed. True if `map` is another one now, or none.
 */
bool perf_map_refresh(struct perf_map *map, int process);

#endif
