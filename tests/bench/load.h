/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all loads have in common: a file for each load_*.c, the command line in load.c. */

#ifndef LOAD_H
#define LOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* A given port of IPv6 is the first of so many. */
enum { LISTENERS_MAX = 40 };
/* Of IPv4, at most. */
enum { DESTINATIONS_MAX = 62500 };

struct options {
	double duration_s;     /* 0: no limit */
	uint64_t connections;  /* 0: no limit */
	uint64_t reset_every;  /* 0: none */
	uint64_t destinations; /* 0: a new one when the one before has had enough */
	uint16_t port;
	uint32_t interval_ms;
	bool ipv6;
	bool server_closes;
	bool announce;
	bool unaccepted;
};

struct result {
	const char *unit;
	uint64_t count;
	double seconds;
	uint64_t held; /* sockets, where that is part of the result */
};

/* Set by a signal. */
extern volatile sig_atomic_t stop;

double now_s(void);
void sleep_us(uint32_t us);
/* In slices: a signal that comes just before nanosleep() must not cost a whole interval. */
void sleep_unless_stopped(uint32_t ms);
/* Says what failed, and why by errno; returns -1. */
int fail(const char *what);
/* For who wants to look at something else at the begin and the end of what is measured. */
void announce(const struct options *options, const char *what);
int allow_descriptors(uint64_t wanted);
/* As many descriptors as this host allows. */
uint64_t most_descriptors(uint64_t wanted);

/* The loads. */
int churn(const struct options *options, struct result *result);
int bystander_syscalls(const struct options *options, struct result *result);
int bystander_requests(const struct options *options, struct result *result);
int bystander_timers(const struct options *options, struct result *result);
int storm(const struct options *options, struct result *result);
int hold(const struct options *options, struct result *result);

#endif
