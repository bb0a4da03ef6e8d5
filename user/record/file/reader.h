/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads a recording from a file or a pipe, front to back: each byte of it may be hostile, and
 * nothing is handed on that record_decode has not let pass.
 */
#ifndef TCPLINGER_RECORDING_READER_H
#define TCPLINGER_RECORDING_READER_H

#include <signal.h>

#include "record/file/frame.h"

enum recording_opened {
	RECORDING_OPENED,
	RECORDING_ABSENT, /* no such file, or it cannot be read */
	RECORDING_ALIEN,  /* none of ours, or of a version that is newer */
};

/* How far it goes. */
enum recording_end {
	RECORDING_GOES_ON,
	RECORDING_WHOLE,   /* its end frame was read */
	RECORDING_CUT,	   /* it ends without: it grows, or who wrote it was killed */
	RECORDING_DAMAGED, /* what follows cannot be read */
};

struct recording {
	const char *path; /* as the user says; the caller's */
	int fd;
	const volatile sig_atomic_t *stop; /* set by a signal: waits for no more; NULL: none */
	struct recording_header header;
	enum recording_end end; /* of what has been read ahead */
	uint64_t last_ns;	/* the time of the last whole frame, */
	uint64_t refreshed_ns;	/* and of the last that ends a refresh; 0: there was none */
	struct frame *ahead;	/* frames that were read and not yet taken, */
	struct frame *newest;	/* the last of them, */
	unsigned int refreshes; /* and how many of them end a refresh */
	struct unpacker unpacker;
	struct frame *current; /* whose records are handed out */
	uint32_t at;	       /* bytes of these that were */
	uint64_t *record;      /* one that is longer now than when it was written */
};

/* Why a recording cannot be read: one line for the user. */
#define RECORDING_COMPLAINT 512

/*
 * `path` "-": stdin. To be closed whatever comes of it; `complaint`, of RECORDING_COMPLAINT bytes,
 * is set unless it is RECORDING_OPENED.
 */
enum recording_opened recording_open(struct recording *recording, const char *path,
				     const volatile sig_atomic_t *stop, char *complaint);
void recording_close(struct recording *recording);

/*
 * The frame that comes next, NULL at the end of what can be read. Valid until it is taken: then the
 * records are those of it. False if it cannot be unpacked: that is the end.
 */
const struct frame *recording_peek(struct recording *recording);
bool recording_take(struct recording *recording);

/*
 * Drops what need not be read to know what was there at that time: reads on to the first refresh
 * from then on. False if there is none; what is left is of no use then.
 */
bool recording_seek(struct recording *recording, uint64_t time_ns);

/* From its beginning again. False for what cannot be read twice, as a pipe. */
bool recording_rewind(struct recording *recording);

/* Whether a frame after the one that was taken ends a refresh; when, in `time_ns`. */
bool recording_refreshes(struct recording *recording, uint64_t *time_ns);

/*
 * The next record of the frame that was taken; NULL if there is none. Valid until the next one, and
 * the caller's to change. What cannot be a record is the end of what can be read.
 */
struct record_header *recording_next(struct recording *recording);

#endif
