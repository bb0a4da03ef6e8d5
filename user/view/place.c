// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/place.h"

#include <string.h>

#include "base/hash.h"
#include "view/rows.h"

struct tuple place_of(const struct tuple *tuple, unsigned int direction)
{
	struct tuple place = *tuple;

	if (direction == DIRECTION_IN) {
		memset(place.raddr, 0, sizeof(place.raddr));
		place.rport = 0;
	} else {
		place.lport = 0;
	}
	place.family = 0;
	return place;
}

uint64_t place_key(uint64_t group, const struct tuple *place)
{
	uint64_t hash = hash_bytes(group, place, sizeof(*place));

	return hash == ROWS_OTHER ? 1 : hash;
}
