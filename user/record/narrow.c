// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/narrow.h"

#include <stdbool.h>
#include <string.h>

void filter_nothing(struct tuple_filter *filter)
{
	filter->lport = filter->rport = (struct port_filter){.active = 1};
}

static void narrow_ports(struct port_filter *filter, const struct port_filter *other)
{
	if (!filter->active)
		*filter = *other;
	for (size_t i = 0; other->active && i < sizeof(filter->bitmap); i++)
		filter->bitmap[i] &= other->bitmap[i];
}

/* The longer prefix, if it is within the shorter one. */
static bool narrow_address(struct address_filter *filter, const struct address_filter *other)
{
	bool longer = filter->prefix >= other->prefix;
	const struct address_filter *narrow = longer ? filter : other;
	struct address_filter wide = longer ? *other : *filter;

	wide.port = 0;
	if (filter->port && other->port && filter->port != other->port)
		return false;
	if (!filter_address(&wide, narrow->address, 0))
		return false;
	memmove(filter->address, narrow->address, sizeof(filter->address));
	filter->prefix = narrow->prefix;
	if (!filter->port)
		filter->port = other->port;
	return true;
}

static bool narrow_families(struct tuple_filter *filter, const struct tuple_filter *other)
{
	if (filter->families && other->families && !(filter->families & other->families))
		return false;
	if (filter->families && other->families)
		filter->families &= other->families;
	else
		filter->families |= other->families;
	return true;
}

static bool narrow_netns(struct tuple_filter *filter, const struct tuple_filter *other)
{
	if (filter->netns && other->netns && filter->netns != other->netns)
		return false;
	if (!filter->netns)
		filter->netns = other->netns;
	return true;
}

void filter_narrow(struct tuple_filter *filter, const struct tuple_filter *other)
{
	narrow_ports(&filter->lport, &other->lport);
	narrow_ports(&filter->rport, &other->rport);
	if (!narrow_families(filter, other) || !narrow_netns(filter, other) ||
	    !narrow_address(&filter->laddr, &other->laddr) ||
	    !narrow_address(&filter->raddr, &other->raddr))
		filter_nothing(filter);
}
