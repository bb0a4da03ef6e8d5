// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "leaks_screen.h"

void screen_init(struct screen *screen, struct view_config config)
{
	config.processes = &screen->filter;
	screen->world = world_new(NULL, &screen->filter);
	world_watches(screen->world);
	screen->time_ns = BEGIN;
	leaks_init(&screen->leaks, &config, &screen->world->model);
	world_shows(screen->world, &leaks_view.observer, &screen->leaks);
	output_init(&screen->output, -1, NULL);
}

int setup(void **state)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	screen_init(screen, (struct view_config){.age_ns = 10 * SECOND});
	*state = screen;
	return 0;
}

int teardown(void **state)
{
	struct screen *screen = *state;

	leaks_free(&screen->leaks);
	output_free(&screen->output);
	world_free(screen->world);
	free(screen);
	return 0;
}

void again_with(struct screen *screen, struct view_config config)
{
	leaks_free(&screen->leaks);
	output_free(&screen->output);
	world_free(screen->world);
	screen_init(screen, config);
}

void begins(struct screen *screen)
{
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_BEGINS));
}

void ends(struct screen *screen, bool last)
{
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	leaks_refresh(&screen->leaks, 0, last);
}

void list_listeners(struct screen *screen)
{
	struct record_listing record = listing_of(screen->time_ns, LISTING_BEGINS, 0);

	record.scope = LISTING_CONNECTIONS;
	feed(screen->world, record);
	record.phase = LISTING_ENDS;
	feed(screen->world, record);
}

void add(struct screen *screen, uint64_t cookie, uint64_t age_ns, uint32_t owner)
{
	struct record_socket record =
		close_wait_row(cookie, screen->time_ns, 0, 0, screen->time_ns - age_ns);

	record.owner = process_of(owner, "owner");
	record.owner_by = owner ? OWNER_CONNECT : OWNER_NONE;
	feed(screen->world, record);
}

void hold(struct screen *screen, uint64_t cookie, uint32_t pid, uint32_t fd)
{
	struct record_holder record = holder_of(cookie, screen->time_ns, pid, "holder");

	record.fd = fd;
	feed(screen->world, record);
}

bool asks(const struct screen *screen, enum question_kind kind)
{
	struct questions questions;
	bool asks;

	questions_init(&questions);
	leaks_ask(&screen->leaks, &questions);
	asks = questions_have(&questions, kind);
	questions_free(&questions);
	return asks;
}

void tell_facts(struct screen *screen, uint32_t pid, struct process_facts facts)
{
	struct record_facts record = facts_of(screen->time_ns, pid);

	record.facts = facts;
	feed(screen->world, record);
}

const struct leak_row *row_of(const struct screen *screen, uint32_t pid)
{
	for (size_t i = 0; i < screen->leaks.rows.shown_count; i++) {
		const struct leak_row *row = leaks_shown(&screen->leaks, i);
		const struct process *process = processes_get(
			&screen->world->model.connections.processes, row->row.process);

		if ((process ? process->id.pid : 0) == pid)
			return row;
	}
	return NULL;
}

void look(struct screen *screen, unsigned int sockets, bool last)
{
	screen->time_ns += SECOND;
	begins(screen);
	for (uint64_t cookie = 1; cookie <= sockets; cookie++)
		add(screen, cookie, 20 * SECOND, 7);
	ends(screen, last);
}

unsigned int asked(const struct screen *screen, enum question_kind kind)
{
	struct questions questions;
	unsigned int count = 0;

	questions_init(&questions);
	leaks_ask(&screen->leaks, &questions);
	for (uint32_t i = 0; i < questions_count(&questions); i++)
		count += questions_get(&questions, i)->kind == kind;
	questions_free(&questions);
	return count;
}
