/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one table of options: the command line, its complaints and help are made of it. */
#ifndef TCPLINGER_OPTION_TABLE_H
#define TCPLINGER_OPTION_TABLE_H

#include "cli/options.h"

/*
 * A row takes its value from `text` (NULL without argument): NULL, or what would have been
 * accepted.
 */
struct option_row {
	const char *name;
	char letter;	      /* 0: none */
	const char *argument; /* NULL: takes none */
	const char *help;
	const char *(*take)(struct options *options, const char *text);
};

#define CGROUP_ACCEPTED                                                                            \
	"a path below the cgroup v2 root, beginning with /, or one in the mounted cgroupfs"

extern const struct option_row option_rows[OPTIONS];

#endif
