// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bystander-timers: pairs of threads that answer each other, waiting with a time-out that never
 * comes. Each wait arms a timer of the timer wheel and cancels it; poll() and alarm() would use the
 * others.
 */

#include "load.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	TIMEOUT_S = 5,
	STACK_SIZE = 64 * 1024,
};

struct end {
	_Alignas(64) _Atomic uint64_t waits; /* of this thread alone */
	pthread_t thread;
	int fd;
	bool runs;
};

/* shutdown() ends it. */
static void *exchange(void *argument)
{
	struct end *end = argument;
	char byte = 0;

	while (recv(end->fd, &byte, 1, 0) == 1) {
		uint64_t waits = atomic_load_explicit(&end->waits, memory_order_relaxed);

		atomic_store_explicit(&end->waits, waits + 1, memory_order_relaxed);
		if (send(end->fd, &byte, 1, MSG_NOSIGNAL) != 1)
			break;
	}
	return NULL;
}

static int start_thread(struct end *end)
{
	struct timeval timeout = {.tv_sec = TIMEOUT_S};
	pthread_attr_t attributes;

	if (setsockopt(end->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		return fail("SO_RCVTIMEO");
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	errno = pthread_create(&end->thread, &attributes, exchange, end);
	pthread_attr_destroy(&attributes);
	if (errno)
		return fail("pthread_create");
	end->runs = true;
	return 0;
}

static int start_pair(struct end *pair)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return fail("socketpair");
	pair[0].fd = fds[0];
	pair[1].fd = fds[1];
	if (start_thread(&pair[0]) || start_thread(&pair[1]))
		return -1;
	return send(fds[0], "", 1, MSG_NOSIGNAL) == 1 ? 0 : fail("send");
}

static uint64_t all_waits(struct end *ends, uint64_t count)
{
	uint64_t waits = 0;

	for (uint64_t i = 0; i < count; i++)
		waits += atomic_load(&ends[i].waits);
	return waits;
}

static void stop_all(struct end *ends, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (ends[i].fd >= 0)
			shutdown(ends[i].fd, SHUT_RDWR);
	for (uint64_t i = 0; i < count; i++) {
		if (ends[i].runs)
			pthread_join(ends[i].thread, NULL);
		if (ends[i].fd >= 0)
			close(ends[i].fd);
	}
}

int bystander_timers(const struct options *options, struct result *result)
{
	uint64_t count = 2 * options->connections;
	struct end *ends = aligned_alloc(_Alignof(struct end), count * sizeof(*ends));
	uint64_t before;
	double begin;
	int err = 0;

	result->unit = "waits";
	if (!ends)
		return fail("aligned_alloc");
	for (uint64_t i = 0; i < count; i++)
		ends[i] = (struct end){.fd = -1};
	if (allow_descriptors(count + 64)) {
		free(ends);
		return -1;
	}
	for (uint64_t i = 0; i < count && !err; i += 2)
		err = start_pair(&ends[i]);
	begin = now_s();
	before = all_waits(ends, count);
	if (!err)
		sleep_unless_stopped((uint32_t)(options->duration_s * 1000));
	result->count = all_waits(ends, count) - before;
	result->seconds = now_s() - begin;
	stop_all(ends, count);
	free(ends);
	return err;
}
