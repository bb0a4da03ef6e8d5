/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPLINGER_VERSION_H
#define TCPLINGER_VERSION_H

/* Of this build, as `git describe` said. */
extern const char *const program_version;

#endif
