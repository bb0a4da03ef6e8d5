// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The filter that kernel and user space share, beside the plainest words for what it means: a
 * difference is a connection that one half drops and the other waits for.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "filter.h"
#include "fuzz.h"
#include "input.h"

static void take_bytes(struct input *input, uint8_t *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (uint8_t)take(input, 1);
}

/* At most 128 bits of a prefix, as the parser sees to. */
static void take_address(struct input *input, struct address_filter *filter)
{
	take_bytes(input, filter->address, sizeof(filter->address));
	filter->prefix = below(input, 129);
	filter->port = below(input, 4);
}

static void take_ports(struct input *input, struct port_filter *filter)
{
	filter->active = below(input, 2);
	for (unsigned int i = below(input, 8); i; i--) {
		uint16_t port = (uint16_t)take(input, 2);

		filter->bitmap[port / 8] |= (uint8_t)(1U << port % 8);
	}
}

static void take_filter(struct input *input, struct tuple_filter *filter)
{
	memset(filter, 0, sizeof(*filter));
	filter->netns = below(input, 3);
	filter->families = below(input, 4);
	take_address(input, &filter->laddr);
	take_address(input, &filter->raddr);
	take_ports(input, &filter->lport);
	take_ports(input, &filter->rport);
}

static void take_tuple(struct input *input, struct tuple *tuple)
{
	memset(tuple, 0, sizeof(*tuple));
	take_bytes(input, tuple->laddr, sizeof(tuple->laddr));
	take_bytes(input, tuple->raddr, sizeof(tuple->raddr));
	tuple->lport = (uint16_t)take(input, 2);
	tuple->rport = (uint16_t)take(input, 2);
	tuple->family = below(input, 2) ? AF_INET6 : AF_INET;
	tuple->netns = below(input, 3);
}

static bool bit(const uint8_t *address, unsigned int place)
{
	return address[place / 8] >> (7 - place % 8) & 1;
}

/* Bit by bit. */
static bool address_means(const struct address_filter *filter, const uint8_t *address,
			  uint16_t port, bool port_known)
{
	for (unsigned int i = 0; i < filter->prefix; i++)
		if (bit(filter->address, i) != bit(address, i))
			return false;
	return !filter->port || !port_known || filter->port == port;
}

static bool port_means(const struct port_filter *filter, uint16_t port)
{
	return !filter->active || filter->bitmap[port / 8] & 1U << port % 8;
}

static bool filter_means(const struct tuple_filter *filter, const struct tuple *tuple,
			 bool lport_known)
{
	bool v4 = tuple->family == AF_INET;

	return (!filter->netns || filter->netns == tuple->netns) &&
	       (!filter->families || filter->families == 3 || filter->families == (v4 ? 1 : 2)) &&
	       (!lport_known || port_means(&filter->lport, tuple->lport)) &&
	       port_means(&filter->rport, tuple->rport) &&
	       address_means(&filter->laddr, tuple->laddr, tuple->lport, lport_known) &&
	       address_means(&filter->raddr, tuple->raddr, tuple->rport, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tuple_filter filter;
	struct input input = {data, size};
	struct tuple tuple;

	take_filter(&input, &filter);
	take_tuple(&input, &tuple);
	for (int known = 0; known < 2; known++)
		must(!filter_tuple(&filter, &tuple, known) ==
		     !filter_means(&filter, &tuple, known));
	/* what matches in the end matched while its port was not known */
	must(!filter_tuple(&filter, &tuple, 1) || filter_tuple(&filter, &tuple, 0));
	return 0;
}
