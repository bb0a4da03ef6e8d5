// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/file/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "record/decode.h"

#define RECORD_SIZE_MAX UINT16_MAX

/* As many bytes as there are, `size` at most. */
static size_t read_all(const struct recording *recording, void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(recording->fd, (unsigned char *)bytes + done, size - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR || (recording->stop && *recording->stop))
			break;
	}
	return done;
}

static enum recording_end read_into(struct recording *recording, struct frame *frame)
{
	struct frame_header *header = &frame->header;

	if (read_all(recording, header, sizeof(*header)) != sizeof(*header))
		return RECORDING_CUT;
	if (!frame_header_valid(header))
		return RECORDING_DAMAGED;
	frame->bytes = memory_new(1, header->size + 1);
	if (read_all(recording, frame->bytes, header->size) != header->size)
		return RECORDING_CUT;
	return frame_bytes_valid(header, frame->bytes) ? RECORDING_GOES_ON : RECORDING_DAMAGED;
}

/* The next frame of the file, or NULL, with the reason in `recording->end`. */
static struct frame *read_frame(struct recording *recording)
{
	struct frame *frame = memory_new(1, sizeof(*frame));

	recording->end = read_into(recording, frame);
	if (recording->end == RECORDING_GOES_ON)
		return frame;
	frame_free(frame);
	return NULL;
}

static enum recording_opened complain(enum recording_opened opened, char *complaint,
				      const char *path, const char *why)
{
	snprintf(complaint, RECORDING_COMPLAINT, "%s: %s", path, why);
	return opened;
}

static enum recording_opened open_file(struct recording *recording, char *complaint)
{
	struct stat stat;

	if (strcmp(recording->path, "-") == 0)
		recording->fd = dup(STDIN_FILENO);
	else
		recording->fd = open(recording->path, O_RDONLY | O_CLOEXEC);
	if (recording->fd < 0)
		return complain(RECORDING_ABSENT, complaint, recording->path, strerror(errno));
	if (fstat(recording->fd, &stat) == 0 && S_ISDIR(stat.st_mode))
		return complain(RECORDING_ABSENT, complaint, recording->path,
				"a folder; a recording is a file");
	return RECORDING_OPENED;
}

static const char *check_preamble(struct recording *recording)
{
	struct recording_preamble preamble = {0};

	if (read_all(recording, &preamble, sizeof(preamble)) != sizeof(preamble) ||
	    memcmp(preamble.magic, RECORDING_MAGIC, sizeof(preamble.magic)) != 0)
		return "no recording of tcplinger's (tcplinger record -o FILE makes one)";
	if (preamble.byte_order == __builtin_bswap32(RECORDING_BYTE_ORDER))
		return "a recording of a machine of the other byte order, which cannot be read "
		       "here";
	if (preamble.byte_order != RECORDING_BYTE_ORDER || !preamble.version)
		return "a recording whose beginning is damaged";
	if (preamble.version > RECORDING_VERSION)
		return "a recording of a newer format than this tcplinger reads";
	return NULL;
}

/* Records may have grown since, and types may have been added, but not the other way round. */
static const char *check_sizes(const struct recording_header *header)
{
	for (unsigned int type = 0; type < RECORDING_TYPES; type++) {
		size_t size = header->sizes[type];

		if (size > record_size(type))
			return "a recording of a newer format than this tcplinger reads";
		if (size && (size < sizeof(struct record_header) || size % sizeof(uint64_t)))
			return "a recording whose beginning is damaged";
	}
	return NULL;
}

static void end_texts(struct recording_header *header)
{
	header->boot_id[sizeof(header->boot_id) - 1] = 0;
	header->host[sizeof(header->host) - 1] = 0;
	header->kernel[sizeof(header->kernel) - 1] = 0;
	header->machine[sizeof(header->machine) - 1] = 0;
	header->version[sizeof(header->version) - 1] = 0;
	header->comm[sizeof(header->comm) - 1] = 0;
	header->cgroup[sizeof(header->cgroup) - 1] = 0;
}

static const char *take_header(struct recording *recording, const struct frame *frame)
{
	struct recording_header *header = &recording->header;
	uint32_t size = frame->header.raw;

	if (frame->header.kind != FRAME_HEADER || size < sizeof(header->sizes) ||
	    !unpacker_unpack(&recording->unpacker, frame))
		return "a recording whose beginning is damaged";
	if (size > sizeof(*header))
		return "a recording of a newer format than this tcplinger reads";
	memcpy(header, recording->unpacker.raw, size);
	end_texts(header);
	return check_sizes(header);
}

static const char *read_header(struct recording *recording)
{
	struct frame *frame = read_frame(recording);
	const char *why = "a recording whose beginning is damaged";

	if (frame)
		why = take_header(recording, frame);
	frame_free(frame);
	return why;
}

enum recording_opened recording_open(struct recording *recording, const char *path,
				     const volatile sig_atomic_t *stop, char *complaint)
{
	enum recording_opened opened;
	const char *why;

	*recording = (struct recording){
		.path = path,
		.stop = stop,
		.record = memory_new(1, RECORD_SIZE_MAX),
	};
	unpacker_init(&recording->unpacker);
	opened = open_file(recording, complaint);
	if (opened != RECORDING_OPENED)
		return opened;
	why = check_preamble(recording);
	if (!why)
		why = read_header(recording);
	return why ? complain(RECORDING_ALIEN, complaint, path, why) : RECORDING_OPENED;
}

static void append(struct recording *recording, struct frame *frame)
{
	if (recording->ahead)
		recording->newest->next = frame;
	else
		recording->ahead = frame;
	recording->newest = frame;
}

static void drop_ahead(struct recording *recording)
{
	while (recording->ahead) {
		struct frame *next = recording->ahead->next;

		frame_free(recording->ahead);
		recording->ahead = next;
	}
	recording->refreshes = 0;
}

void recording_close(struct recording *recording)
{
	drop_ahead(recording);
	frame_free(recording->current);
	unpacker_free(&recording->unpacker);
	free(recording->record);
	if (recording->fd >= 0)
		close(recording->fd);
	*recording = (struct recording){.fd = -1};
}

/* False at the end: no more can be read ahead. */
static bool read_ahead(struct recording *recording)
{
	struct frame *frame = NULL;

	if (recording->end == RECORDING_GOES_ON)
		frame = read_frame(recording);
	if (!frame)
		return false;
	if (frame->header.kind == FRAME_END || frame->header.kind == FRAME_HEADER) {
		recording->end =
			frame->header.kind == FRAME_END ? RECORDING_WHOLE : RECORDING_DAMAGED;
		frame_free(frame);
		return false;
	}
	recording->last_ns = frame->header.last_ns;
	recording->refreshes += frame->header.flags & FRAME_REFRESH;
	if (frame->header.flags & FRAME_REFRESH)
		recording->refreshed_ns = frame->header.last_ns;
	append(recording, frame);
	return true;
}

const struct frame *recording_peek(struct recording *recording)
{
	if (!recording->ahead)
		read_ahead(recording);
	return recording->ahead;
}

/* Nothing after it is handed out. */
static void damage(struct recording *recording)
{
	drop_ahead(recording);
	recording->end = RECORDING_DAMAGED;
	if (recording->current)
		recording->at = recording->current->header.raw;
}

bool recording_take(struct recording *recording)
{
	struct frame *frame = recording->ahead;

	frame_free(recording->current);
	recording->current = frame;
	recording->at = 0;
	recording->ahead = frame->next;
	recording->refreshes -= frame->header.flags & FRAME_REFRESH;
	if (unpacker_unpack(&recording->unpacker, frame))
		return true;
	damage(recording);
	return false;
}

/* What comes before it. */
static void drop_until(struct recording *recording, const struct frame *frame)
{
	while (recording->ahead != frame) {
		struct frame *next = recording->ahead->next;

		recording->refreshes -= recording->ahead->header.flags & FRAME_REFRESH;
		frame_free(recording->ahead);
		recording->ahead = next;
	}
}

/* Whether that frame, the newest, ends the refresh that is looked for. */
static bool reaches(struct recording *recording, enum frame_kind before, uint64_t time_ns)
{
	const struct frame *frame = recording->newest;
	const struct frame_header *header = &frame->header;

	if (header->kind == FRAME_STATE && before != FRAME_STATE && header->first_ns <= time_ns)
		drop_until(recording, frame);
	return header->flags & FRAME_REFRESH && header->last_ns >= time_ns;
}

bool recording_seek(struct recording *recording, uint64_t time_ns)
{
	enum frame_kind before = FRAME_RECORDS;

	if (!recording_peek(recording))
		return false;
	while (!reaches(recording, before, time_ns)) {
		before = recording->newest->header.kind;
		if (!read_ahead(recording))
			return false;
	}
	return true;
}

bool recording_rewind(struct recording *recording)
{
	struct recording_header header = recording->header;

	if (lseek(recording->fd, 0, SEEK_SET) != 0)
		return false;
	drop_ahead(recording);
	frame_free(recording->current);
	recording->current = NULL;
	recording->newest = NULL;
	recording->end = RECORDING_GOES_ON;
	if (check_preamble(recording) || read_header(recording)) {
		recording->header = header;
		recording->end = RECORDING_DAMAGED;
	}
	return true;
}

bool recording_refreshes(struct recording *recording, uint64_t *time_ns)
{
	const struct frame *frame;

	while (!recording->refreshes)
		if (!read_ahead(recording))
			return false;
	for (frame = recording->ahead; !(frame->header.flags & FRAME_REFRESH);)
		frame = frame->next;
	*time_ns = frame->header.last_ns;
	return true;
}

static bool is_as_long_as_said(const struct recording *recording,
			       const struct record_header *written)
{
	uint16_t size = recording->header.sizes[written->type];

	return written->size == size ||
	       (record_varies(written->type) && written->size < size &&
		written->size >= sizeof(*written) && !(written->size % sizeof(uint64_t)));
}

/* As it was written: within the frame, and as long as its type was then. */
static const struct record_header *next_written(const struct recording *recording)
{
	const struct frame_header *frame = &recording->current->header;
	uint32_t left = frame->raw - recording->at;
	const struct record_header *written =
		(const void *)((unsigned char *)recording->unpacker.raw + recording->at);

	if (left < sizeof(*written) || !written->type || written->type >= RECORDING_TYPES ||
	    !is_as_long_as_said(recording, written) || written->size > left || !written->size)
		return NULL;
	return written;
}

/* What its type has now and had not then is 0. */
static struct record_header *lengthen(struct recording *recording,
				      const struct record_header *written)
{
	struct record_header *record = (void *)recording->record;
	size_t size = record_varies(written->type) ? written->size : record_size(written->type);

	memcpy(record, written, written->size);
	memset((unsigned char *)record + written->size, 0, size - written->size);
	record->size = (uint16_t)size;
	return record;
}

/* Only the last record of a frame that says so ends a refresh. */
static bool ends_refresh_as_said(const struct recording *recording,
				 const struct record_header *record)
{
	const struct frame_header *frame = &recording->current->header;
	bool last = recording->at == frame->raw && frame->flags & FRAME_REFRESH;

	return last ? record->type == RECORD_REFRESH && record->time_ns == frame->last_ns
		    : record->type != RECORD_REFRESH;
}

struct record_header *recording_next(struct recording *recording)
{
	const struct record_header *written;
	struct record_header *record;

	if (!recording->current || recording->at == recording->current->header.raw)
		return NULL;
	written = next_written(recording);
	if (written) {
		recording->at += written->size;
		record = lengthen(recording, written);
		if (record_decode(record, record->size) && ends_refresh_as_said(recording, record))
			return record;
	}
	damage(recording);
	return NULL;
}
