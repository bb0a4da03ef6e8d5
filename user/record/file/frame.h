/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames: packing and unpacking, in memory. */
#ifndef TCPLINGER_FRAME_H
#define TCPLINGER_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "record/file/format.h"

/* What packs: room for one frame with its header. */
struct packer {
	void *context;
	unsigned char *bytes;
	size_t size; /* of the last frame that was packed */
};

void packer_init(struct packer *packer);
void packer_free(struct packer *packer);

/* Bytes of a frame with its header, at most. */
size_t frame_size_max(size_t raw);

/*
 * Packs `header->raw` bytes, FRAME_RAW_MAX at most, into `packer->bytes`. What the header says of
 * itself is filled in.
 */
void packer_pack(struct packer *packer, struct frame_header *header, const void *raw);

/* True if these bytes are the header of a frame, as it was written. */
bool frame_header_valid(const struct frame_header *header);

/* True if the bytes behind a header are those that were written. */
bool frame_bytes_valid(const struct frame_header *header, const void *bytes);

/* One frame that has been read; the bytes are its own. */
struct frame {
	struct frame_header header;
	unsigned char *bytes; /* header.size of them, packed */
	struct frame *next;   /* of a queue */
};

void frame_free(struct frame *frame);

/* What unpacks: room for what is in one frame. */
struct unpacker {
	void *context;
	uint64_t *raw; /* aligned, for the records in it */
};

void unpacker_init(struct unpacker *unpacker);
void unpacker_free(struct unpacker *unpacker);

/* Into `unpacker->raw`: header.raw bytes. False if they are not what was packed. */
bool unpacker_unpack(struct unpacker *unpacker, const struct frame *frame);

#endif
