// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* As FNV-1a, but eight bytes at a time, each of which reaches all bits of the hash. */
#include "base/hash.h"

#include <string.h>

#define BASIS 0xcbf29ce484222325ULL
#define PRIME 0x9fb21c651e98df25ULL

static uint64_t step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * PRIME;
	return hash ^ hash >> 32;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t hash = seed ^ BASIS, word;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = step(hash, word);
	}
	word = 0;
	memcpy(&word, at, size);
	hash = step(step(hash, word), size);
	return hash ? hash : 1;
}
