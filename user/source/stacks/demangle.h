/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPLINGER_DEMANGLE_H
#define TCPLINGER_DEMANGLE_H

#include <stddef.h>

/*
 * The name of a C++ or Rust function as its source has it, without its parameters; any other as it
 * is. What is longer than `size`, its end counted, is cut and ends in "...". Returns `text`.
 */
char *demangle(char *text, size_t size, const char *symbol);

#endif
