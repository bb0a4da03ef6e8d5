/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A world with the view of CLOSE_WAITs on it. */
#ifndef TCPLINGER_UNIT_LEAKS_SCREEN_H
#define TCPLINGER_UNIT_LEAKS_SCREEN_H

#include "view/leaks/leaks.h"
#include "world.h"

#define BEGIN (1000 * SECOND)

struct screen {
	struct world *world;
	struct process_filter filter;
	struct leaks leaks;
	struct output output;
	uint64_t time_ns;
};

void screen_init(struct screen *screen, struct view_config config);
int setup(void **state);
int teardown(void **state);

#define screen_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

void again_with(struct screen *screen, struct view_config config);
void begins(struct screen *screen);
void ends(struct screen *screen, bool last);

/* As after a loss. */
void list_listeners(struct screen *screen);

/* Of this age, owned by `owner` (0: nobody known). */
void add(struct screen *screen, uint64_t cookie, uint64_t age_ns, uint32_t owner);
void hold(struct screen *screen, uint64_t cookie, uint32_t pid, uint32_t fd);
bool asks(const struct screen *screen, enum question_kind kind);
unsigned int asked(const struct screen *screen, enum question_kind kind); /* how often */

/* As a source answers. */
void tell_facts(struct screen *screen, uint32_t pid, struct process_facts facts);
const struct leak_row *row_of(const struct screen *screen, uint32_t pid);
void look(struct screen *screen, unsigned int sockets, bool last);

#endif
