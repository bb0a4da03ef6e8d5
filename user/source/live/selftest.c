// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live/selftest.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "selftest.skel.h"

#define PATIENCE_S 1
#define WAITS	   50
#define WAIT_NS	   10000000

#define FUNCTION_NAME(name) #name,
static const char *const function_names[FUNCTIONS] = {TRACED_FUNCTIONS(FUNCTION_NAME)};

const char *function_name(enum traced_function function)
{
	return function_names[function];
}

/* -1 where the host allows no such socket: its functions then stay silent. */
static int open_socket(int family)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

/* Bound to `address`, which becomes what the kernel made of it. */
static int open_bound(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = open_socket(AF_INET);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)address, length) != 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Awaits the FIN and acknowledges it, which close() would leave to a FIN of its own: only who has
 * the ACK alone goes to FIN_WAIT2.
 */
static void acknowledge_end(int fd)
{
	int on = 1;
	char byte;

	recv(fd, &byte, sizeof(byte), 0);
	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

/* A connection from `client`, as its server has it, to `server`; its descriptors are closed so. */
static void connect_once(int listener, struct sockaddr_in *client, const struct sockaddr_in *server,
			 bool server_resets)
{
	struct linger at_once = {.l_onoff = 1};
	int fd = open_bound(client), accepted = -1;

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)server, sizeof(*server)) == 0)
		accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (accepted >= 0) {
		if (server_resets)
			setsockopt(accepted, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(accepted);
		acknowledge_end(fd);
	}
	close(fd);
}

/*
 * The server closes first and is left with a minisocket, in FIN_WAIT2 until the client closes, when
 * it is armed again: a kernel may call __inet_twsk_schedule nowhere else, and have it inlined at
 * birth. The next connection of the same tuple ends the minisocket, and is itself reset.
 */
static void run_ipv4(void)
{
	struct sockaddr_in server = {.sin_family = AF_INET};
	struct sockaddr_in client;
	int listener;

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client = server;
	listener = open_bound(&server);
	if (listener < 0)
		return;
	if (listen(listener, 1) == 0) {
		connect_once(listener, &client, &server, false);
		connect_once(listener, &client, &server, true);
	}
	close(listener);
}

/* To where nobody listens. */
static void run_ipv6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t length = sizeof(address);
	int bound = open_socket(AF_INET6), fd = open_socket(AF_INET6);

	if (bind(bound, (struct sockaddr *)&address, length) == 0 &&
	    getsockname(bound, (struct sockaddr *)&address, &length) == 0)
		connect(fd, (struct sockaddr *)&address, length);
	if (fd >= 0)
		close(fd);
	if (bound >= 0)
		close(bound);
}

/* Objects of programs, loaded and attached: one of all functions, or one of each. */
struct trial {
	struct selftest *selftest;
	struct selftest_bpf *objects[FUNCTIONS];
	int count;
	struct bpf_link *links[FUNCTIONS];
};

static bool has_run(const struct trial *trial, enum traced_function function)
{
	for (int i = 0; i < trial->count; i++)
		if (trial->objects[i]->bss->fired[function])
			return true;
	return false;
}

static void take_states(const struct trial *trial)
{
	uint8_t *states = trial->selftest->states;

	for (int i = 0; i < FUNCTIONS; i++)
		if (states[i] == FUNCTION_SILENT && has_run(trial, i))
			states[i] = FUNCTION_FIRED;
}

static bool all_fired(const struct selftest *selftest)
{
	return !memchr(selftest->states, FUNCTION_SILENT, sizeof(selftest->states));
}

/* What softirq does, it may do a little later. */
static void watch_traffic(const struct trial *trial)
{
	struct timespec pause = {.tv_nsec = WAIT_NS};

	run_ipv4();
	run_ipv6();
	take_states(trial);
	for (int i = 0; i < WAITS && !all_fired(trial->selftest); i++) {
		nanosleep(&pause, NULL);
		take_states(trial);
	}
}

/* The program of a function is named after it: "probe_" and the name. */
static enum traced_function function_of(const struct bpf_program *program)
{
	const char *name = bpf_program__name(program) + strlen("probe_");
	int function = 0;

	while (function < FUNCTIONS && strcmp(name, function_name(function)) != 0)
		function++;
	return function;
}

/* The programs of these functions; NULL, with errno, where the kernel refuses one of them. */
static struct selftest_bpf *load(uint32_t functions)
{
	struct selftest_bpf *bpf = selftest_bpf__open();
	struct bpf_program *program;
	int error;

	if (!bpf)
		return NULL;
	bpf_object__for_each_program(program, bpf->obj)
		bpf_program__set_autoload(program, functions & BIT(function_of(program)));
	if (selftest_bpf__load(bpf) == 0)
		return bpf;
	error = errno;
	selftest_bpf__destroy(bpf);
	errno = error;
	return NULL;
}

static void attach(struct trial *trial, const struct selftest_bpf *bpf)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, bpf->obj)
	{
		enum traced_function function = function_of(program);

		if (!bpf_program__autoload(program))
			continue;
		trial->links[function] = bpf_program__attach_trace(program);
		if (trial->links[function])
			trial->selftest->states[function] = FUNCTION_SILENT;
		else
			trial->selftest->errors[function] = errno;
	}
}

/* False, with errno, if they do not load. */
static bool add(struct trial *trial, uint32_t functions)
{
	struct selftest_bpf *bpf = load(functions);

	if (!bpf)
		return false;
	trial->objects[trial->count++] = bpf;
	attach(trial, bpf);
	return true;
}

/* One that is refused takes all of its object along: then each is loaded for itself. */
static void add_all(struct trial *trial, uint32_t functions)
{
	if (add(trial, functions))
		return;
	for (int i = 0; i < FUNCTIONS; i++)
		if (functions & BIT(i) && !add(trial, BIT(i)))
			trial->selftest->errors[i] = errno;
}

static void end(struct trial *trial)
{
	for (int i = 0; i < FUNCTIONS; i++)
		bpf_link__destroy(trial->links[i]);
	for (int i = 0; i < trial->count; i++)
		selftest_bpf__destroy(trial->objects[i]);
}

static void try(struct selftest *selftest, uint32_t functions)
{
	struct trial trial = {.selftest = selftest};

	add_all(&trial, functions);
	if (trial.count)
		watch_traffic(&trial);
	end(&trial);
}

/* A refusal is a finding, of which libbpf would make several lines. */
void selftest_run(struct selftest *selftest, uint32_t functions, uint32_t present)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);

	*selftest = (struct selftest){0};
	for (int i = 0; i < FUNCTIONS; i++)
		if (functions & BIT(i))
			selftest->states[i] =
				present & BIT(i) ? FUNCTION_REFUSED : FUNCTION_MISSING;
	try(selftest, functions & present);
	libbpf_set_print(print);
}
