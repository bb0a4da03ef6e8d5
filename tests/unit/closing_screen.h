/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A world with the view of sockets that close on it. */
#ifndef TCPLINGER_UNIT_CLOSING_SCREEN_H
#define TCPLINGER_UNIT_CLOSING_SCREEN_H

#include "view/closing/closing.h"
#include "world.h"

#define BEGIN (1000 * SECOND)

struct closing_screen {
	struct world *world;
	struct process_filter filter;
	struct tuple_filter tuples;
	struct closing closing;
	struct output output;
	uint64_t time_ns;
};

/* `config`: what it is shown with, its filters aside. */
void closing_screen_init(struct closing_screen *screen, struct view_config config);
int closing_setup(void **state);
int closing_teardown(void **state);
void closing_again(struct closing_screen *screen, struct view_config config);

#define closing_test(test) cmocka_unit_test_setup_teardown(test, closing_setup, closing_teardown)

void closing_begins(struct closing_screen *screen);
void closing_ends(struct closing_screen *screen, bool last);

/* Our FIN was acknowledged so long ago, surely. */
struct record_socket fin_wait2_row(const struct closing_screen *screen, uint64_t cookie,
				   uint64_t age_ns);

/* An orphan whose FIN was sent again so often; it was sent first so long ago, at least. */
struct record_socket last_ack_row(const struct closing_screen *screen, uint64_t cookie,
				  uint64_t age_ns, unsigned int retransmits);

/* The row of a process; NULL if it has none. */
const struct closing_row *closing_row_of(const struct closing_screen *screen, uint32_t pid);

const char *closing_shown_as(struct closing_screen *screen, bool json, unsigned int columns);

#endif
