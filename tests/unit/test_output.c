// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "writer/output.h"
#include "unit.h"

#define FLUSH_BYTES 65536

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int temporary_file(void)
{
	char path[] = "/tmp/tcplinger-output-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static void expect_file(int fd, const char *expected)
{
	char text[4096] = "";

	assert_true(pread(fd, text, sizeof(text) - 1, 0) >= 0);
	assert_string_equal(text, expected);
}

/* A pipe that takes no more bytes. */
static void full_pipe(int *ends)
{
	static const char zeros[4096];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], zeros, sizeof(zeros)) > 0)
		;
	while (write(ends[1], zeros, 1) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
}

static void nothing_is_written_before_a_flush(void **state)
{
	struct output output;
	int fd = temporary_file();

	(void)state;
	output_init(&output, fd, NULL);
	output_string(&output, "a");
	output_bytes(&output, "bc", 2);
	output_format(&output, "%d", 42);
	output_line(&output);
	expect_file(fd, "");
	output_flush(&output);
	expect_file(fd, "abc42\n");
	output_flush(&output); /* nothing more */
	expect_file(fd, "abc42\n");
	assert_int_equal(output.error, 0);
	output_free(&output);
	close(fd);
}

static void much_is_written_before_it_is_asked_for_but_whole_lines_only(void **state)
{
	struct output output;
	int fd = temporary_file();
	char line[1001];
	size_t written;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	output_init(&output, fd, NULL);
	for (int i = 0; i < 100; i++) {
		output_string(&output, line);
		output_line(&output);
	}
	written = (size_t)lseek(fd, 0, SEEK_END);
	assert_in_range(written, FLUSH_BYTES, 100 * sizeof(line));
	assert_int_equal(written % sizeof(line), 0);
	output_flush(&output);
	assert_int_equal(lseek(fd, 0, SEEK_END), 100 * sizeof(line));
	output_free(&output);
	close(fd);
}

static void what_a_format_makes_too_long_is_cut_not_overrun(void **state)
{
	struct output output;

	(void)state;
	output_init(&output, -1, NULL);
	output_format(&output, "%5000d", 1);
	assert_int_equal(output.length, 1023);
	output_free(&output);
}

static void room_may_be_reserved_beyond_the_buffer(void **state)
{
	struct output output;
	enum { MUCH = 1 << 20 };

	(void)state;
	output_init(&output, -1, NULL);
	output_string(&output, "ab");
	memset(output_reserve(&output, MUCH), 'x', MUCH);
	output.length += MUCH;
	assert_memory_equal(output.text, "abxx", 4);
	output_free(&output);
}

static void a_full_disk_is_an_error_and_ends_the_writing(void **state)
{
	struct output output;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd < 0)
		skip();
	output_init(&output, fd, NULL);
	output_string(&output, "a\n");
	output_flush(&output);
	assert_int_equal(output.error, ENOSPC);
	assert_int_equal(output.length, 0);
	/* the error stays, and nothing gathers */
	for (int i = 0; i < FLUSH_BYTES; i++)
		output_line(&output);
	output_flush(&output);
	assert_int_equal(output.error, ENOSPC);
	assert_int_equal(output.length, 0);
	output_free(&output);
	close(fd);
}

static void a_reader_that_went_away_is_epipe(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	output_init(&output, ends[1], NULL);
	output_string(&output, "a\n");
	output_flush(&output);
	assert_int_equal(output.error, EPIPE);
	output_free(&output);
	close(ends[1]);
}

/* Reads all, slowly, and returns how many bytes were right. */
static size_t read_slowly(int fd)
{
	char buffer[5000];
	size_t right = 0;
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			right += buffer[i] == (char)('a' + (right % 26));
		usleep(100);
	}
	return right;
}

static void a_slow_reader_gets_every_byte_in_order(void **state)
{
	enum { BYTES = 1 << 20 };
	struct output output;
	int ends[2], status;
	pid_t writer;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	writer = fork();
	if (writer == 0) {
		close(ends[0]);
		output_init(&output, ends[1], NULL);
		for (size_t i = 0; i < BYTES; i++) {
			*output_reserve(&output, 1) = (char)('a' + i % 26);
			output.length++;
		}
		output_flush(&output);
		_exit(output.error);
	}
	close(ends[1]);
	assert_int_equal(read_slowly(ends[0]), BYTES);
	waitpid(writer, &status, 0);
	assert_int_equal(status, 0);
	close(ends[0]);
}

static void a_reader_that_stalls_is_not_waited_for_once_we_are_to_stop(void **state)
{
	volatile sig_atomic_t stop = 1;
	struct output output;
	double start = now_s();
	int ends[2];

	(void)state;
	full_pipe(ends);
	output_init(&output, ends[1], &stop);
	output_string(&output, "a\n");
	output_flush(&output);
	assert_int_equal(output.error, EPIPE);
	assert_true(now_s() - start < 5);
	output_free(&output);
	close(ends[0]);
	close(ends[1]);
}

static volatile sig_atomic_t stopped;

static void on_alarm(int number)
{
	(void)number;
	stopped = 1;
}

static void a_signal_ends_a_write_that_blocks(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART, as in stop.c */
	struct output output;
	double start = now_s();
	int ends[2];

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	stopped = 0;
	full_pipe(ends);
	output_init(&output, ends[1], &stopped);
	output_string(&output, "a\n");
	alarm(1);
	output_flush(&output);
	assert_int_equal(output.error, EPIPE);
	assert_true(now_s() - start < 6);
	output_free(&output);
	close(ends[0]);
	close(ends[1]);
}

static double cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* A terminal or pipe may be O_NONBLOCK by another process that has it too. */
static void a_descriptor_that_does_not_block_is_waited_for_without_spinning(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct output output;
	int ends[2];
	double used;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	stopped = 0;
	full_pipe(ends);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	output_init(&output, ends[1], &stopped);
	output_string(&output, "a\n");
	used = cpu_s();
	alarm(1);
	output_flush(&output);
	assert_true(cpu_s() - used < 0.5);
	output_free(&output);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_written_before_a_flush),
		cmocka_unit_test(much_is_written_before_it_is_asked_for_but_whole_lines_only),
		cmocka_unit_test(what_a_format_makes_too_long_is_cut_not_overrun),
		cmocka_unit_test(room_may_be_reserved_beyond_the_buffer),
		cmocka_unit_test(a_full_disk_is_an_error_and_ends_the_writing),
		cmocka_unit_test(a_reader_that_went_away_is_epipe),
		cmocka_unit_test(a_slow_reader_gets_every_byte_in_order),
		cmocka_unit_test(a_reader_that_stalls_is_not_waited_for_once_we_are_to_stop),
		cmocka_unit_test(a_signal_ends_a_write_that_blocks),
		cmocka_unit_test(a_descriptor_that_does_not_block_is_waited_for_without_spinning),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
