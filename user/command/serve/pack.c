// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/pack.h"

#include <zlib.h>

#include "base/memory.h"

#define GZIP_WINDOW (15 + 16) /* the largest window, with gzip's header (zlib.h, deflateInit2) */
#define MEMORY	    8

/* Fast, not small: a scrape goes to a machine nearby. */
void pack(struct output *output)
{
	z_stream stream = {0};
	size_t room;
	char *packed;

	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		memory_check(NULL);
	room = deflateBound(&stream, output->length);
	packed = memory_new(room, 1);
	stream.next_in = (unsigned char *)output->text;
	stream.avail_in = (unsigned int)output->length;
	stream.next_out = (unsigned char *)packed;
	stream.avail_out = (unsigned int)room;
	deflate(&stream, Z_FINISH);
	free(output->text);
	output->text = packed;
	output->length = stream.total_out;
	output->capacity = room;
	deflateEnd(&stream);
}
