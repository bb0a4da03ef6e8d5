/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exit statuses, and the one way to complain: a line on stderr. */
#ifndef TCPLINGER_STATUS_H
#define TCPLINGER_STATUS_H

enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,  /* while running: a full disk */
	STATUS_USAGE = 2,   /* wrong usage, or a value that cannot be */
	STATUS_REFUSED = 3, /* the kernel or the privileges do not allow it */
	STATUS_FOUND = 4,   /* what --fail-on asks for was found */
};

/* Prints "tcplinger: ...", control characters made harmless, and returns `status`. */
__attribute__((format(printf, 2, 3))) int fail(enum status status, const char *format, ...);

/* The same for what is worth knowing but no failure. */
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);

#endif
