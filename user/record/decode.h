/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gate between the kernel's bytes and the model. */
#ifndef TCPLINGER_DECODE_H
#define TCPLINGER_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"

/*
 * The record at `data`, or NULL if it is none that the model knows: too short, of an unknown type,
 * of another size than its type has, or with a state, family or other enumerated value out of
 * range. What is behind the pointer stays the caller's; strings in it are still hostile, but
 * bounded.
 */
const struct record_header *record_decode(const void *data, size_t size);

/* How long a record of that type is, at most, in bytes; 0: there is no such type. */
size_t record_size(unsigned int type);

/* True where it may be shorter, by what it counts. */
bool record_varies(unsigned int type);

#endif
