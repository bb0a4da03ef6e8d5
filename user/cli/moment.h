/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A time that the user names. */
#ifndef TCPLINGER_MOMENT_H
#define TCPLINGER_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

struct moment {
	bool given;
	bool relative; /* to some beginning */
	uint64_t ns;   /* since that, or since the epoch */
};

/*
 * "2026-11-28T09:40:00Z", also with a fraction or an offset as in +08:00 (RFC 3339), or "+12.5",
 * which are seconds. NULL, or what would have been accepted.
 */
const char *parse_moment(const char *text, struct moment *moment);

#endif
