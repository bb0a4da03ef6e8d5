/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel answers, in words. */
#ifndef TCPLINGER_ERROR_TEXT_H
#define TCPLINGER_ERROR_TEXT_H

#include <stddef.h>

/* The kernel's own, which bpf(2) lets out; no libc knows it (include/linux/errno.h). */
#define ENOTSUPP 524

#define ERROR_TEXT_SIZE 96

/* Writes the name and text of a positive errno, "EPERM: Operation not permitted", and returns it.
 */
const char *error_text(int error, char *text, size_t size);

#endif
