// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Recordings from hostile bytes. The input's first byte says how the rest is read. Raw: it is the
 * file, as it is. Built: pieces of it become frames with the check sums that are due, so that what
 * is behind these is reached: the header, lengths of records, records, the order of frames.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "input.h"
#include "record/decode.h"
#include "record/file/reader.h"

#define PIECE_MAX 4096

enum mode { MODE_BUILT = 1, MODE_SEEKS = 2, MODE_OTHER_SIZES = 4, MODE_LOOKS_AHEAD = 8 };

static void put(int fd, const void *bytes, size_t size)
{
	must(write(fd, bytes, size) == (ssize_t)size);
}

static void put_frame(int fd, struct packer *packer, struct frame_header *header, const void *raw)
{
	packer_pack(packer, header, raw);
	put(fd, packer->bytes, packer->size);
}

static void put_beginning(int fd, struct packer *packer, struct input *input, unsigned int mode)
{
	static struct recording_header begins;
	struct recording_preamble preamble = {RECORDING_MAGIC, RECORDING_VERSION,
					      RECORDING_BYTE_ORDER};
	struct frame_header header = {.kind = FRAME_HEADER, .raw = sizeof(begins)};

	for (unsigned int type = 0; type < RECORDING_TYPES; type++)
		begins.sizes[type] = (uint16_t)record_size(type);
	if (mode & MODE_OTHER_SIZES)
		begins.sizes[below(input, RECORDING_TYPES)] = (uint16_t)take(input, 2);
	begins.interval_ns = take(input, 4);
	put(fd, &preamble, sizeof(preamble));
	put_frame(fd, packer, &header, &begins);
}

/* A piece that says its own length. Records in it begin as they should more often than not. */
static void put_piece(int fd, struct packer *packer, struct input *input)
{
	static uint64_t raw[PIECE_MAX / 8];
	struct frame_header header = {
		.kind = below(input, FRAME_KINDS + 1),
		.flags = below(input, 3),
		.first_ns = take(input, 2),
		.last_ns = take(input, 2),
	};
	uint8_t type = below(input, RECORD_TYPES + 1);
	struct record_header *record = (void *)raw;
	size_t size = take(input, 1) * 16, length = size < input->size ? size : input->size;

	memset(raw, 0, sizeof(raw));
	memcpy(raw, input->data, length);
	input->data += length;
	input->size -= length;
	if (type < RECORD_TYPES && record_size(type) && record_size(type) <= PIECE_MAX) {
		size = record_size(type);
		record->type = type;
		record->size = (uint16_t)size;
		record->time_ns = header.last_ns;
	}
	header.raw = (uint32_t)size;
	put_frame(fd, packer, &header, raw);
}

static void build(int fd, struct input *input, unsigned int mode)
{
	struct packer packer;

	packer_init(&packer);
	put_beginning(fd, &packer, input, mode);
	while (input->size)
		put_piece(fd, &packer, input);
	packer_free(&packer);
}

static void read_frames(struct recording *recording, unsigned int mode)
{
	const struct record_header *record;
	uint64_t time_ns;

	while (recording_peek(recording)) {
		if (mode & MODE_LOOKS_AHEAD)
			recording_refreshes(recording, &time_ns);
		if (!recording_take(recording))
			break;
		while ((record = recording_next(recording))) {
			must(record->size == record_size(record->type));
			must(record_decode(record, record->size) == record);
		}
	}
	must(recording->end != RECORDING_GOES_ON);
	must(!recording_peek(recording));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	unsigned int mode = (unsigned int)take(&input, 1);
	int fd = memfd_create("recording", MFD_CLOEXEC);
	char path[32], complaint[RECORDING_COMPLAINT];
	struct recording recording;

	if (mode & MODE_BUILT)
		build(fd, &input, mode);
	else
		put(fd, input.data, input.size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (recording_open(&recording, path, NULL, complaint) == RECORDING_OPENED) {
		if (mode & MODE_SEEKS)
			recording_seek(&recording, 1000);
		read_frames(&recording, mode);
	}
	recording_close(&recording);
	close(fd);
	return 0;
}
