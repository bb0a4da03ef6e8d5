// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "closing_screen.h"

void closing_screen_init(struct closing_screen *screen, struct view_config config)
{
	config.processes = &screen->filter;
	config.tuples = &screen->tuples;
	screen->world = world_new(NULL, &screen->filter);
	screen->world->model.needs = closing_view.needs;
	screen->time_ns = BEGIN;
	closing_init(&screen->closing, &config, &screen->world->model);
	world_shows(screen->world, &closing_view.observer, &screen->closing);
	output_init(&screen->output, -1, NULL);
}

int closing_setup(void **state)
{
	struct closing_screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	closing_screen_init(screen, (struct view_config){.age_ns = 10 * SECOND});
	*state = screen;
	return 0;
}

static void tear_down(struct closing_screen *screen)
{
	closing_free(&screen->closing);
	output_free(&screen->output);
	world_free(screen->world);
}

int closing_teardown(void **state)
{
	tear_down(*state);
	free(*state);
	return 0;
}

void closing_again(struct closing_screen *screen, struct view_config config)
{
	tear_down(screen);
	closing_screen_init(screen, config);
}

void closing_begins(struct closing_screen *screen)
{
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_BEGINS));
}

void closing_ends(struct closing_screen *screen, bool last)
{
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	closing_refresh(&screen->closing, 0, last);
}

struct record_socket fin_wait2_row(const struct closing_screen *screen, uint64_t cookie,
				   uint64_t age_ns)
{
	struct record_socket record = socket_row(cookie, screen->time_ns, TCP_FIN_WAIT2);

	record.times.acked_ns = record.times.sent_ns = screen->time_ns - age_ns;
	record.direction = DIRECTION_OUT;
	return record;
}

struct record_socket last_ack_row(const struct closing_screen *screen, uint64_t cookie,
				  uint64_t age_ns, unsigned int retransmits)
{
	struct record_socket record = socket_row(cookie, screen->time_ns, TCP_LAST_ACK);

	record.inode = 0;
	record.flags = SOCKET_ORPHAN | SOCKET_UNACCEPTED;
	record.direction = DIRECTION_IN;
	record.unacked = 1;
	record.retransmits = (uint8_t)retransmits;
	if (retransmits)
		record.retrans_ns = screen->time_ns - age_ns;
	return record;
}

const struct closing_row *closing_row_of(const struct closing_screen *screen, uint32_t pid)
{
	for (size_t i = 0; i < screen->closing.rows.shown_count; i++) {
		const struct closing_row *row = closing_shown(&screen->closing, i);
		const struct process *process =
			rows_process(&screen->closing.rows, row->row.process);

		if ((process ? process->id.pid : 0) == pid)
			return row;
	}
	return NULL;
}

const char *closing_shown_as(struct closing_screen *screen, bool json, unsigned int columns)
{
	struct text_style text = {.columns = columns, .details = true};

	screen->output.length = 0;
	if (json)
		closing_show_json(&screen->closing, &screen->output, 0);
	else
		closing_show_text(&screen->closing, &screen->output, &text, false);
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}
