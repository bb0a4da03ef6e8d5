// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every parser of an option's value: what it takes must be a value that can be. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "cli/parse.h"

static void try_ports(const char *text)
{
	static struct port_filter filter;
	int some = 0;

	if (parse_ports(text, &filter))
		return;
	must(filter.active);
	must(!filter_port(&filter, 0));
	for (size_t i = 0; i < sizeof(filter.bitmap); i++)
		some |= filter.bitmap[i];
	must(some);
}

static void try_address(const char *text)
{
	struct address_filter filter;

	if (parse_address(text, &filter))
		return;
	must(filter.prefix <= 128);
	must(filter.port <= 65535);
	/* an address passes its own filter */
	must(filter_address(&filter, filter.address, (__u16)filter.port));
}

static void try_numbers(const char *text)
{
	uint32_t states, pid;
	double seconds;

	if (!parse_states(text, &states))
		must(states && !(states & 1) && states < 1U << TCP_STATES);
	if (!parse_pid(text, &pid))
		must(pid >= 1 && pid <= 4194304);
	if (!parse_seconds(text, &seconds))
		must(isfinite(seconds) && seconds > 0 && seconds <= 1e9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* of the exact size: a read beyond it is seen */

	memcpy(text, data, size);
	text[size] = 0;
	try_ports(text);
	try_address(text);
	try_numbers(text);
	free(text);
	return 0;
}
