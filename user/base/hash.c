// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* FNV-1a. */
#include "base/hash.h"

#define BASIS 0xcbf29ce484222325ULL
#define PRIME 0x100000001b3ULL

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	uint64_t hash = seed ^ BASIS;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * PRIME;
	return hash ? hash : 1;
}
