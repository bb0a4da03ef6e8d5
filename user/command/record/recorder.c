// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/record/recorder.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "cli/status.h"
#include "model/dump.h"
#include "source/clock.h"

/* So long a record may wait for others; a turn later it is in the file, within a second. */
#define WAITS_NS ((uint64_t)NS_PER_S / 2)

#define STATE_NS  ((uint64_t)(60 * NS_PER_S)) /* then all that is known is written again */
#define FORGET_NS ((uint64_t)NS_PER_S)	      /* old files are looked for so often */

static int open_output(struct recorder *recorder)
{
	const struct options *options = recorder->options;

	if (recording_is_stdout(options) && isatty(STDOUT_FILENO))
		return fail(STATUS_USAGE, "--output -: stdout is a terminal, and a recording is no "
					  "text; a file or a pipe is accepted");
	recorder->fd = recording_file_open(options, &recorder->shelf);
	if (recorder->fd >= 0)
		return STATUS_DONE;
	return fail(STATUS_USAGE, "--output %s: %s%s", options->output, strerror(errno),
		    errno == EEXIST ? "; a file that is not there yet is accepted, or --rotate SIZE"
				    : "");
}

static int make_anonymizer(struct recorder *recorder)
{
	uint8_t key[ANONYMIZE_KEY];

	if (!recorder->options->anonymize)
		return STATUS_DONE;
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return fail(STATUS_FAILED, "--anonymize: no random key: %s", strerror(errno));
	recorder->anonymizer = memory_new(1, sizeof(*recorder->anonymizer));
	anonymizer_init(recorder->anonymizer, key);
	explicit_bzero(key, sizeof(key));
	return STATUS_DONE;
}

int recorder_open(struct recorder *recorder, const struct options *options)
{
	int status;

	*recorder = (struct recorder){.options = options, .fd = -1, .program.gate = -1};
	writer_init(&recorder->writer);
	status = make_anonymizer(recorder);
	return status == STATUS_DONE ? open_output(recorder) : status;
}

static bool is_ours(const struct recorder *recorder)
{
	struct stat stat;

	return recorder->fd >= 0 && !recording_is_stdout(recorder->options) &&
	       fstat(recorder->fd, &stat) == 0 && S_ISREG(stat.st_mode);
}

void recorder_close(struct recorder *recorder)
{
	if (!recorder->begun && is_ours(recorder))
		unlink(recorder->options->output);
	if (recorder->fd >= 0 && !recording_is_stdout(recorder->options))
		close(recorder->fd);
	free(recorder->anonymizer);
	writer_free(&recorder->writer);
}

static void begin(struct recorder *recorder, const struct watch *watch)
{
	struct recording_header header;

	recording_describe(&header, recorder->options, &watch->model.needs);
	if (recorder->anonymizer)
		anonymize_header(recorder->anonymizer, &header);
	writer_begin(&recorder->writer, recorder->fd, &header);
	recorder->begun = true;
}

static const struct record_header *as_written(const struct recorder *recorder,
					      const struct record_header *record)
{
	return recorder->anonymizer ? anonymize_record(recorder->anonymizer, record) : record;
}

static void keep_state(void *context, const struct record_header *record)
{
	struct recorder *recorder = context;

	writer_add_state(&recorder->writer, as_written(recorder, record));
}

/* Whoever begins to read here knows what had come until now. */
static void write_state(struct recorder *recorder, const struct watch *watch, uint64_t time_ns)
{
	struct record_sink sink = {keep_state, recorder};

	model_dump(&watch->model, time_ns, &sink);
	writer_flush(&recorder->writer);
	recorder->state_ns = time_ns;
}

static void next_file(struct recorder *recorder, const struct watch *watch, uint64_t time_ns)
{
	writer_end(&recorder->writer);
	if (recorder->writer.error)
		return;
	recorder->fd = recording_file_next(recorder->fd, recorder->options, &recorder->shelf);
	if (recorder->fd < 0) {
		recorder->writer.error = errno;
		return;
	}
	begin(recorder, watch);
	write_state(recorder, watch, time_ns);
	recorder->state_bytes = recorder->writer.written;
}

/* A file whose beginning takes half of it, or more, is of use only if the stream has as much. */
static bool is_worth_it(const struct recorder *recorder)
{
	return recorder->writer.written >= 2 * recorder->state_bytes;
}

static bool is_full(const struct recorder *recorder, size_t size)
{
	uint64_t most = recorder->options->rotate_bytes;

	return most && writer_size_with(&recorder->writer, size) > most;
}

/* How well what waits will pack is not known: it is written, and then there may be room again. */
static void make_room(struct recorder *recorder, const struct watch *watch,
		      const struct record_header *record)
{
	if (!is_full(recorder, record->size))
		return;
	if (recorder->writer.frames && !is_worth_it(recorder))
		return;
	writer_flush(&recorder->writer);
	if (is_full(recorder, record->size) && recorder->writer.frames && is_worth_it(recorder))
		next_file(recorder, watch, record->time_ns);
}

static void keep(void *self, struct watch *watch, const struct record_header *record)
{
	struct recorder *recorder = self;

	if (!recorder->begun) {
		begin(recorder, watch);
		recorder->state_ns = record->time_ns;
	}
	make_room(recorder, watch, record);
	writer_add(&recorder->writer, as_written(recorder, record));
}

static void ask(void *self, const struct watch *watch, struct questions *questions)
{
	(void)watch;
	adviser_ask(&((struct recorder *)self)->adviser, questions);
}

static void refreshed(void *self, struct watch *watch, uint64_t time_ns)
{
	struct recorder *recorder = self;

	adviser_judge(&recorder->adviser, time_ns);
	if (time_ns - recorder->state_ns >= STATE_NS)
		write_state(recorder, watch, time_ns);
}

/* Whoever reads along sees what happened, however far away the next refresh is. */
static void write_what_waits(struct recorder *recorder, uint64_t now_ns)
{
	if (!writer_waits(&recorder->writer))
		recorder->waits_ns = 0;
	else if (!recorder->waits_ns)
		recorder->waits_ns = now_ns;
	else if (now_ns - recorder->waits_ns >= WAITS_NS)
		writer_flush(&recorder->writer);
}

static void forget(struct recorder *recorder, uint64_t now_ns)
{
	double retain_s = recorder->options->retain_s;
	time_t now = (time_t)(clock_now_ns(CLOCK_REALTIME) / NS_PER_S);

	if (!retain_s || now_ns - recorder->forgotten_ns < FORGET_NS)
		return;
	recorder->forgotten_ns = now_ns;
	if (!shelf_forget(&recorder->shelf, now - (time_t)retain_s))
		recorder->writer.error = errno;
}

static bool turn(void *self, struct watch *watch)
{
	struct recorder *recorder = self;
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);

	(void)watch;
	program_begin(&recorder->program);
	program_look(&recorder->program, false);
	write_what_waits(recorder, now_ns);
	forget(recorder, now_ns);
	return !recorder->writer.error && !recorder->program.over;
}

/* A reader that went away has had enough; a full disk has not. */
static int finish(void *self, struct watch *watch, int status)
{
	struct recorder *recorder = self;

	(void)watch;
	writer_end(&recorder->writer);
	if (!recorder->writer.error || recorder->writer.error == EPIPE)
		return status;
	return fail(STATUS_FAILED, "cannot write %s: %s; until then it can be read",
		    recorder->options->output, strerror(recorder->writer.error));
}

const struct consumer recorder_consumer = {
	.without_stream = "connections that come and go between two refreshes are not recorded",
	.record = keep,
	.ask = ask,
	.refreshed = refreshed,
	.turn = turn,
	.finish = finish,
};
