// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define FLUSH_BYTES	65536
#define STALLED_WAIT_MS 500 /* for a reader that does not read, once we are to stop */

void output_init(struct output *output, int fd, const volatile sig_atomic_t *stop)
{
	struct stat stat;

	*output = (struct output){.fd = fd, .stop = stop, .capacity = 2 * FLUSH_BYTES};
	output->may_stall = fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode);
	output->text = memory_new(output->capacity, 1);
}

void output_free(struct output *output)
{
	free(output->text);
}

void output_grow(struct output *output, size_t size)
{
	output->capacity = (output->length + size) * 2;
	output->text = memory_resize(output->text, output->capacity, 1);
}

void output_string(struct output *output, const char *text)
{
	output_bytes(output, text, strlen(text));
}

void output_blanks(struct output *output, size_t count)
{
	memset(output_reserve(output, count), ' ', count);
	output->length += count;
}

void output_left(struct output *output, const char *text, size_t size, size_t columns)
{
	output_bytes(output, text, size);
	if (size < columns)
		output_blanks(output, columns - size);
}

void output_right(struct output *output, const char *text, size_t size, size_t columns)
{
	if (size < columns)
		output_blanks(output, columns - size);
	output_bytes(output, text, size);
}

void output_format(struct output *output, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > 0)
		output_bytes(output, text,
			     (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

static bool stopping(const struct output *output)
{
	return output->stop && *output->stop;
}

/* Once we are to stop, a reader that stalls gets a moment, not more. */
static bool stalls(const struct output *output)
{
	struct pollfd poll_fd = {.fd = output->fd, .events = POLLOUT};

	return poll(&poll_fd, 1, STALLED_WAIT_MS) == 0;
}

/*
 * A plain write blocks for as long as the reader stalls, until a signal interrupts it; after that,
 * no more is written at once than a pipe that poll calls writable is sure to take.
 */
static size_t write_some(struct output *output, const char *text, size_t size)
{
	ssize_t n;

	if (stopping(output) && output->may_stall) {
		if (stalls(output)) {
			output->error = EPIPE;
			output->stalled = true;
			return 0;
		}
		if (size > PIPE_BUF)
			size = PIPE_BUF;
	}
	n = write(output->fd, text, size);
	if (n >= 0)
		return (size_t)n;
	if (errno == EAGAIN)
		stalls(output); /* does not block: waits until it takes more, or to look at `stop`
				 */
	else if (errno != EINTR)
		output->error = errno;
	return 0;
}

void output_flush(struct output *output)
{
	size_t written = 0;

	if (output->fd < 0)
		return;
	while (written < output->length && !output->error)
		written += write_some(output, output->text + written, output->length - written);
	if (output->stalled)
		output->unwritten += output->length - written;
	output->length = 0;
}

void output_line(struct output *output)
{
	output_bytes(output, "\n", 1);
	if (output->length >= FLUSH_BYTES)
		output_flush(output);
}
