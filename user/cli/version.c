// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/version.h"

#ifndef TCPLINGER_VERSION
#define TCPLINGER_VERSION "unknown"
#endif

const char *const program_version = TCPLINGER_VERSION;
