/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files that processes run, each once, however many run it. */
#ifndef TCPLINGER_LIBRARY_H
#define TCPLINGER_LIBRARY_H

#include "source/stacks/maps.h"
#include "source/stacks/module.h"

#define LIBRARY_MODULES 128		/* open files, at most, but for those that are in use */
#define LIBRARY_BYTES	(256ULL << 20)	/* of debugging information, about, at most */
#define LIBRARY_REST_NS (10 * NS_PER_S) /* what was not asked for so long takes no memory */

struct library {
	const char *folder; /* of debug files */
	struct module *modules[LIBRARY_MODULES];
	size_t count;
};

/*
 * The file of a mapping of the process whose directory `process` is: the mapped one itself, also
 * where it was deleted or is in another mount namespace; given back by library_return. NULL if it
 * cannot be opened, or there are too many.
 */
struct module *library_take(struct library *library, int process, const struct mapping *mapping,
			    uint64_t now_ns);
void library_return(struct module *module);

/* Keeps to the bounds of what debugging information takes. */
void library_tidy(struct library *library, uint64_t now_ns);
void library_free(struct library *library);

#endif
