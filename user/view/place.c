// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/place.h"

#include <string.h>

#include "base/hash.h"
#include "writer/format.h"
#include "view/objects.h"

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

void place_write(struct json *json, const struct row *row, const struct tuple *place,
		 unsigned int direction, const struct common *family)
{
	struct tuple tuple = *place;

	if (row->key == ROWS_OTHER) {
		object_no_tuple(json);
		return;
	}
	tuple.family = family->mixed ? 0 : (uint16_t)family->value;
	object_tuple(json, &tuple, direction == DIRECTION_IN);
}

void text_place(struct output *output, const struct row *row, const struct tuple *place,
		unsigned int direction, size_t columns, const struct text_style *style)
{
	if (row->key == ROWS_OTHER) {
		output_format(output, "   %-*s", (int)columns, "(idle ones, together)");
	} else if (direction == DIRECTION_IN) {
		output_string(output, "at ");
		text_endpoint(output, place->laddr, place->lport, columns, style);
	} else {
		output_string(output, "to ");
		text_endpoint(output, place->raddr, place->rport, columns, style);
	}
}

void say_place(struct sentence *sentence, const struct tuple *place, unsigned int direction)
{
	bool in = direction == DIRECTION_IN;
	char text[FORMAT_ENDPOINT];

	format_endpoint(text, in ? place->laddr : place->raddr, in ? place->lport : place->rport);
	say(sentence, "%s %s", in ? "accepted at" : "made to", text);
}
