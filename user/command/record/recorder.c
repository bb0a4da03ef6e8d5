// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/status.h"
#include "source/clock.h"

/* So long a record may wait for others; a turn later it is in the file, within a second. */
#define WAITS_NS (NS_PER_S / 2)

static bool is_stdout(const struct recorder *recorder)
{
	return strcmp(recorder->path, "-") == 0;
}

/* What exists already is not ours to write to, unless it is no regular file. */
static int open_file(const char *path)
{
	struct stat stat;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

static int open_output(struct recorder *recorder)
{
	if (is_stdout(recorder) && isatty(STDOUT_FILENO))
		return fail(STATUS_USAGE, "--output -: stdout is a terminal, and a recording is no "
					  "text; a file or a pipe is accepted");
	recorder->fd = is_stdout(recorder) ? STDOUT_FILENO : open_file(recorder->path);
	if (recorder->fd >= 0)
		return STATUS_DONE;
	return fail(STATUS_USAGE, "--output %s: %s%s", recorder->path, strerror(errno),
		    errno == EEXIST ? "; a file that is not there yet is accepted" : "");
}

int recorder_open(struct recorder *recorder, const struct options *options)
{
	*recorder = (struct recorder){.path = options->output};
	writer_init(&recorder->writer);
	return open_output(recorder);
}

static bool is_ours(const struct recorder *recorder)
{
	struct stat stat;

	return recorder->fd >= 0 && !is_stdout(recorder) && fstat(recorder->fd, &stat) == 0 &&
	       S_ISREG(stat.st_mode);
}

void recorder_close(struct recorder *recorder)
{
	if (!recorder->begun && is_ours(recorder))
		unlink(recorder->path);
	if (recorder->fd >= 0 && !is_stdout(recorder))
		close(recorder->fd);
	writer_free(&recorder->writer);
}

static void begin(struct recorder *recorder, const struct watch *watch)
{
	struct recording_header header;

	recording_describe(&header, watch->options, &watch->model.needs);
	writer_begin(&recorder->writer, recorder->fd, &header);
	recorder->begun = true;
}

static void keep(void *self, struct watch *watch, const struct record_header *record)
{
	struct recorder *recorder = self;

	if (!recorder->begun)
		begin(recorder, watch);
	writer_add(&recorder->writer, record);
}

static void ask(void *self, const struct watch *watch, struct questions *questions)
{
	(void)watch;
	adviser_ask(&((struct recorder *)self)->adviser, questions);
}

static void judge(void *self, struct watch *watch, uint64_t time_ns)
{
	(void)watch;
	adviser_judge(&((struct recorder *)self)->adviser, time_ns);
}

/* Whoever reads along sees what happened, however far away the next refresh is. */
static bool turn(void *self, struct watch *watch)
{
	struct recorder *recorder = self;
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);

	(void)watch;
	if (!writer_waits(&recorder->writer))
		recorder->waits_ns = 0;
	else if (!recorder->waits_ns)
		recorder->waits_ns = now_ns;
	else if (now_ns - recorder->waits_ns >= WAITS_NS)
		writer_flush(&recorder->writer);
	return !recorder->writer.error;
}

/* A reader that went away has had enough; a full disk has not. */
static int finish(void *self, struct watch *watch, int status)
{
	struct recorder *recorder = self;

	(void)watch;
	writer_end(&recorder->writer);
	if (!recorder->writer.error || recorder->writer.error == EPIPE)
		return status;
	return fail(STATUS_FAILED, "cannot write %s: %s; until then it can be read", recorder->path,
		    strerror(recorder->writer.error));
}

const struct consumer recorder_consumer = {
	.without_stream = "connections that come and go between two refreshes are not recorded",
	.record = keep,
	.ask = ask,
	.refreshed = judge,
	.turn = turn,
	.finish = finish,
};
