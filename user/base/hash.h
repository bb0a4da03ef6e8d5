/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPLINGER_HASH_H
#define TCPLINGER_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Never 0. `seed`: what else two of the same bytes may differ in. */
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t size);

#endif
