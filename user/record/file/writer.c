// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/file/writer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "record/decode.h"

void writer_init(struct recording_writer *writer)
{
	*writer = (struct recording_writer){
		.raw = memory_new(1, FRAME_RAW_MAX),
		.fd = -1,
	};
	packer_init(&writer->packer);
}

void writer_free(struct recording_writer *writer)
{
	packer_free(&writer->packer);
	free(writer->raw);
}

/* A descriptor that does not block is waited for. */
static ssize_t write_some(int fd, const unsigned char *bytes, size_t size)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};
	ssize_t n = write(fd, bytes, size);

	if (n >= 0 || (errno != EINTR && errno != EAGAIN))
		return n;
	if (errno == EAGAIN)
		poll(&writable, 1, -1);
	return 0;
}

static void put(struct recording_writer *writer, const void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size && !writer->error) {
		ssize_t n =
			write_some(writer->fd, (const unsigned char *)bytes + done, size - done);

		if (n < 0)
			writer->error = errno;
		else
			done += (size_t)n;
	}
	writer->written += done;
}

static void put_frame(struct recording_writer *writer, struct frame_header *header, const void *raw)
{
	packer_pack(&writer->packer, header, raw);
	put(writer, writer->packer.bytes, writer->packer.size);
}

void writer_begin(struct recording_writer *writer, int fd, const struct recording_header *header)
{
	struct recording_preamble preamble = {
		.magic = RECORDING_MAGIC,
		.version = RECORDING_VERSION,
		.byte_order = RECORDING_BYTE_ORDER,
	};
	struct frame_header frame = {.kind = FRAME_HEADER, .raw = sizeof(*header)};
	struct recording_header begins = *header;

	for (unsigned int type = 0; type < RECORD_TYPES; type++)
		begins.sizes[type] = (uint16_t)record_size(type);
	writer->fd = fd;
	writer->written = writer->frames = 0;
	writer->error = 0;
	put(writer, &preamble, sizeof(preamble));
	put_frame(writer, &frame, &begins);
}

void writer_flush(struct recording_writer *writer)
{
	if (writer->header.raw)
		put_frame(writer, &writer->header, writer->raw);
	writer->frames += writer->header.kind == FRAME_RECORDS;
	writer->header = (struct frame_header){0};
}

static void gather(struct recording_writer *writer, enum frame_kind kind,
		   const struct record_header *record)
{
	struct frame_header *header = &writer->header;

	if (header->kind != kind)
		writer_flush(writer);
	if (!header->raw)
		header->first_ns = record->time_ns;
	header->kind = kind;
	header->last_ns = record->time_ns;
	memcpy(writer->raw + header->raw, record, record->size);
	header->raw += record->size;
	if (header->raw >= FRAME_RAW)
		writer_flush(writer);
}

void writer_add(struct recording_writer *writer, const struct record_header *record)
{
	bool refresh = record->type == RECORD_REFRESH;

	/* what is to be flagged must not have been written by then */
	if (refresh && writer->header.raw + record->size >= FRAME_RAW)
		writer_flush(writer);
	gather(writer, FRAME_RECORDS, record);
	if (!refresh)
		return;
	writer->header.flags = FRAME_REFRESH;
	writer_flush(writer);
}

void writer_add_state(struct recording_writer *writer, const struct record_header *record)
{
	gather(writer, FRAME_STATE, record);
}

uint64_t writer_size_with(const struct recording_writer *writer, size_t size)
{
	return writer->written + frame_size_max(writer->header.raw + size) + frame_size_max(0);
}

void writer_end(struct recording_writer *writer)
{
	struct frame_header end = {.kind = FRAME_END};

	writer_flush(writer);
	put_frame(writer, &end, writer->raw);
}
