/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A world with the ports view on it. */
#ifndef TCPLINGER_UNIT_PORTS_SCREEN_H
#define TCPLINGER_UNIT_PORTS_SCREEN_H

#include "view/ports/ports.h"
#include "world.h"

#define BEGIN	  (1000 * SECOND)
#define MS	  1000000ULL
#define LENGTH	  (60 * (int64_t)SECOND)
#define LOW	  40000
#define HIGH	  40009
#define WIDE_LOW  20000
#define WIDE_HIGH 20999

struct screen {
	struct world *world;
	struct tuple_filter tuples;
	struct process_filter filter;
	struct record_ports settings;
	struct ports ports;
	struct output output;
	struct tuple to; /* the destination of what is next */
	uint64_t time_ns;
	uint64_t failing; /* cookie of the last that failed */
};

void screen_init(struct screen *screen);
int screen_teardown(void **state);
void pass(struct screen *screen, uint64_t ns);

/* A listing that tells of bound ports, and says nothing of what it does not show. */
void listing_begins(struct screen *screen);

void listing_ends(struct screen *screen);
void list_bound_port(struct screen *screen, uint16_t port, uint32_t pid);
void list_bound(struct screen *screen, uint16_t low, uint16_t high, uint32_t pid);
void list_nothing(struct screen *screen);
void reserve(struct screen *screen, uint16_t low, uint16_t high);

/* Its settings told: most tests begin with that. */
int screen_setup(void **state);
int screen_setup_unlisted(void **state);

#define screen_test(test) cmocka_unit_test_setup_teardown(test, screen_setup, screen_teardown)
#define unlisted_test(test)                                                                        \
	cmocka_unit_test_setup_teardown(test, screen_setup_unlisted, screen_teardown)

struct record_transition step_of(struct screen *screen, uint64_t cookie, uint16_t lport,
				 unsigned int old_state, unsigned int new_state, uint32_t pid);

/* connect() begins: it has no port yet. */
void asks(struct screen *screen, uint64_t cookie, uint32_t pid);
void connects(struct screen *screen, uint64_t cookie, uint16_t lport, uint32_t pid);

/* From a port that it has bound. */
void connects_bound(struct screen *screen, uint64_t cookie, uint16_t lport, uint32_t pid);
void moves(struct screen *screen, uint64_t cookie, uint16_t lport, unsigned int old_state,
	   unsigned int new_state);

/* This side closes first, and the peer at once. */
void waits(struct screen *screen, uint64_t cookie, uint16_t lport, bool timestamps);
void expires(struct screen *screen, uint64_t cookie, uint16_t lport);

/* The peer has closed first: nothing is left. */
void is_over(struct screen *screen, uint64_t cookie, uint16_t lport);

#define SEARCH_NS 5000

/* A connect that gets no port: `failure`, and the socket's own range. */
void fails_with(struct screen *screen, uint32_t pid, unsigned int failure, uint16_t low,
		uint16_t high);
void fails(struct screen *screen, uint32_t pid);

/* Connections on ports from `low` on, with cookies alike. */
void connect_range(struct screen *screen, uint16_t low, uint16_t high, uint32_t pid);

void refresh(struct screen *screen, bool last);
struct port_row *only_row(struct screen *screen);
const struct port_failure *only_failure(struct screen *screen);

/* 0: the owner is unknown, or there is none. */
uint32_t pid_of(const struct screen *screen, uint32_t process);

/* How many ports of a census this process holds. */
uint32_t ports_of(const struct screen *screen, const struct census *census, uint32_t pid);

/* A supply of a thousand. */
void widen(struct screen *screen);
double consumed_of(const struct screen *screen, const struct port_row *row);
bool asks_for_a_listing(const struct screen *screen);
const char *text_of(struct screen *screen);

/* The text, as of now; and whether a wide terminal's has these words. */
const char *table_of(struct screen *screen, struct text_style style);
bool says(struct screen *screen, const char *words);

const char *json_of(struct screen *screen, size_t limit);

#endif
