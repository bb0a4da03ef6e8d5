// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loopback load: what the cost table measures, and the traffic of the demo.
 *
 * Each load is one client process and, where it needs a peer, one server process forked from it.
 * They stop by count, by time or by a signal, and print one JSON line with a rate.
 */

#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 2,
	LISTENERS_MAX = 40,
	BACKLOG = 4096,
	/* A full accept queue drops SYNs, and a SYN sent again costs a second: stay well below. */
	AHEAD_MAX = 512,
	/* How often the client looks at how far the server is. */
	AHEAD_STEP = 64,
	/* Connections towards one destination before the next: no supply of ports runs short. */
	DESTINATION_BLOCK = 4096,
	SERVER_PATIENCE_S = 10,
	REQUEST_SIZE = 64,
	EVENTS_MAX = 256,
	SYSCALLS_PER_LOOK = 1024,
	SETTLE_MS = 500,
};

struct options {
	double duration_s;    /* 0: no limit */
	uint64_t connections; /* 0: no limit */
	uint16_t port;
	uint32_t interval_ms;
	bool ipv6;
	bool server_closes;
	bool announce;
	bool unaccepted;
};

/* Seen by both processes; each writes a cache line of its own. */
struct progress {
	alignas(64) _Atomic uint64_t started;
	alignas(64) _Atomic uint64_t served;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct listeners {
	int fds[LISTENERS_MAX];
	uint16_t ports[LISTENERS_MAX];
	int count;
};

struct session {
	const struct options *options;
	struct listeners listeners;
	struct progress *progress;
	int control; /* read end in the server, write end in the client: closed means stop */
	pid_t server;
};

struct result {
	const char *unit;
	uint64_t count;
	double seconds;
};

typedef int (*server_fn)(struct session *session);

static volatile sig_atomic_t stop;

static void on_signal(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_us(uint32_t us)
{
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};

	nanosleep(&time, NULL);
}

/* In slices: a signal that comes just before nanosleep() must not cost a whole interval. */
static void sleep_unless_stopped(uint32_t ms)
{
	while (ms && !stop) {
		uint32_t slice = ms < 50 ? ms : 50;

		sleep_us(slice * 1000);
		ms -= slice;
	}
}

static int fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	return -1;
}

static void close_listeners(struct listeners *listeners)
{
	while (listeners->count)
		close(listeners->fds[--listeners->count]);
}

/* Few connections stay with one destination, so the server need not listen beyond it. */
static bool is_one_destination(const struct options *options)
{
	return options->connections && options->connections <= DESTINATION_BLOCK;
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
static socklen_t destination(const struct session *session, uint64_t n, union address *address)
{
	uint64_t block = n / DESTINATION_BLOCK;
	int listener = session->options->ipv6 ? (int)(block % LISTENERS_MAX) : 0;
	uint32_t low = (uint32_t)(block / 250 % 250) << 8 | (uint32_t)(1 + block % 250);

	return make_address(session->options->ipv6, 127U << 24 | low,
			    session->listeners.ports[listener], address);
}

/* Returns a connected socket or -1; one that a signal interrupted is closed silently. */
static int connect_one(const struct session *session, uint64_t n)
{
	union address address;
	socklen_t size = destination(session, n, &address);
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail("socket");
	if (connect(fd, &address.any, size)) {
		if (errno != EINTR || !stop)
			fail("connect");
		close(fd);
		return -1;
	}
	return fd;
}

static void read_to_end(int fd)
{
	char bytes[64];

	while (!stop && read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* Waits, for a bounded time, until the server is at most `ahead` connections behind. */
static int wait_for_server(const struct session *session, uint64_t started, uint64_t ahead)
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

/* -- the server process -------------------------------------------------------------------- */

/* Returns 1 for a connection, 0 for none waiting, -1 for an error. */
static int accept_one(struct session *session, int listener, int flags, int *fd)
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

static bool all_served(const struct session *session)
{
	return atomic_load(&session->progress->served) >= atomic_load(&session->progress->started);
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

	while (!give_up || (!all_served(session) && now_s() < give_up)) {
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
	return all_served(session) ? 0 : -1;
}

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

/* -- a session: both processes, from first to last ------------------------------------------ */

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

static int session_start(struct session *session, const struct options *options, server_fn serve)
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

/* Returns when the server has served what was started, and has exited. */
static int session_end(struct session *session)
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

/* -- the loads ------------------------------------------------------------------------------- */

static bool churn_goes_on(const struct options *options, uint64_t n, double end)
{
	if (stop || (options->connections && n >= options->connections))
		return false;
	return !options->duration_s || now_s() < end;
}

static int churn_step(struct session *session, uint64_t n)
{
	int fd;

	if (n % AHEAD_STEP == 0 && wait_for_server(session, n, AHEAD_MAX))
		return -1;
	fd = connect_one(session, n);
	if (fd < 0)
		return stop ? 0 : -1;
	atomic_store(&session->progress->started, n + 1);
	if (session->options->server_closes)
		read_to_end(fd);
	close(fd);
	return 0;
}

static int churn(const struct options *options, struct result *result)
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

static int bystander_syscalls(const struct options *options, struct result *result)
{
	double begin = now_s();
	double end = begin + options->duration_s;

	result->unit = "calls";
	while (!stop && now_s() < end) {
		for (int i = 0; i < SYSCALLS_PER_LOOK; i++)
			syscall(SYS_getppid);
		result->count += SYSCALLS_PER_LOOK;
	}
	result->seconds = now_s() - begin;
	return 0;
}

static int allow_descriptors(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return fail("getrlimit");
	if (limit.rlim_cur >= wanted)
		return 0;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	return setrlimit(RLIMIT_NOFILE, &limit) ? fail("cannot raise RLIMIT_NOFILE") : 0;
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

/* For who wants to look at something else at the begin and the end of what is measured. */
static void announce(const struct options *options, const char *what)
{
	if (options->announce) {
		puts(what);
		fflush(stdout);
	}
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

static int bystander_requests(const struct options *options, struct result *result)
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

/* -- held: sockets that stay in CLOSE_WAIT --------------------------------------------------- */

/* As many descriptors as this host allows. */
static uint64_t most_descriptors(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	if (limit.rlim_cur < wanted) {
		struct rlimit more = {.rlim_cur = wanted, .rlim_max = wanted};

		if (limit.rlim_max > wanted)
			more.rlim_max = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &more)) {
			limit.rlim_cur = limit.rlim_max;
			setrlimit(RLIMIT_NOFILE, &limit);
		}
	}
	return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur;
}

/* Holds `quota` of what comes until the client says stop; it never reads. */
static int hold_some(struct session *session, uint64_t quota)
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

/* One process where the limit of descriptors allows it, otherwise several. */
static int hold_server(struct session *session)
{
	uint64_t wanted = session->options->connections;
	uint64_t each = session->options->unaccepted ? wanted : most_descriptors(wanted + 64) - 64;
	int err;

	for (uint64_t held = each; held < wanted; held += each) {
		if (fork() == 0)
			_exit(hold_some(session, each) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	err = hold_some(session, session->options->unaccepted ? 0 : each);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return err;
}

/* An end of file for each, which nobody reads: close() at this end makes CLOSE_WAIT at the other.
 */
static int hold_connect(struct session *session)
{
	bool accepted = !session->options->unaccepted;
	uint64_t n = 0;

	for (; n < session->options->connections && !stop; n++) {
		int fd;

		if (accepted && n % AHEAD_STEP == 0 && wait_for_server(session, n, AHEAD_MAX))
			return -1;
		fd = connect_one(session, n);
		if (fd < 0)
			return stop ? 0 : -1;
		close(fd);
		atomic_store(&session->progress->started, n + 1);
	}
	return accepted ? wait_for_server(session, n, 0) : 0;
}

static int hold(const struct options *options, struct result *result)
{
	struct session session;
	double begin;
	int err;

	if (session_start(&session, options, hold_server))
		return -1;
	begin = now_s();
	err = hold_connect(&session);
	result->unit = "connections";
	result->count = atomic_load(&session.progress->started);
	result->seconds = now_s() - begin;
	if (!err) {
		printf("held by %d\n", (int)session.server);
		fflush(stdout);
		sleep_unless_stopped((uint32_t)(options->duration_s * 1000));
	}
	return session_end(&session) || err ? -1 : 0;
}

/* -- the command line ------------------------------------------------------------------------ */

struct load {
	const char *name;
	int (*run)(const struct options *options, struct result *result);
	const char *takes; /* letters of its options */
	const char *summary;
};

static const struct load loads[] = {
	{"churn", churn, "dcpaki", "connections made and closed, one after the other"},
	{"bystander-syscalls", bystander_syscalls, "d", "a loop of a cheap system call"},
	{"bystander-requests", bystander_requests, "dcn", "requests over established connections"},
	{"hold", hold, "dcu", "a server that holds connections in CLOSE_WAIT"},
};

static const struct option long_options[] = {
	{"duration", required_argument, NULL, 'd'}, {"connections", required_argument, NULL, 'c'},
	{"port", required_argument, NULL, 'p'},	    {"address", required_argument, NULL, 'a'},
	{"closer", required_argument, NULL, 'k'},   {"interval-ms", required_argument, NULL, 'i'},
	{"announce", no_argument, NULL, 'n'},	    {"unaccepted", no_argument, NULL, 'u'},
	{"help", no_argument, NULL, 'h'},	    {0},
};

static void print_usage(FILE *stream)
{
	fprintf(stream, "usage: load LOAD [options]\n\n");
	for (size_t i = 0; i < sizeof(loads) / sizeof(*loads); i++)
		fprintf(stream, "  %-19s %s\n", loads[i].name, loads[i].summary);
	fprintf(stream,
		"\n"
		"  --duration SECONDS       stop after this time (3 if no other end is given)\n"
		"  --connections N          churn: stop after so many; bystander-requests:\n"
		"                           keep so many (10000); hold: so many (10000)\n"
		"  --announce               bystander-requests: print begin and end\n"
		"  --unaccepted             hold: in the backlog (net.core.somaxconn must allow "
		"it)\n"
		"churn only:\n"
		"  --port PORT              of the server (0: automatic; ::1 may take 40 ports)\n"
		"  --address 127.0.0.1|::1  family; 127.0.0.1 moves on to its neighbours\n"
		"  --closer client|server   who closes first (client)\n"
		"  --interval-ms MS         pause between connections (0)\n");
}

/* A whole decimal number within bounds, or usage. */
static bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *number >= low && *number <= high;
}

static bool parse_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return end != text && !*end && *seconds > 0 && *seconds <= 3600;
}

/* One of two words: false and true. */
static bool parse_choice(const char *text, const char *no, const char *yes, bool *choice)
{
	*choice = !strcmp(text, yes);
	return *choice || !strcmp(text, no);
}

static bool parse_option(int letter, const char *text, struct options *options)
{
	uint64_t number = 0;
	bool good;

	switch (letter) {
	case 'd':
		return parse_seconds(text, &options->duration_s);
	case 'c':
		return parse_number(text, 1, 1000000000, &options->connections);
	case 'p':
		good = parse_number(text, 0, UINT16_MAX - LISTENERS_MAX, &number);
		options->port = (uint16_t)number;
		return good;
	case 'i':
		good = parse_number(text, 0, 3600000, &number);
		options->interval_ms = (uint32_t)number;
		return good;
	case 'a':
		return parse_choice(text, "127.0.0.1", "::1", &options->ipv6);
	case 'k':
		return parse_choice(text, "client", "server", &options->server_closes);
	case 'n':
		options->announce = true;
		return true;
	case 'u':
		options->unaccepted = true;
		return true;
	default:
		return false;
	}
}

static const struct load *find_load(const char *name)
{
	for (size_t i = 0; i < sizeof(loads) / sizeof(*loads); i++)
		if (!strcmp(loads[i].name, name))
			return &loads[i];
	return NULL;
}

/* Returns 0 to go on, else the exit status plus one. */
static int parse_arguments(int argc, char **argv, const struct load *load, struct options *options)
{
	int index = 0;
	int letter;

	while ((letter = getopt_long(argc, argv, "h", long_options, &index)) != -1) {
		if (letter == 'h') {
			print_usage(stdout);
			return 1 + EXIT_SUCCESS;
		}
		if (letter == '?')
			return 1 + EXIT_USAGE;
		if (!strchr(load->takes, letter)) {
			fprintf(stderr, "load: %s takes no --%s\n", load->name,
				long_options[index].name);
			return 1 + EXIT_USAGE;
		}
		if (!parse_option(letter, optarg, options)) {
			fprintf(stderr, "load: --%s: bad value '%s'\n", long_options[index].name,
				optarg);
			return 1 + EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "load: unexpected argument '%s'\n", argv[optind]);
		return 1 + EXIT_USAGE;
	}
	return 0;
}

/* No load runs without an end. */
static void set_defaults(const struct load *load, struct options *options)
{
	bool count_is_end = load->run == churn;

	if (!options->duration_s && !(count_is_end && options->connections))
		options->duration_s = 3;
	if (!options->connections && (load->run == bystander_requests || load->run == hold))
		options->connections = 10000;
}

static void catch_signals(void)
{
	/* No SA_RESTART: a signal has to end a blocking connect() or read(). */
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int print_result(const struct result *result)
{
	double per_s = result->seconds > 0 ? (double)result->count / result->seconds : 0;

	printf("{\"%s\":%llu,\"seconds\":%.6f,\"per_s\":%.1f}\n", result->unit,
	       (unsigned long long)result->count, result->seconds, per_s);
	return fflush(stdout) ? fail("cannot write the result") : 0;
}

int main(int argc, char **argv)
{
	const struct load *load = argc > 1 ? find_load(argv[1]) : NULL;
	struct options options = {0};
	struct result result = {0};
	int done;

	if (!load) {
		bool help = argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"));

		print_usage(help ? stdout : stderr);
		return help ? EXIT_SUCCESS : EXIT_USAGE;
	}
	done = parse_arguments(argc - 1, argv + 1, load, &options);
	if (done)
		return done - 1;
	set_defaults(load, &options);
	catch_signals();
	if (load->run(&options, &result) || print_result(&result))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
