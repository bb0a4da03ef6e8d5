/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes a recording to a descriptor. */
#ifndef TCPLINGER_RECORDING_WRITER_H
#define TCPLINGER_RECORDING_WRITER_H

#include "record/file/frame.h"

struct recording_writer {
	struct packer packer;
	unsigned char *raw; /* records that wait to be written */
	struct frame_header header;
	int fd;
	uint64_t written; /* bytes of the file, */
	uint64_t frames;  /* and how many of them hold records of the stream */
	int error;	  /* errno of the write that failed; nothing is written after it */
};

void writer_init(struct recording_writer *writer);
void writer_free(struct recording_writer *writer);

/* Begins a recording in `fd`, which stays the caller's. What of `header` the format says is set. */
void writer_begin(struct recording_writer *writer, int fd, const struct recording_header *header);

/* One record of the stream; a refresh is written at once, others as they fill a frame. */
void writer_add(struct recording_writer *writer, const struct record_header *record);

/* One record of what had come until here; writer_flush ends that. */
void writer_add_state(struct recording_writer *writer, const struct record_header *record);

/* True if a record waits for others. */
static inline bool writer_waits(const struct recording_writer *writer)
{
	return writer->header.raw;
}

/* Bytes that the file has at most, once a record of `size` bytes is written and it is ended. */
uint64_t writer_size_with(const struct recording_writer *writer, size_t size);

/* Writes what waits. */
void writer_flush(struct recording_writer *writer);

/* Ends the recording. */
void writer_end(struct recording_writer *writer);

#endif
