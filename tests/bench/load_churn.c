// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* churn: connections made and closed, one after the other. */

#include "load_session.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static int churn_accept_all(struct session *session, int listener)
{
	int fd;
	int accepted;

	while ((accepted = accept_one(session, listener, 0, &fd)) > 0) {
		if (!session->options->server_closes)
			read_to_end(fd);
		close(fd);
	}
	return accepted;
}

static bool all_served(const struct session *session, uint64_t but)
{
	return atomic_load(&session->progress->served) + but >=
	       atomic_load(&session->progress->started);
}

/* A reset that overtakes the accept meets a request socket: nobody accepts that one. */
static uint64_t never_accepted_max(const struct session *session)
{
	uint64_t every = session->options->reset_every;

	return every ? atomic_load(&session->progress->started) / every : 0;
}

/* After the client said stop, what waits in the accept queue is still served. */
static int churn_server(struct session *session)
{
	struct listeners *listeners = &session->listeners;
	struct pollfd polled[LISTENERS_MAX + 1];
	struct pollfd *control = &polled[listeners->count];
	double give_up = 0;

	for (int i = 0; i < listeners->count; i++)
		polled[i] = (struct pollfd){.fd = listeners->fds[i], .events = POLLIN};
	*control = (struct pollfd){.fd = session->control, .events = POLLIN};

	while (!give_up || (!all_served(session, 0) && now_s() < give_up)) {
		if (poll(polled, (nfds_t)listeners->count + 1, give_up ? 10 : -1) < 0 &&
		    errno != EINTR)
			return fail("poll");
		if (control->revents) {
			control->fd = -1;
			control->revents = 0;
			give_up = now_s() + SERVER_PATIENCE_S;
		}
		for (int i = 0; i < listeners->count; i++)
			if (polled[i].revents && churn_accept_all(session, polled[i].fd))
				return -1;
	}
	return all_served(session, never_accepted_max(session)) ? 0 : -1;
}

static bool churn_goes_on(const struct options *options, uint64_t n, double end)
{
	if (stop || (options->connections && n >= options->connections))
		return false;
	return !options->duration_s || now_s() < end;
}

/* close() then sends a reset, where a FIN of the peer has come too. */
static void arm_reset(int fd)
{
	const struct linger at_once = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static int churn_step(struct session *session, uint64_t n)
{
	const struct options *options = session->options;
	int fd;

	if (n % AHEAD_STEP == 0 && wait_for_server(session, n, AHEAD_MAX))
		return -1;
	fd = connect_one(session, n);
	if (fd < 0)
		return stop ? 0 : -1;
	atomic_store(&session->progress->started, n + 1);
	if (options->server_closes)
		read_to_end(fd);
	if (options->reset_every && (n + 1) % options->reset_every == 0)
		arm_reset(fd);
	close(fd);
	return 0;
}

int churn(const struct options *options, struct result *result)
{
	struct session session;
	double begin;
	int err = 0;

	if (session_start(&session, options, churn_server))
		return -1;
	begin = now_s();
	for (uint64_t n = 0; !err && churn_goes_on(options, n, begin + options->duration_s); n++) {
		err = churn_step(&session, n);
		if (options->interval_ms && n + 1 != options->connections)
			sleep_unless_stopped(options->interval_ms);
	}
	result->unit = "connections";
	result->count = atomic_load(&session.progress->started);
	err = session_end(&session) || err ? -1 : 0;
	result->seconds = now_s() - begin;
	return err;
}
