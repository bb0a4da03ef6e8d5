// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/file/frame.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/memory.h"

#define LEVEL 1 /* fast: records are mostly zeros, and pack well whatever the level */

static uint32_t checksum(const void *bytes, size_t size)
{
	return (uint32_t)crc32(0, bytes, (unsigned int)size);
}

static uint32_t own_checksum(const struct frame_header *header)
{
	return checksum(header, offsetof(struct frame_header, own));
}

void packer_init(struct packer *packer)
{
	*packer = (struct packer){
		.context = memory_check(ZSTD_createCCtx()),
		.bytes = memory_new(1, sizeof(struct frame_header) + FRAME_SIZE_MAX),
	};
	ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, LEVEL);
}

void packer_free(struct packer *packer)
{
	ZSTD_freeCCtx(packer->context);
	free(packer->bytes);
}

size_t frame_size_max(size_t raw)
{
	return sizeof(struct frame_header) + ZSTD_compressBound(raw);
}

void packer_pack(struct packer *packer, struct frame_header *header, const void *raw)
{
	unsigned char *bytes = packer->bytes + sizeof(*header);

	/* FRAME_SIZE_MAX is more than ZSTD_compressBound says: it cannot fail */
	header->size =
		(uint32_t)ZSTD_compress2(packer->context, bytes, FRAME_SIZE_MAX, raw, header->raw);
	header->magic = FRAME_MAGIC;
	header->checksum = checksum(bytes, header->size);
	header->own = own_checksum(header);
	memcpy(packer->bytes, header, sizeof(*header));
	packer->size = sizeof(*header) + header->size;
}

bool frame_header_valid(const struct frame_header *header)
{
	return header->magic == FRAME_MAGIC && header->own == own_checksum(header) &&
	       header->kind > 0 && header->kind < FRAME_KINDS && header->flags <= FRAME_REFRESH &&
	       header->size <= FRAME_SIZE_MAX && header->raw <= FRAME_RAW_MAX;
}

bool frame_bytes_valid(const struct frame_header *header, const void *bytes)
{
	return header->checksum == checksum(bytes, header->size);
}

void frame_free(struct frame *frame)
{
	if (frame)
		free(frame->bytes);
	free(frame);
}

void unpacker_init(struct unpacker *unpacker)
{
	*unpacker = (struct unpacker){
		.context = memory_check(ZSTD_createDCtx()),
		.raw = memory_new(1, FRAME_RAW_MAX),
	};
}

void unpacker_free(struct unpacker *unpacker)
{
	ZSTD_freeDCtx(unpacker->context);
	free(unpacker->raw);
}

bool unpacker_unpack(struct unpacker *unpacker, const struct frame *frame)
{
	const struct frame_header *header = &frame->header;

	return ZSTD_decompressDCtx(unpacker->context, unpacker->raw, FRAME_RAW_MAX, frame->bytes,
				   header->size) == header->raw;
}
