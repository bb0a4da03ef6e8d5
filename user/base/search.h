/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Searching in what is sorted. */
#ifndef TCPLINGER_SEARCH_H
#define TCPLINGER_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The place of the first of `count` items of `size` bytes, ascending by what `key_of` says of each,
 * whose key is not below `key`; `count` if there is none. bsearch() does not tell where a missing
 * one belongs, nor which of several equals is the first.
 */
static inline size_t search_place(const void *items, size_t count, size_t size,
				  uint64_t (*key_of)(const void *item), uint64_t key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key_of((const char *)items + middle * size) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
