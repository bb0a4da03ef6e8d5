/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The older files of a recording: FILE.1 is the newest of them. */
#ifndef TCPLINGER_SHELF_H
#define TCPLINGER_SHELF_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct shelf {
	const char *path; /* FILE; the caller's */
	unsigned int count;
};

/* Those that are there. */
void shelf_open(struct shelf *shelf, const char *path);

/* FILE becomes FILE.1, and so on. False, with errno, if it cannot. */
bool shelf_push(struct shelf *shelf);

/* Deletes what was last written before that time of day, the oldest first. False likewise. */
bool shelf_forget(struct shelf *shelf, time_t before);

#endif
