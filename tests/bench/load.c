// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loopback load: what the cost table measures, and the traffic of the demo.
 *
 * Each load is one client process and, where it needs a peer, one server process forked from it.
 * They stop by count, by time or by a signal, and print one JSON line with a rate.
 */

#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

struct load {
	const char *name;
	int (*run)(const struct options *options, struct result *result);
	const char *takes; /* letters of its options */
	const char *summary;
};

static const struct load loads[] = {
	{"churn", churn, "dcpakitr", "connections made and closed, one after the other"},
	{"bystander-syscalls", bystander_syscalls, "d", "a loop of a cheap system call"},
	{"bystander-requests", bystander_requests, "dcn", "requests over established connections"},
	{"bystander-timers", bystander_timers, "dc", "threads that wait with a time-out"},
	{"storm", storm, "dpn", "connect() without a free port, which it takes first"},
	{"hold", hold, "dcu", "a server that holds connections in CLOSE_WAIT"},
};

static const struct option long_options[] = {
	{"duration", required_argument, NULL, 'd'},
	{"connections", required_argument, NULL, 'c'},
	{"port", required_argument, NULL, 'p'},
	{"address", required_argument, NULL, 'a'},
	{"closer", required_argument, NULL, 'k'},
	{"interval-ms", required_argument, NULL, 'i'},
	{"announce", no_argument, NULL, 'n'},
	{"unaccepted", no_argument, NULL, 'u'},
	{"destinations", required_argument, NULL, 't'},
	{"reset-every", required_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},
	{0},
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
		"                           keep so many (10000); hold: so many (10000);\n"
		"                           bystander-timers: so many pairs of threads (100)\n"
		"  --announce               bystander-requests, storm: print begin and end\n"
		"  --unaccepted             hold: in the backlog (net.core.somaxconn must allow "
		"it)\n"
		"  --port PORT              churn, storm: of the server (0: automatic; ::1 may "
		"take\n"
		"                           40 ports)\n"
		"churn only:\n"
		"  --address 127.0.0.1|::1  family; 127.0.0.1 moves on to its neighbours\n"
		"  --closer client|server   who closes first (client)\n"
		"  --interval-ms MS         pause between connections (0)\n"
		"  --destinations N         go round N of them (IPv4); the source moves on "
		"instead\n"
		"  --reset-every N          the client resets every N-th\n");
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
	case 't':
		return parse_number(text, 1, DESTINATIONS_MAX, &options->destinations);
	case 'r':
		return parse_number(text, 1, 1000000000, &options->reset_every);
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
	if (!options->connections && load->run == bystander_timers)
		options->connections = 100;
}

static void on_signal(int signal_number)
{
	(void)signal_number;
	stop = 1;
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

	printf("{\"%s\":%llu,\"seconds\":%.6f,\"per_s\":%.1f", result->unit,
	       (unsigned long long)result->count, result->seconds, per_s);
	if (result->held)
		printf(",\"held\":%llu", (unsigned long long)result->held);
	puts("}");
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
