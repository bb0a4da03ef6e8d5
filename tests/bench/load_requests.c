// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bystander-requests: connections that are there before the measuring, and stay. */

#include "load_session.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	REQUEST_SIZE = 64,
	EVENTS_MAX = 256,
	SETTLE_MS = 500,
};

static int watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? fail("epoll_ctl") : 0;
}

/* What came in goes back: the same step is a reply on one side, the next request on the other. */
static ssize_t bounce(int fd)
{
	char bytes[REQUEST_SIZE];
	ssize_t size = read(fd, bytes, sizeof(bytes));

	if (size > 0 && write(fd, bytes, (size_t)size) != size)
		return -1;
	return size;
}

static int requests_accept_all(struct session *session, int epoll, int listener)
{
	int fd;
	int accepted;

	while ((accepted = accept_one(session, listener, SOCK_NONBLOCK, &fd)) > 0)
		if (watch(epoll, fd))
			return -1;
	return accepted;
}

static bool is_listener(const struct listeners *listeners, int fd)
{
	for (int i = 0; i < listeners->count; i++)
		if (listeners->fds[i] == fd)
			return true;
	return false;
}

/* Returns 0 to go on, 1 when the client said stop, -1 for an error. */
static int requests_serve(struct session *session, int epoll, int fd)
{
	if (fd == session->control)
		return 1;
	if (is_listener(&session->listeners, fd))
		return requests_accept_all(session, epoll, fd);
	if (bounce(fd) <= 0)
		close(fd); /* the client closes all of them just before it says stop */
	return 0;
}

static int requests_server(struct session *session)
{
	struct epoll_event events[EVENTS_MAX];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int err = epoll < 0 ? fail("epoll_create1") : watch(epoll, session->control);

	for (int i = 0; i < session->listeners.count && !err; i++)
		err = watch(epoll, session->listeners.fds[i]);
	while (!err) {
		int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < ready && !err; i++)
			err = requests_serve(session, epoll, events[i].data.fd);
	}
	return err < 0 ? -1 : 0; /* the exit of the process closes the rest */
}

/* The client's side of many connections. */
struct crowd {
	int *fds;
	uint64_t count;
	int epoll;
};

static int crowd_connect(struct crowd *crowd, struct session *session)
{
	uint64_t wanted = session->options->connections;

	for (uint64_t n = 0; n < wanted && !stop; n++) {
		if (n % AHEAD_STEP == 0 && wait_for_server(session, n, AHEAD_MAX))
			return -1;
		int fd = connect_one(session, n);
		if (fd < 0)
			return stop ? 0 : -1;
		crowd->fds[crowd->count++] = fd;
		atomic_store(&session->progress->started, n + 1);
		if (watch(crowd->epoll, fd))
			return -1;
	}
	return wait_for_server(session, crowd->count, 0);
}

static int crowd_first_requests(const struct crowd *crowd)
{
	static const char request[REQUEST_SIZE];

	for (uint64_t n = 0; n < crowd->count; n++)
		if (write(crowd->fds[n], request, sizeof(request)) != sizeof(request))
			return fail("write");
	return 0;
}

static int crowd_exchange(const struct crowd *crowd, double end, uint64_t *bytes)
{
	struct epoll_event events[EVENTS_MAX];

	while (!stop && now_s() < end) {
		int ready = epoll_wait(crowd->epoll, events, EVENTS_MAX, 100);

		for (int i = 0; i < ready; i++) {
			ssize_t size = bounce(events[i].data.fd);

			if (size <= 0)
				return fail("a connection of the exchange broke");
			*bytes += (uint64_t)size;
		}
	}
	return 0;
}

static int crowd_run(struct crowd *crowd, struct session *session, struct result *result)
{
	uint64_t bytes = 0;
	double begin;
	int err;

	if (crowd_connect(crowd, session))
		return -1;
	/* A tracer may still be at work on the connects: they are not what is measured. */
	sleep_unless_stopped(SETTLE_MS);
	announce(session->options, "begin");
	begin = now_s();
	err = crowd_first_requests(crowd);
	if (!err)
		err = crowd_exchange(crowd, begin + session->options->duration_s, &bytes);
	result->seconds = now_s() - begin;
	result->count = bytes / REQUEST_SIZE;
	announce(session->options, "end");
	if (session->options->announce)
		sleep_unless_stopped(SETTLE_MS); /* before all the closes */
	return err;
}

static int crowd_open(struct crowd *crowd, uint64_t connections)
{
	*crowd = (struct crowd){.fds = calloc(connections, sizeof(*crowd->fds))};
	if (!crowd->fds)
		return fail("calloc");
	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (crowd->epoll < 0) {
		free(crowd->fds);
		return fail("epoll_create1");
	}
	return 0;
}

static void crowd_close(struct crowd *crowd)
{
	while (crowd->count)
		close(crowd->fds[--crowd->count]);
	close(crowd->epoll);
	free(crowd->fds);
}

int bystander_requests(const struct options *options, struct result *result)
{
	struct session session;
	struct crowd crowd;
	int err = -1;

	result->unit = "requests";
	if (allow_descriptors(options->connections + 64))
		return -1;
	if (session_start(&session, options, requests_server))
		return -1;
	if (!crowd_open(&crowd, options->connections)) {
		err = crowd_run(&crowd, &session, result);
		crowd_close(&crowd);
	}
	return session_end(&session) || err ? -1 : 0;
}
