/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who keeps the stream of a watch: a consumer that writes it to a recording. */
#ifndef TCPLINGER_RECORDER_H
#define TCPLINGER_RECORDER_H

#include "command/advise.h"
#include "command/record/program.h"
#include "command/record/shelf.h"
#include "command/watch.h"
#include "record/file/anonymize.h"
#include "record/file/writer.h"

struct recorder {
	const struct options *options;
	struct recording_writer writer;
	struct anonymizer *anonymizer; /* NULL: what is written is what was seen */
	struct adviser adviser;	       /* asks what `diagnose` would */
	struct program program;
	struct shelf shelf; /* of --rotate */
	int fd;
	bool begun;	   /* the header is written */
	uint64_t waits_ns; /* since when a record waits to be written, CLOCK_MONOTONIC; 0: none */
	uint64_t state_ns; /* when all that had come was written last, of the stream */
	uint64_t state_bytes;  /* that the current file begins with */
	uint64_t forgotten_ns; /* when old files were looked for last, CLOCK_MONOTONIC */
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

/* The file of a recording: made, and, of --rotate, the next one in its place. -1 with errno. */
int recording_file_open(const struct options *options, struct shelf *shelf);
int recording_file_next(int fd, const struct options *options, struct shelf *shelf);
bool recording_is_stdout(const struct options *options);

/* What a recording of this host, made with these options, says of itself. */
void recording_describe(struct recording_header *header, const struct options *options,
			const struct needs *needs);

#endif
