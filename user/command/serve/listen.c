// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/parse.h"
#include "cli/status.h"
#include "writer/format.h"

#define DEFAULT_ADDRESS "127.0.0.1:9878"
#define HANDED_OVER	3 /* SD_LISTEN_FDS_START */
#define BACKLOG		128

union socket_address {
	struct sockaddr any;
	struct sockaddr_in inet;
	struct sockaddr_in6 inet6;
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_inet(const struct listen_address *address)
{
	return memcmp(address->address, mapped, sizeof(mapped)) == 0;
}

/* Its size. */
static socklen_t socket_address(union socket_address *socket, const struct listen_address *address)
{
	*socket = (union socket_address){0};
	if (is_inet(address)) {
		socket->inet.sin_family = AF_INET;
		socket->inet.sin_port = htons(address->port);
		memcpy(&socket->inet.sin_addr, address->address + sizeof(mapped),
		       sizeof(socket->inet.sin_addr));
		return sizeof(socket->inet);
	}
	socket->inet6.sin6_family = AF_INET6;
	socket->inet6.sin6_port = htons(address->port);
	memcpy(&socket->inet6.sin6_addr, address->address, sizeof(address->address));
	return sizeof(socket->inet6);
}

static int open_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Both families at once; where there is no IPv6, the other. */
static int open_all(struct listen_address *address)
{
	int fd = open_socket(AF_INET6), off = 0;

	if (fd < 0) {
		memcpy(address->address, mapped, sizeof(mapped));
		return open_socket(AF_INET);
	}
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	return fd;
}

static bool begin(int fd, const struct listen_address *address)
{
	union socket_address socket;
	socklen_t size = socket_address(&socket, address);
	int on = 1;

	/* what an earlier run has left in TIME_WAIT is in nobody's way */
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	       bind(fd, &socket.any, size) == 0 && listen(fd, BACKLOG) == 0;
}

static int open_address(struct listeners *listeners, struct listen_address address)
{
	char text[FORMAT_ENDPOINT];
	int fd = address.all ? open_all(&address)
			     : open_socket(is_inet(&address) ? AF_INET : AF_INET6);

	if (fd >= 0 && begin(fd, &address)) {
		listeners->fds[listeners->count++] = fd;
		return STATUS_DONE;
	}
	format_endpoint(text, address.address, address.port);
	fail(STATUS_FAILED, "serve: cannot listen on %s: %s", text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return STATUS_FAILED;
}

/* How many descriptors are meant for this process. */
static long handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	if (!pid || !count || strtol(pid, NULL, 10) != getpid())
		return 0;
	return strtol(count, NULL, 10);
}

static bool listens(int fd)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value;
}

/* systemd leaves neither flag on them. */
static int take_handed_over(struct listeners *listeners)
{
	long count = handed_over();

	for (int fd = HANDED_OVER; fd < HANDED_OVER + count; fd++) {
		if (listeners->count == LISTENERS - LISTEN_ADDRESSES)
			return fail(STATUS_USAGE, "serve: LISTEN_FDS %ld: at most %d sockets",
				    count, LISTENERS - LISTEN_ADDRESSES);
		if (!listens(fd))
			return fail(STATUS_USAGE,
				    "serve: LISTEN_FDS: descriptor %d is no socket that listens",
				    fd);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		listeners->fds[listeners->count++] = fd;
	}
	return STATUS_DONE;
}

int listeners_open(struct listeners *listeners, const struct serve_options *options)
{
	struct listen_address address;
	int status;

	*listeners = (struct listeners){0};
	status = take_handed_over(listeners);
	for (size_t i = 0; i < options->address_count && status == STATUS_DONE; i++)
		status = open_address(listeners, options->addresses[i]);
	if (status == STATUS_DONE && !listeners->count) {
		parse_listen_address(DEFAULT_ADDRESS, &address);
		status = open_address(listeners, address);
	}
	if (status != STATUS_DONE)
		listeners_close(listeners);
	return status;
}

void listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		close(listeners->fds[i]);
	listeners->count = 0;
}

void listener_url(int fd, const char *scheme, char *text)
{
	union socket_address socket = {0};
	socklen_t size = sizeof(socket);
	uint8_t address[16];
	int length = snprintf(text, LISTEN_URL, "%s://", scheme);

	getsockname(fd, &socket.any, &size);
	if (socket.any.sa_family == AF_INET6) {
		memcpy(address, &socket.inet6.sin6_addr, sizeof(address));
	} else {
		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + sizeof(mapped), &socket.inet.sin_addr, 4);
	}
	/* the port is at the same place in both */
	format_endpoint(text + length, address, ntohs(socket.inet.sin_port));
}
