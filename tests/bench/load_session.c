// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A session: the client process and the server process, from first to last. */

#include "load_session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	/* Connections towards one destination before the next: no supply of ports runs short. */
	DESTINATION_BLOCK = 4096,
	/* The same towards one of a given number: less than half of the range, which the kernel
	   searches first; the other half takes it very long. */
	SOURCE_BLOCK = 12000,
};

static void close_listeners(struct listeners *listeners)
{
	while (listeners->count)
		close(listeners->fds[--listeners->count]);
}

/* Few connections stay with one destination, so the server need not listen beyond it. */
static bool is_one_destination(const struct options *options)
{
	return !options->destinations && options->connections &&
	       options->connections <= DESTINATION_BLOCK;
}

/* Returns the size of what it wrote. */
static socklen_t make_address(bool ipv6, uint32_t ipv4, uint16_t port, union address *address)
{
	if (ipv6) {
		address->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
						     .sin6_addr = IN6ADDR_LOOPBACK_INIT,
						     .sin6_port = htons(port)};
		return sizeof(address->in6);
	}
	address->in = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(ipv4), .sin_port = htons(port)};
	return sizeof(address->in);
}

static uint16_t local_port(int fd)
{
	union address address = {0};
	socklen_t size = sizeof(address);

	if (getsockname(fd, &address.any, &size))
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.in6.sin6_port
						       : address.in.sin_port);
}

static int listen_on(const struct options *options, uint16_t port)
{
	union address address;
	uint32_t ipv4 = is_one_destination(options) ? INADDR_LOOPBACK : INADDR_ANY;
	socklen_t size = make_address(options->ipv6, ipv4, port, &address);
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -1;
	/* A given port may have TIME_WAITs of the run before; an automatic one is free anyway. */
	if ((port && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one))) ||
	    bind(fd, &address.any, size) || listen(fd, options->unaccepted ? INT_MAX : BACKLOG)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* IPv4 has all of 127.0.0.0/8 as destinations; IPv6 has one address, and needs several ports. */
static int open_listeners(const struct options *options, struct listeners *listeners)
{
	int wanted = options->ipv6 && !is_one_destination(options) ? LISTENERS_MAX : 1;

	for (int i = 0; i < wanted; i++) {
		uint16_t port = options->port ? (uint16_t)(options->port + i) : 0;
		int fd = listen_on(options, port);

		if (fd < 0)
			return fail("cannot listen");
		listeners->fds[i] = fd;
		listeners->ports[i] = local_port(fd);
		listeners->count = i + 1;
	}
	return 0;
}

/* The client has closed its listeners (count is 0) but knows their ports. */
socklen_t destination(const struct session *session, uint64_t n, union address *address)
{
	uint64_t wanted = session->options->destinations;
	uint64_t block = wanted ? n % wanted : n / DESTINATION_BLOCK;
	int listener = session->options->ipv6 ? (int)(block % LISTENERS_MAX) : 0;
	uint32_t low = (uint32_t)(block / 250 % 250) << 8 | (uint32_t)(1 + block % 250);

	return make_address(session->options->ipv6, 127U << 24 | low,
			    session->listeners.ports[listener], address);
}

/* As the destinations do not move on, the source must; its port is still connect()'s to choose. */
static int bind_source(const struct session *session, uint64_t n, int fd)
{
	uint64_t block = n / session->options->destinations / SOURCE_BLOCK;
	union address address;
	socklen_t size =
		make_address(false, (127U << 24 | 1U << 16 | 1) + (uint32_t)block, 0, &address);
	int one = 1;

	if (!block || session->options->ipv6)
		return 0;
	return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) ||
	       bind(fd, &address.any, size);
}

int connect_one(const struct session *session, uint64_t n)
{
	union address address;
	socklen_t size = destination(session, n, &address);
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail("socket");
	if (session->options->destinations && bind_source(session, n, fd)) {
		fail("bind");
		close(fd);
		return -1;
	}
	if (connect(fd, &address.any, size)) {
		if (errno != EINTR || !stop)
			fail("connect");
		close(fd);
		return -1;
	}
	return fd;
}

void read_to_end(int fd)
{
	char bytes[64];

	while (!stop && read(fd, bytes, sizeof(bytes)) > 0)
		;
}

int wait_for_server(const struct session *session, uint64_t started, uint64_t ahead)
{
	double give_up = 0;

	while (!stop && started > atomic_load(&session->progress->served) + ahead) {
		if (!give_up) {
			give_up = now_s() + SERVER_PATIENCE_S;
		} else if (now_s() > give_up) {
			fprintf(stderr, "load: the server does not accept any more\n");
			return -1;
		}
		sleep_us(50);
	}
	return 0;
}

/* Returns 1 for a connection, 0 for none waiting, -1 for an error. */
int accept_one(struct session *session, int listener, int flags, int *fd)
{
	*fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | flags);
	if (*fd >= 0) {
		atomic_fetch_add(&session->progress->served, 1);
		return 1;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return 0;
	return fail("accept");
}

int hold_some(struct session *session, uint64_t quota)
{
	struct pollfd polled[] = {{.fd = session->control, .events = POLLIN},
				  {.fd = session->listeners.fds[0], .events = POLLIN}};
	int fd, accepted = 0;

	while (poll(polled, quota ? 2 : 1, -1) >= 0 || errno == EINTR) {
		if (polled[0].revents)
			return 0;
		while (quota && (accepted = accept_one(session, polled[1].fd, 0, &fd)) > 0)
			quota--;
		if (accepted < 0)
			return -1;
	}
	return fail("poll");
}

static void run_server(struct session *session, server_fn serve)
{
	/* A signal for the group stops the client; the server stops when the client has. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	prctl(PR_SET_NAME, "load-server");
	_exit(serve(session) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int fork_server(struct session *session, server_fn serve)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return fail("pipe");
	session->server = fork();
	if (session->server < 0) {
		close(ends[0]);
		close(ends[1]);
		return fail("fork");
	}
	session->control = ends[session->server ? 1 : 0];
	close(ends[session->server ? 0 : 1]);
	if (!session->server)
		run_server(session, serve);
	return 0;
}

int session_start(struct session *session, const struct options *options, server_fn serve)
{
	int err = -1;

	*session = (struct session){.options = options};
	session->progress = mmap(NULL, sizeof(*session->progress), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (session->progress == MAP_FAILED)
		return fail("mmap");
	if (!open_listeners(options, &session->listeners))
		err = fork_server(session, serve);
	/* Only the server holds the listeners, so that they have one owner. */
	close_listeners(&session->listeners);
	if (err)
		munmap(session->progress, sizeof(*session->progress));
	else
		prctl(PR_SET_NAME, "load-client");
	return err;
}

int session_end(struct session *session)
{
	int status = 0;

	close(session->control);
	while (waitpid(session->server, &status, 0) < 0)
		if (errno != EINTR)
			return fail("waitpid");
	munmap(session->progress, sizeof(*session->progress));
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "load: the server failed\n");
		return -1;
	}
	return 0;
}
