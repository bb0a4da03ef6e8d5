// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ports_screen.h"

void screen_init(struct screen *screen)
{
	struct view_config config = {.tuples = &screen->tuples, .processes = &screen->filter};

	screen->world = world_new(NULL, &screen->filter);
	screen->settings = port_settings_of(0, LOW, HIGH);
	screen->to = tuple_of("10.0.0.1", 0, "10.0.0.2", 80);
	screen->time_ns = BEGIN;
	screen->failing = 1000000;
	ports_init(&screen->ports, &config, &screen->world->model);
	world_shows(screen->world, &ports_view.observer, &screen->ports);
	output_init(&screen->output, -1, NULL);
}

int screen_teardown(void **state)
{
	struct screen *screen = *state;

	ports_free(&screen->ports);
	output_free(&screen->output);
	world_free(screen->world);
	free(screen);
	return 0;
}

void pass(struct screen *screen, uint64_t ns)
{
	screen->time_ns += ns;
}

void listing_begins(struct screen *screen)
{
	screen->settings.header.time_ns = screen->time_ns;
	feed(screen->world, listing_of(screen->time_ns, LISTING_BEGINS, 0));
	feed(screen->world, screen->settings);
}

/* By a process with a descriptor of it; pid 0: nobody known. */
void list_bound_port(struct screen *screen, uint16_t port, uint32_t pid)
{
	struct record_holder holder = holder_of(900000 + port, screen->time_ns, pid, "binder");
	struct record_socket socket = socket_row(900000 + port, screen->time_ns, TCP_CLOSE);

	holder.netns = NETNS;
	holder.bound_port = socket.tuple.lport = port;
	socket.flags = SOCKET_BOUND;
	if (pid)
		feed(screen->world, holder);
	else
		feed(screen->world, socket);
}

void listing_ends(struct screen *screen)
{
	feed(screen->world, listing_of(screen->time_ns, LISTING_ENDS, 0));
}

void list_bound(struct screen *screen, uint16_t low, uint16_t high, uint32_t pid)
{
	listing_begins(screen);
	for (uint32_t port = low; port <= high; port++)
		list_bound_port(screen, (uint16_t)port, pid);
	listing_ends(screen);
}

void list_nothing(struct screen *screen)
{
	listing_begins(screen);
	listing_ends(screen);
}

void reserve(struct screen *screen, uint16_t low, uint16_t high)
{
	for (uint32_t port = low; port <= high; port++)
		screen->settings.reserved[port / 8] |= (uint8_t)(1 << port % 8);
	list_nothing(screen);
}

int screen_setup(void **state)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	screen_init(screen);
	list_nothing(screen);
	*state = screen;
	return 0;
}

int screen_setup_unlisted(void **state)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	screen_init(screen);
	*state = screen;
	return 0;
}

struct record_transition step_of(struct screen *screen, uint64_t cookie, uint16_t lport,
				 unsigned int old_state, unsigned int new_state, uint32_t pid)
{
	struct record_transition record =
		transition_of(cookie, screen->time_ns, old_state, new_state);

	record.tuple = screen->to;
	record.tuple.lport = lport;
	record.direction = DIRECTION_OUT;
	record.owner = process_of(pid, "client");
	record.owner_by = pid ? OWNER_CONNECT : OWNER_NONE;
	return record;
}

void asks(struct screen *screen, uint64_t cookie, uint32_t pid)
{
	feed(screen->world, step_of(screen, cookie, 0, TCP_CLOSE, TCP_SYN_SENT, pid));
}

void connects(struct screen *screen, uint64_t cookie, uint16_t lport, uint32_t pid)
{
	asks(screen, cookie, pid);
	feed(screen->world, step_of(screen, cookie, lport, TCP_SYN_SENT, TCP_ESTABLISHED, pid));
}

void connects_bound(struct screen *screen, uint64_t cookie, uint16_t lport, uint32_t pid)
{
	struct record_transition record =
		step_of(screen, cookie, lport, TCP_SYN_SENT, TCP_ESTABLISHED, pid);

	record.bound = 1;
	feed(screen->world, record);
}

void moves(struct screen *screen, uint64_t cookie, uint16_t lport, unsigned int old_state,
	   unsigned int new_state)
{
	feed(screen->world, step_of(screen, cookie, lport, old_state, new_state, 0));
}

void waits(struct screen *screen, uint64_t cookie, uint16_t lport, bool timestamps)
{
	struct record_timewait record =
		timewait_of(cookie, screen->time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH);

	record.tuple = screen->to;
	record.tuple.lport = lport;
	record.timestamps = timestamps;
	moves(screen, cookie, lport, TCP_ESTABLISHED, TCP_FIN_WAIT1);
	feed(screen->world, record);
}

void expires(struct screen *screen, uint64_t cookie, uint16_t lport)
{
	struct record_timewait record =
		timewait_end(cookie, screen->time_ns, TCP_TIME_WAIT, 0, END_EXPIRED);

	record.tuple = screen->to;
	record.tuple.lport = lport;
	feed(screen->world, record);
}

void is_over(struct screen *screen, uint64_t cookie, uint16_t lport)
{
	moves(screen, cookie, lport, TCP_LAST_ACK, TCP_CLOSE);
}

void fails_with(struct screen *screen, uint32_t pid, unsigned int failure, uint16_t low,
		uint16_t high)
{
	uint16_t lport = failure == FAILURE_IN_USE ? 50000 : 0;
	struct record_transition record =
		step_of(screen, ++screen->failing, lport, TCP_SYN_SENT, TCP_CLOSE, pid);

	asks(screen, screen->failing, pid);
	record.header.time_ns += SEARCH_NS;
	record.failure = (uint8_t)failure;
	record.range_low = low;
	record.range_high = high;
	feed(screen->world, record);
}

void fails(struct screen *screen, uint32_t pid)
{
	fails_with(screen, pid, FAILURE_NO_PORT, 0, 0);
}

void connect_range(struct screen *screen, uint16_t low, uint16_t high, uint32_t pid)
{
	for (uint32_t port = low; port <= high; port++)
		connects(screen, port, (uint16_t)port, pid);
}

static void check_census(const struct census *census)
{
	uint32_t states = 0, owners = 0;

	for (unsigned int state = 0; state < TCP_STATES; state++)
		states += census->by_state[state];
	for (size_t i = 0; i < census->owner_count; i++) {
		const struct census_owner *owner = &census->owners[i];
		uint32_t its = 0;

		for (unsigned int state = 0; state < TCP_STATES; state++)
			its += owner->by_state[state];
		assert_int_equal(its, owner->ports);
		owners += owner->ports;
		if (i)
			assert_true(census->owners[i - 1].ports >= owner->ports);
	}
	assert_int_equal(census->used, states);
	assert_int_equal(census->used, owners);
	assert_true(census->reusable <= census->by_state[TCP_TIME_WAIT]);
	assert_true(census->held <= census->used);
}

static void check_row(void *context, struct row *row)
{
	(void)context;
	check_census(&((struct port_row *)row)->now);
}

static void check_failure(void *context, struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;

	(void)context;
	check_census(&failure->census);
	assert_true(failure->count > 0);
	assert_true(failure->first_ns <= failure->last_ns);
}

void refresh(struct screen *screen, bool last)
{
	ports_refresh(&screen->ports, screen->time_ns, last);
	rows_each(&screen->ports.rows, check_row, NULL);
	rows_each(&screen->ports.failures, check_failure, NULL);
}

struct port_row *only_row(struct screen *screen)
{
	refresh(screen, false);
	assert_int_equal(screen->ports.rows.shown_count, 1);
	return ports_shown(&screen->ports, 0);
}

const struct port_failure *only_failure(struct screen *screen)
{
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 1);
	return ports_failure(&screen->ports, 0);
}

uint32_t pid_of(const struct screen *screen, uint32_t process)
{
	const struct process *found = rows_process(&screen->ports.rows, process);

	return found ? found->id.pid : 0;
}

uint32_t ports_of(const struct screen *screen, const struct census *census, uint32_t pid)
{
	for (size_t i = 0; i < census->owner_count; i++)
		if (pid_of(screen, census->owners[i].process) == pid)
			return census->owners[i].ports;
	return 0;
}

void widen(struct screen *screen)
{
	screen->settings.low = WIDE_LOW;
	screen->settings.high = WIDE_HIGH;
	list_nothing(screen);
}

double consumed_of(const struct screen *screen, const struct port_row *row)
{
	double per_s = -1;

	ports_consumed(&screen->ports, row, &per_s);
	return per_s;
}

bool asks_for_a_listing(const struct screen *screen)
{
	struct questions questions;
	bool asks;

	questions_init(&questions);
	ports_ask(&screen->ports, &questions);
	asks = questions_have(&questions, QUESTION_LISTING);
	questions_free(&questions);
	return asks;
}

const char *text_of(struct screen *screen)
{
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

const char *json_of(struct screen *screen, size_t limit)
{
	screen->output.length = 0;
	ports_show_json(&screen->ports, &screen->output, limit);
	return text_of(screen);
}

const char *table_of(struct screen *screen, struct text_style style)
{
	screen->output.length = 0;
	ports_show_text(&screen->ports, &screen->output, &style, false);
	return text_of(screen);
}

bool says(struct screen *screen, const char *words)
{
	return strstr(table_of(screen, (struct text_style){.columns = 120}), words) != NULL;
}
