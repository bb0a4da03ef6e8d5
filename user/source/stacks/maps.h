/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where code of a process is: the executable mappings of its /proc/PID/maps. */
#ifndef TCPLINGER_MAPS_H
#define TCPLINGER_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
	uint64_t start;
	uint64_t end;	 /* the first address behind it */
	uint64_t offset; /* in the file */
	uint64_t inode;	 /* 0: of no file, as what a JIT compiler writes */
	dev_t device;
	char *path; /* as the process sees it, without " (deleted)"; "" where there is none */
};

/* By address. All zero: none. */
struct maps {
	struct mapping *items;
	size_t count;
};

/* A line of /proc/PID/maps, terminated; false if it is of no executable mapping. The path is new.
 */
bool maps_parse(const char *line, struct mapping *mapping);

/*
 * Of the process whose directory `process` is; a bounded number, further ones are as if unmapped.
 * False, and none, if it cannot be read: gone, or no permission. The caller frees.
 */
bool maps_read(int process, struct maps *maps);
void maps_free(struct maps *maps);

/* The mapping that holds the address, or NULL. */
const struct mapping *maps_find(const struct maps *maps, uint64_t address);

/* Is the same code at the same addresses? */
bool maps_same(const struct maps *one, const struct maps *other);

#endif
