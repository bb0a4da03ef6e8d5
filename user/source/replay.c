// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/replay.h"

#include "base/memory.h"
#include "record/file/reader.h"

struct replay {
	const struct source_config *config;
	struct recording *recording;
	uint64_t until_ns; /* what comes later is not told; UINT64_MAX: all is */
	uint64_t from_ns;  /* refreshes before are not told */
	uint64_t every;	   /* so many refreshes make one */
	uint64_t refreshes;
	bool begun;
	bool last; /* the last refresh has been told */
	bool over;
};

/* The nearest multiple, but no more often than it was recorded. */
static uint64_t every(const struct source_config *config)
{
	uint64_t recorded_ns = config->recording->header.interval_ns;
	uint64_t times = recorded_ns ? (config->interval_ns + recorded_ns / 2) / recorded_ns : 1;

	return times ? times : 1;
}

void *replay_open(const struct source_config *config)
{
	struct replay *replay = memory_new(1, sizeof(*replay));

	*replay = (struct replay){
		.config = config,
		.recording = config->recording,
		.until_ns = UINT64_MAX,
		.every = every(config),
	};
	return replay;
}

/* What had come before, where this file is not the first: the others are for those who seek. */
static bool is_told(const struct replay *replay, const struct frame *frame)
{
	return frame->header.kind == FRAME_RECORDS || !replay->begun;
}

/* The next frame that is told of, taken. False at the end. */
static bool take_frame(struct replay *replay)
{
	const struct frame *frame;

	while ((frame = recording_peek(replay->recording))) {
		bool told = is_told(replay, frame);

		if (replay->last && frame->header.first_ns > replay->until_ns)
			return false;
		if (!replay->begun && replay->config->duration_ns)
			replay->until_ns = frame->header.first_ns + replay->config->duration_ns;
		replay->begun = replay->begun || frame->header.kind == FRAME_RECORDS;
		if (!recording_take(replay->recording))
			return false;
		if (told)
			return true;
	}
	return false;
}

/* Whether none comes after the one that is about to be told. */
static bool is_last(const struct replay *replay, bool last)
{
	uint64_t next_ns;

	return last || !recording_refreshes(replay->recording, &next_ns) ||
	       next_ns > replay->until_ns;
}

/* True if it was told. */
static bool tell_refresh(struct replay *replay, struct record_header *record, bool last)
{
	struct record_refresh *refresh = (void *)record;

	if (record->time_ns < replay->config->at_ns || record->time_ns < replay->from_ns)
		return false;
	refresh->last = replay->config->at_ns || is_last(replay, last);
	if (replay->refreshes++ % replay->every && !refresh->last)
		return false;
	replay->last = refresh->last;
	sink_record(&replay->config->sink, record);
	return true;
}

/* The records of the frame that was taken. True if they ended with a refresh that was told. */
static bool tell_frame(struct replay *replay, bool last)
{
	struct record_header *record;
	bool told = false;

	while ((record = recording_next(replay->recording))) {
		if (record->type == RECORD_REFRESH)
			told = !replay->last && tell_refresh(replay, record, last);
		else if (!replay->last || record->time_ns <= replay->until_ns)
			sink_record(&replay->config->sink, record);
	}
	return told;
}

static bool begin(void *self, struct refusal *refusal)
{
	(void)self;
	(void)refusal;
	return true;
}

/* Until the next refresh, or, after the last one, until the end. */
static bool refresh(void *self, bool last, struct refusal *refusal)
{
	struct replay *replay = self;

	(void)refusal;
	while (!replay->over) {
		if (!take_frame(replay))
			replay->over = true;
		else if (tell_frame(replay, last))
			break;
	}
	return true;
}

static void forget_progress(struct replay *replay)
{
	replay->from_ns = replay->refreshes = 0;
	replay->begun = replay->last = replay->over = false;
}

static bool seek(void *self, uint64_t time_ns)
{
	struct replay *replay = self;

	forget_progress(replay);
	if (recording_rewind(replay->recording) && recording_seek(replay->recording, time_ns)) {
		replay->from_ns = time_ns;
		return true;
	}
	recording_rewind(replay->recording);
	return false;
}

static bool over(const void *self)
{
	return ((const struct replay *)self)->over;
}

/* The answers are in the stream, as far as anybody asked. */
static void answer(void *self, const struct question *question)
{
	(void)self;
	(void)question;
}

static size_t unseen(const void *self)
{
	(void)self;
	return 0;
}

/* The stream says it. */
static uint32_t lacks(const void *self)
{
	(void)self;
	return 0;
}

static void close_self(void *self)
{
	free(self);
}

const struct source_kind replay_kind = {
	.begin = begin,
	.refresh = refresh,
	.seek = seek,
	.over = over,
	.answer = answer,
	.unseen = unseen,
	.lacks = lacks,
	.close = close_self,
	.privileges = SOURCE_RECORDING,
};
