/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who keeps the stream of a watch: a consumer that writes it to a recording. */
#ifndef TCPLINGER_RECORDER_H
#define TCPLINGER_RECORDER_H

#include "command/advise.h"
#include "command/watch.h"
#include "record/file/writer.h"

struct recorder {
	struct recording_writer writer;
	struct adviser adviser; /* asks what `diagnose` would */
	const char *path;	/* "-": stdout; of options.output */
	int fd;
	bool begun;	   /* the header is written */
	uint64_t waits_ns; /* since when a record waits to be written, CLOCK_MONOTONIC; 0: none */
};

/*
 * Makes the file that options.output names, for the caller alone. STATUS_DONE, or STATUS_USAGE
 * after one line.
 */
int recorder_open(struct recorder *recorder, const struct options *options);

/* Without a record there is no file. */
void recorder_close(struct recorder *recorder);

/* Its `self` is the recorder. */
extern const struct consumer recorder_consumer;

/* What a recording of this host, made with these options, says of itself. */
void recording_describe(struct recording_header *header, const struct options *options,
			const struct needs *needs);

#endif
