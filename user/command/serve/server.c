// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libmicrohttpd, in the loop of the tracing. Beyond its own limit it accepts and closes, and its
 * time-out is for silence: who sends a byte a second would live for ever. So connections are
 * accepted here, and handed to it, and cut off here.
 */
#include "command/serve/server.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/time.h"
#include "source/clock.h"

#define REQUEST_NS   (10 * (uint64_t)NS_PER_S) /* for a request, and for the next to begin */
#define ANSWER_NS    (60 * (uint64_t)NS_PER_S) /* to take the answer */
#define LOOK_NS	     (100 * (uint64_t)NS_PER_MS)
#define ACCEPTS	     8	   /* in a turn: a storm of connections does not delay the tracing */
#define RUNS	     4	   /* likewise, of what the library has more to do */
#define MEMORY_BYTES 32768 /* of a connection: more than a request may have */
#define LIBRARY_MAX  (2 * CLIENTS) /* its own limit is never met */

static uint64_t now_ns(void)
{
	return clock_now_ns(CLOCK_MONOTONIC);
}

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void is_at(struct client *client, bool answering)
{
	if (!client)
		return;
	client->answering = answering;
	client->since_ns = now_ns();
}

static int fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static size_t header_bytes(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

static bool watch(const struct server *server, int fd, int operation)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(server->epoll, operation, fd, &event) == 0;
}

/* What is not accepted waits in the queues of the kernel. */
static void accept_while_there_is_room(struct server *server)
{
	bool accepts = server->client_count < CLIENTS;

	if (accepts == server->accepts)
		return;
	server->accepts = accepts;
	for (size_t i = 0; i < server->listeners->count; i++)
		watch(server, server->listeners->fds[i], accepts ? EPOLL_CTL_ADD : EPOLL_CTL_DEL);
}

static struct client *free_slot(struct server *server)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	return NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **own,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;
	struct client *client = *own;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		client = free_slot(server);
		if (!client) /* there is one: it was counted before */
			return;
		*client = (struct client){.fd = fd_of(connection), .since_ns = now_ns()};
		server->client_count++;
		*own = client;
	} else if (client) {
		*client = (struct client){.fd = -1};
		server->client_count--;
	}
}

/* The first line of a request is there. Of the first one the time runs since the connection. */
static void *on_request_line(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct client *client = client_of(connection);

	(void)context;
	(void)uri;
	if (!client)
		return NULL;
	if (client->asked)
		client->since_ns = now_ns();
	client->asked = true;
	return NULL;
}

static void on_answered(void *context, struct MHD_Connection *connection, void **own,
			enum MHD_RequestTerminationCode code)
{
	struct client *client = client_of(connection);

	(void)context;
	(void)own;
	(void)code;
	is_at(client, false);
	if (client)
		client->may = CLIENT_UNKNOWN;
}

/* Nobody who has to show a certificate comes so far without one that the authority has signed. */
static bool has_shown_certificate(const struct server *server, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;
	unsigned int wrong;

	if (!server->guard->client_ca)
		return true;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return info &&
	       gnutls_certificate_verify_peers2((gnutls_session_t)info->tls_session, &wrong) == 0 &&
	       !wrong;
}

/* Calls one of those below with what the request says of its user; false: it says nothing. */
static bool with_password(struct server *server, struct MHD_Connection *connection,
			  bool (*use)(struct auth *auth, const char *user, const char *password),
			  bool *result)
{
	char *password = NULL;
	char *user = MHD_basic_auth_get_username_password(connection, &password);
	bool told = user && password;

	if (told)
		*result = use(server->guard->auth, user, password);
	if (password)
		explicit_bzero(password, strlen(password));
	MHD_free(user);
	MHD_free(password);
	return told;
}

static bool knows(struct auth *auth, const char *user, const char *password)
{
	return auth_knows(auth, user, password);
}

/* Whether who asks may. What was not right before takes its time: the request waits for it. */
static enum client_may may(struct server *server, struct client *client,
			   struct MHD_Connection *connection)
{
	bool known = false;

	if (!server->guard->auth)
		return CLIENT_MAY;
	if (client->may != CLIENT_UNKNOWN)
		return client->may;
	if (!with_password(server, connection, knows, &known))
		return CLIENT_MAY_NOT;
	if (known)
		return CLIENT_MAY;
	MHD_suspend_connection(connection);
	client->connection = connection;
	client->may = CLIENT_WAITS;
	return CLIENT_WAITS;
}

static bool answer(struct server *server, struct client *client, struct MHD_Connection *connection,
		   const char *method, const char *url)
{
	if (!has_shown_certificate(server, connection))
		return false;
	if (site_takes(method)) {
		enum client_may decision = may(server, client, connection);

		if (decision == CLIENT_WAITS)
			return true;
		if (decision == CLIENT_MAY_NOT)
			return site_ask_password(connection);
	}
	return site_answer(server->site, connection, method, url, header_bytes(connection));
}

/*
 * Called when the header is there, and again when the body is. Who is answered the first time is
 * not asked for the body, and cannot go on with the same connection: so it is for who would send
 * one, which nobody here has use for.
 */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **own)
{
	struct server *server = context;
	struct client *client = client_of(connection);

	(void)version;
	(void)upload;
	if (!client)
		return MHD_NO;
	if ((!*own && site_takes(method)) || *upload_size) {
		*own = client;
		*upload_size = 0; /* taken, and forgotten */
		return MHD_YES;
	}
	is_at(client, true);
	return answer(server, client, connection, method, url) ? MHD_YES : MHD_NO;
}

/* No path of ours has an escape in it: what has is another. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* Of TLS; at once at the end where there is none. */
#define TLS_OPTIONS 5
static void tls_options(struct MHD_OptionItem *options, const struct guard *guard)
{
	size_t count = 0;

	if (guard->certificate) {
		options[count++] =
			(struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, guard->certificate};
		options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, guard->key};
		options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
							   (void *)guard->priorities};
	}
	if (guard->client_ca)
		options[count++] =
			(struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, guard->client_ca};
	options[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static bool start_daemon(struct server *server)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem tls[TLS_OPTIONS];
	const union MHD_DaemonInfo *info;

	tls_options(tls, server->guard);
	if (server->guard->certificate)
		flags |= MHD_USE_TLS;
	server->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, server, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_answered, server,
		MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_escaped, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)LIBRARY_MAX, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
	if (!server->daemon)
		return false;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info && watch(server, info->epoll_fd, EPOLL_CTL_ADD);
}

bool server_start(struct server *server, struct listeners *listeners, struct site *site,
		  const struct guard *guard)
{
	*server = (struct server){.listeners = listeners, .site = site, .guard = guard};
	for (size_t i = 0; i < CLIENTS; i++)
		server->clients[i].fd = -1;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0 || !start_daemon(server) ||
	    (guard->auth && !watch(server, auth_wait_on(guard->auth), EPOLL_CTL_ADD))) {
		server_stop(server);
		return false;
	}
	accept_while_there_is_room(server);
	return true;
}

static void resume(struct client *client, enum client_may may)
{
	client->may = may;
	MHD_resume_connection(client->connection);
}

/* The library wants nobody to wait when it is stopped. */
static void resume_all(struct server *server)
{
	site_resume(server->site);
	for (size_t i = 0; i < CLIENTS; i++)
		if (server->clients[i].may == CLIENT_WAITS)
			resume(&server->clients[i], CLIENT_MAY_NOT);
}

void server_stop(struct server *server)
{
	if (server->daemon) {
		resume_all(server);
		MHD_stop_daemon(server->daemon);
	}
	if (server->epoll >= 0)
		close(server->epoll);
	*server = (struct server){.epoll = -1};
}

int server_wait_on(const struct server *server)
{
	return server->epoll;
}

/* The library closes what it cannot take. False: nobody is there. */
static bool accept_one(struct server *server, int listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int fd =
		accept4(listener, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, size);
	return true;
}

static void accept_some(struct server *server)
{
	size_t accepted = 0;

	for (size_t i = 0; i < server->listeners->count; i++)
		while (server->client_count < CLIENTS && accepted < ACCEPTS &&
		       accept_one(server, server->listeners->fds[i]))
			accepted++;
}

/* What is left of a batch is no event any more: the library says so by its time-out. */
static void run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG ms;

	for (int i = 0; i < RUNS; i++) {
		MHD_run(server->daemon);
		if (MHD_get_timeout(server->daemon, &ms) != MHD_YES || ms)
			return;
	}
}

/* The library then finds that nobody is there. */
static void cut_off_slow_ones(struct server *server)
{
	uint64_t time_ns = now_ns();

	if (time_ns - server->looked_ns < LOOK_NS)
		return;
	server->looked_ns = time_ns;
	for (size_t i = 0; i < CLIENTS; i++) {
		const struct client *client = &server->clients[i];
		uint64_t limit_ns = client->answering ? ANSWER_NS : REQUEST_NS;

		if (client->fd >= 0 && time_ns - client->since_ns >= limit_ns)
			shutdown(client->fd, SHUT_RDWR);
	}
}

/* Who has waited longest. */
static struct client *next_to_check(struct server *server)
{
	struct client *next = NULL;

	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *client = &server->clients[i];

		if (client->may == CLIENT_WAITS && (!next || client->since_ns < next->since_ns))
			next = client;
	}
	return next;
}

/* One password after the other. */
static void check_passwords(struct server *server)
{
	bool right = false, begun;

	if (!server->guard->auth)
		return;
	if (server->checked && !auth_end(server->guard->auth, &right))
		return;
	if (server->checked)
		resume(server->checked, right ? CLIENT_MAY : CLIENT_MAY_NOT);
	server->checked = next_to_check(server);
	if (server->checked)
		with_password(server, server->checked->connection, auth_begin, &begun);
}

static bool has_more(const struct server *server)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return MHD_get_timeout(server->daemon, &ms) == MHD_YES && !ms;
}

void server_turn(struct server *server)
{
	struct epoll_event event;

	cut_off_slow_ones(server);
	if (epoll_wait(server->epoll, &event, 1, 0) <= 0 && !has_more(server))
		return;
	if (server->accepts)
		accept_some(server);
	check_passwords(server);
	run(server);
	check_passwords(server);
	accept_while_there_is_room(server);
}
