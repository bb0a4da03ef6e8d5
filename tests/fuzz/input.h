/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers from the bytes of an input. */
#ifndef TCPLINGER_FUZZ_INPUT_H
#define TCPLINGER_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *data;
	size_t size;
};

/* 0 where the input is at its end. */
static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t number = 0;

	for (; bytes && input->size; bytes--, input->size--)
		number = number << 8 | *input->data++;
	return number;
}

static uint8_t below(struct input *input, unsigned int limit)
{
	return (uint8_t)(take(input, 1) % limit);
}

#endif
