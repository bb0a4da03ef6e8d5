/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A world with all views on it, and who judges them. Rows are made by hand: what a rule makes of
 * one is all that is asked. */
#ifndef TCPLINGER_UNIT_ADVICE_SCREEN_H
#define TCPLINGER_UNIT_ADVICE_SCREEN_H

#include "view/advice/advice.h"
#include "world.h"

#define BEGIN (1000 * SECOND)

struct screen {
	struct world *world;
	struct leaks leaks;
	struct time_waits waits;
	struct ports ports;
	struct opening opening;
	struct closing closing;
	struct adviser adviser;
	struct process_filter filter;
	struct output output;
	uint64_t time_ns;
	uint64_t keys; /* of rows made so far */
};

int screen_setup(void **state);
int screen_setup_recent(void **state); /* that judges the last minute */
int screen_teardown(void **state);

#define screen_test(test) cmocka_unit_test_setup_teardown(test, screen_setup, screen_teardown)
#define recent_test(test)                                                                          \
	cmocka_unit_test_setup_teardown(test, screen_setup_recent, screen_teardown)

/* The number of a process. */
uint32_t number_of(struct screen *screen, uint32_t pid, const char *comm);

/* What a source says that it lacks: WANT(). */
void lacks(struct screen *screen, uint32_t wants);

/* A row of a process (0: nobody) that is as good as shown. */
struct leak_row *leak_row(struct screen *screen, uint32_t pid);
struct time_wait_row *wait_row(struct screen *screen, uint32_t pid, unsigned int direction);
struct port_row *port_row(struct screen *screen, uint32_t supply, uint32_t used);
struct port_failure *failure_row(struct screen *screen, uint32_t pid, enum port_cause cause);
struct opening_row *opening_row(struct screen *screen, uint32_t pid);
struct listener_row *listener_row(struct screen *screen, uint32_t pid, uint16_t port);
struct closing_row *closing_row(struct screen *screen, uint32_t pid);

/* What /proc told of a process. */
struct process_facts *facts_told(struct screen *screen, uint32_t pid);

/* What is told of the namespace: a setting, connection tracking, a counter. */
void set_up(struct screen *screen, enum setting setting, uint64_t value);
void tracks(struct screen *screen, struct conntrack conntrack);
void counts(struct screen *screen, enum counter counter, uint64_t value);

/* Judges, a second later. */
void judge(struct screen *screen);

/* The only advice of a rule, or NULL; how many there are. */
const struct advice *advice_of(struct screen *screen, const char *rule);
size_t count_of(struct screen *screen, const char *rule);

/* Judges; then that rule has found it so grave, or nothing. */
void fires(struct screen *screen, const char *rule, enum severity severity);
void is_silent(struct screen *screen, const char *rule);
bool is_unknown(struct screen *screen, const char *rule);

/* A figure of the only advice of a rule. */
uint64_t number_told(struct screen *screen, const char *rule, const char *key);
const char *sentence_of(struct screen *screen, const char *rule); /* static */
const char *json_of(struct screen *screen, const char *rule);	  /* likewise */

#endif
