/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that is always whole, for the textfile collector of node_exporter. */
#ifndef TCPLINGER_SERVE_TEXTFILE_H
#define TCPLINGER_SERVE_TEXTFILE_H

#include <stdbool.h>

#include "writer/output.h"

struct textfile {
	const char *path;
	char *draft; /* where it is written before it takes its name */
};

void textfile_init(struct textfile *file, const char *path);

/* Removes it: what it told is no longer so. */
void textfile_free(struct textfile *file);

/* Puts what was written to `output` in its place. False, with errno, if that fails. */
bool textfile_write(const struct textfile *file, const struct output *output);

#endif
