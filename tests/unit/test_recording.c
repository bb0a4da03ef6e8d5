// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A stream that is fed to the views and to the writer: what each view shows of it is what it shows
 * of the recording, byte for byte.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "command/record/recorder.h"
#include "records.h"
#include "record_list.h"
#include "stage.h"
#include "source/replay.h"
#include "traffic.h"
#include "unit.h"
#include "view/timewait/timewait.h"
#include "view/trace/trace.h"
#include "view/views.h"

#define SEEDS 30
#define VIEWS (ALL_VIEWS + 1)

/* A recording in memory, and by what name it can be opened. */
struct file {
	int fd;
	char path[32];
};

static void make_file(struct file *file)
{
	file->fd = memfd_create("recording", MFD_CLOEXEC);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

static const struct view *const *every_view(void)
{
	static const struct view *views[VIEWS];

	memcpy(views, all_views, sizeof(all_views));
	views[ALL_VIEWS] = &trace_view;
	return views;
}

/* What is shown and written. */
struct tee {
	struct stage stage;
	struct recording_writer writer;
};

static void on_record(void *context, const struct record_header *record)
{
	struct tee *tee = context;

	writer_add(&tee->writer, record);
	stage_record(&tee->stage, record);
}

static void ask(void *context, struct questions *questions)
{
	stage_ask(&((struct tee *)context)->stage, questions);
}

static void record(const struct record_list *list, const struct options *options, struct file *file,
		   char **texts)
{
	struct tee *tee = calloc(1, sizeof(*tee));
	struct source_config config = {.sink = {on_record, tee}, .ask = ask, .context = tee};
	struct recording_header header;

	stage_begin(&tee->stage, options, every_view(), VIEWS);
	config.needs = tee->stage.watch.model.needs;
	config.filter = &tee->stage.watch.filter;
	recording_describe(&header, options, &config.needs);
	writer_init(&tee->writer);
	make_file(file);
	writer_begin(&tee->writer, file->fd, &header);
	list_play(list, &config);
	writer_end(&tee->writer);
	assert_int_equal(tee->writer.error, 0);
	writer_free(&tee->writer);
	stage_end(&tee->stage, texts);
	free(tee);
}

/* One view of a recording, as a command of one view shows it; how the recording ended. */
static enum recording_end replay(const char *path, const struct options *options,
				 const struct view *view, char **text)
{
	struct options read = *options;
	struct stage *stage = calloc(1, sizeof(*stage));
	struct source_config config = {.sink = {stage_record, stage}, .interval_ns = SECOND};
	enum recording_end end;
	struct refusal refusal;
	void *source;

	read.input = path;
	stage_begin(stage, &read, &view, 1);
	assert_int_equal(stage->watch.input.status, 0);
	config.recording = &stage->watch.input.recording;
	config.duration_ns = (uint64_t)(options->duration_s * SECOND);
	if (options->interval_s > 1)
		config.interval_ns = (uint64_t)(options->interval_s * SECOND);
	source = replay_open(&config);
	while (!replay_kind.over(source))
		assert_true(replay_kind.refresh(source, false, &refusal));
	replay_kind.close(source);
	end = config.recording->end;
	stage_end(stage, text);
	free(stage);
	return end;
}

static void check_seed(const struct options *options, uint64_t seed)
{
	struct record_list list;
	struct file file;
	char *texts[VIEWS], *again;

	traffic_make(&list, seed);
	record(&list, options, &file, texts);
	record_list_free(&list);
	for (size_t i = 0; i < VIEWS; i++) {
		const struct view *view = every_view()[i];

		assert_int_equal(replay(file.path, options, view, &again), RECORDING_WHOLE);
		check_same(view->name, seed, texts[i], again);
		free(texts[i]);
		free(again);
	}
	close(file.fd);
}

static void test_every_view_shows_the_same(void **state)
{
	static const struct options shows[] = {
		{.json = true, .age_s = 0.5, .interval_s = 1},
		{.age_s = 0.5, .interval_s = 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(shows); i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			check_seed(&shows[i], seed);
}

/* What is asked for by `record` is asked for by who reads it again, unless that asks for less. */
static void test_filters_are_kept(void **state)
{
	static struct options options = {.json = true, .interval_s = 1, .tuples.rport.active = 1};
	static struct options processes = {
		.json = true, .interval_s = 1, .processes.pid = TRAFFIC_PID};

	(void)state;
	options.tuples.rport.bitmap[TRAFFIC_PORT / 8] = 1 << TRAFFIC_PORT % 8;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		check_seed(&options, seed);
		check_seed(&processes, seed);
	}
}

/* The times of the `refresh` objects in the JSON of a view. */
static size_t times_of(const char *text, const char **times)
{
	static const char key[] = "{\"type\":\"refresh\",\"time\":\"";
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, key)); at += sizeof(key))
		times[count++] = at + sizeof(key) - 1;
	return count;
}

static bool same_time(const char *time, const char *other)
{
	return strncmp(time, other, strcspn(time, "\"")) == 0;
}

#define TIMES 64

struct shows {
	char *text;
	const char *times[TIMES];
	size_t count;
};

static void show(struct shows *shows, const struct file *file, const struct options *options)
{
	replay(file->path, options, &timewait_view, &shows->text);
	shows->count = times_of(shows->text, shows->times);
}

/* A recording whose interval is a second. */
static void record_some(struct file *file)
{
	static const struct options options = {.json = true, .interval_s = 1};
	struct record_list list;
	char *texts[VIEWS];

	traffic_make(&list, 1);
	record(&list, &options, file, texts);
	record_list_free(&list);
	for (size_t i = 0; i < VIEWS; i++)
		free(texts[i]);
}

static void test_every_nth_refresh(void **state)
{
	static const struct options all = {.json = true, .interval_s = 1};
	static const struct options third = {.json = true, .interval_s = 3};
	static const struct options finer = {.json = true, .interval_s = 0.1};
	struct shows every = {0}, some = {0}, more = {0};
	struct file file;

	(void)state;
	record_some(&file);
	show(&every, &file, &all);
	show(&some, &file, &third);
	show(&more, &file, &finer);
	assert_true(every.count > 6);
	assert_int_equal(more.count, every.count);
	for (size_t i = 0; 3 * i < every.count; i++)
		assert_true(same_time(some.times[i], every.times[3 * i]));
	assert_true(same_time(some.times[some.count - 1], every.times[every.count - 1]));
	assert_int_equal(some.count, (every.count + 2) / 3 + ((every.count - 1) % 3 != 0));
	free(every.text);
	free(some.text);
	free(more.text);
	close(file.fd);
}

/* The first `size` bytes of a file, one of them changed by `change`. */
static void copy_file(const struct file *file, struct file *copy, size_t size, size_t at,
		      uint8_t change)
{
	uint8_t *bytes = calloc(1, size + 1);

	make_file(copy);
	assert_int_equal(pread(file->fd, bytes, size, 0), (ssize_t)size);
	bytes[at] ^= change;
	assert_int_equal(write(copy->fd, bytes, size), (ssize_t)size);
	free(bytes);
}

static size_t size_of(const struct file *file)
{
	return (size_t)lseek(file->fd, 0, SEEK_END);
}

/* How a copy ends; what is read of it is the beginning of what was written. */
static enum recording_end read_copy(const struct file *copy, const char *whole)
{
	static const struct options options = {.json = true, .interval_s = 1};
	struct recording recording;
	char complaint[RECORDING_COMPLAINT], *text;
	enum recording_end end;

	if (recording_open(&recording, copy->path, NULL, complaint) != RECORDING_OPENED) {
		recording_close(&recording);
		return RECORDING_GOES_ON;
	}
	recording_close(&recording);
	end = replay(copy->path, &options, &trace_view, &text);
	assert_memory_equal(text, whole, strlen(text));
	free(text);
	return end;
}

static void test_what_is_read_of_a_cut_file_is_its_beginning(void **state)
{
	static const struct options options = {.json = true, .interval_s = 1};
	struct file file, copy;
	uint64_t seed = 5;
	char *whole;

	(void)state;
	record_some(&file);
	replay(file.path, &options, &trace_view, &whole);
	for (unsigned int i = 0; i < 1000; i++) {
		copy_file(&file, &copy, random_next(&seed) % size_of(&file), 0, 0);
		assert_int_not_equal(read_copy(&copy, whole), RECORDING_DAMAGED);
		close(copy.fd);
	}
	free(whole);
	close(file.fd);
}

/* Each bit is under a check sum; what is before the frame that it is of is read. */
static void test_no_change_goes_unseen(void **state)
{
	static const struct options options = {.json = true, .interval_s = 1};
	struct file file, copy;
	uint64_t seed = 6;
	char *whole;

	(void)state;
	record_some(&file);
	replay(file.path, &options, &trace_view, &whole);
	for (unsigned int i = 0; i < 300; i++) {
		uint64_t random = random_next(&seed);

		copy_file(&file, &copy, size_of(&file), random % size_of(&file),
			  (uint8_t)(1 << (random >> 40) % 8));
		assert_int_not_equal(read_copy(&copy, whole), RECORDING_WHOLE);
		close(copy.fd);
	}
	free(whole);
	close(file.fd);
}

static void put(const struct file *file, const void *bytes, size_t size)
{
	assert_int_equal(write(file->fd, bytes, size), (ssize_t)size);
}

static void put_frame(const struct file *file, struct frame_header *header, const void *raw)
{
	struct packer packer;

	packer_init(&packer);
	packer_pack(&packer, header, raw);
	put(file, packer.bytes, packer.size);
	packer_free(&packer);
}

/* A file of a tcplinger whose records of refreshes had `size` bytes: one such record. */
static void write_sized(struct file *file, uint16_t size)
{
	struct recording_preamble preamble = {RECORDING_MAGIC, 1, RECORDING_BYTE_ORDER};
	struct frame_header first = {.kind = FRAME_HEADER};
	struct frame_header second = {
		.kind = FRAME_RECORDS, .flags = FRAME_REFRESH, .raw = size, .last_ns = 7};
	struct recording_header header = {0};
	uint8_t raw[sizeof(struct record_refresh) + 64] = {0};
	struct record_refresh refresh = {
		.header = {RECORD_REFRESH, size, 0, 7}, .monotonic_offset_ns = 5, .last = 1};

	first.raw = offsetof(struct recording_header, interval_ns); /* it was shorter, too */
	header.sizes[RECORD_REFRESH] = size;
	memcpy(raw, &refresh, sizeof(refresh));
	make_file(file);
	put(file, &preamble, sizeof(preamble));
	put_frame(file, &first, &header);
	put_frame(file, &second, raw);
}

static void test_what_older_records_have_not_is_0(void **state)
{
	char complaint[RECORDING_COMPLAINT];
	const struct record_refresh *refresh;
	struct recording recording;
	struct file file;

	(void)state;
	write_sized(&file, offsetof(struct record_refresh, last));
	assert_int_equal(recording_open(&recording, file.path, NULL, complaint), RECORDING_OPENED);
	assert_non_null(recording_peek(&recording));
	assert_true(recording_take(&recording));
	refresh = (const void *)recording_next(&recording);
	assert_non_null(refresh);
	assert_int_equal(refresh->header.size, sizeof(*refresh));
	assert_int_equal(refresh->monotonic_offset_ns, 5);
	assert_int_equal(refresh->last, 0);
	assert_null(recording_next(&recording));
	recording_close(&recording);
	close(file.fd);
}

static void test_longer_records_are_of_a_newer_format(void **state)
{
	char complaint[RECORDING_COMPLAINT];
	struct recording recording;
	struct file file;

	(void)state;
	write_sized(&file, sizeof(struct record_refresh) + 8);
	assert_int_equal(recording_open(&recording, file.path, NULL, complaint), RECORDING_ALIEN);
	assert_non_null(strstr(complaint, "newer"));
	recording_close(&recording);
	close(file.fd);
}

#define KEPT "tests/unit/recordings/version1"

/* Made when version 1 was new, of the traffic of seed 1: what is in it stays in it. */
static void test_version_1_is_read(void **state)
{
	static const struct options options = {.json = true, .interval_s = 1};
	size_t transitions = 0;
	char *text;

	(void)state;
	assert_int_equal(replay(KEPT, &options, &trace_view, &text), RECORDING_WHOLE);
	for (const char *at = text; (at = strstr(at, "\"type\":\"transition\"")); at++)
		transitions++;
	assert_int_equal(transitions, 156);
	free(text);
	replay(KEPT, &options, &timewait_view, &text);
	assert_non_null(strstr(text, "\"type\":\"time_wait\""));
	free(text);
}

/* A sum over all records, in their order. */
static uint64_t sum_of(struct recording *recording)
{
	struct record_header *record;
	uint64_t sum = 1;

	while (recording_peek(recording)) {
		assert_true(recording_take(recording));
		while ((record = recording_next(recording)))
			sum = hash_bytes(sum, record, record->size);
	}
	return sum;
}

static void test_a_file_can_be_read_once_more(void **state)
{
	char complaint[RECORDING_COMPLAINT];
	struct recording recording;
	struct file file;
	uint64_t sum;

	(void)state;
	record_some(&file);
	assert_int_equal(recording_open(&recording, file.path, NULL, complaint), RECORDING_OPENED);
	sum = sum_of(&recording);
	assert_int_equal(recording.end, RECORDING_WHOLE);
	for (int i = 0; i < 3; i++) {
		assert_true(recording_rewind(&recording));
		assert_true(sum_of(&recording) == sum);
	}
	assert_true(recording_rewind(&recording));
	assert_true(recording_seek(&recording, recording.refreshed_ns));
	assert_false(recording_seek(&recording, UINT64_MAX));
	assert_true(recording_rewind(&recording));
	assert_true(sum_of(&recording) == sum);
	recording_close(&recording);
	close(file.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_view_shows_the_same),
		cmocka_unit_test(test_filters_are_kept),
		cmocka_unit_test(test_every_nth_refresh),
		cmocka_unit_test(test_what_is_read_of_a_cut_file_is_its_beginning),
		cmocka_unit_test(test_no_change_goes_unseen),
		cmocka_unit_test(test_what_older_records_have_not_is_0),
		cmocka_unit_test(test_longer_records_are_of_a_newer_format),
		cmocka_unit_test(test_version_1_is_read),
		cmocka_unit_test(test_a_file_can_be_read_once_more),
	};

	return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
