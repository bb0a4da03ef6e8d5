// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The summary as a view: it counts sockets, and borrows the worst row of each other view. */
#include "base/macros.h"
#include "view/closing/closing.h"
#include "view/leaks/leaks.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/summary/summary.h"
#include "view/timewait/timewait.h"

struct overview {
	struct view_config config;
	const struct model *model;
	struct summary summary;
	struct leaks leaks; /* for their worst rows */
	struct time_waits waits;
	struct ports ports;
	struct closing closing;
	struct opening opening;
};

static void init(void *self, const struct view_config *config, struct model *model)
{
	struct overview *overview = self;

	overview->config = *config;
	overview->model = model;
	leaks_init(&overview->leaks, config, model);
	time_waits_init(&overview->waits, config, model);
	ports_init(&overview->ports, config, model);
	closing_init(&overview->closing, config, model);
	opening_init(&overview->opening, config, model);
}

static void free_all(void *self)
{
	struct overview *overview = self;

	summary_free(&overview->summary);
	opening_free(&overview->opening);
	closing_free(&overview->closing);
	ports_free(&overview->ports);
	time_waits_free(&overview->waits);
	leaks_free(&overview->leaks);
}

static void listed(void *self, enum listing_scope scope)
{
	struct overview *overview = self;

	leaks_listed(&overview->leaks, scope);
	time_waits_listed(&overview->waits, scope);
	closing_listed(&overview->closing, scope);
	opening_listed(&overview->opening, scope);
}

static void namespaces(void *self, const struct record_namespace *record)
{
	opening_namespaces(&((struct overview *)self)->opening, record);
}

/* A filter must not change the count of a destination's ports: then it is left out. */
static bool shows_ports(const struct overview *overview)
{
	const struct tuple_filter *filter = overview->config.tuples;

	return !filter->lport.active && !filter->laddr.port && !filter->families;
}

static void ask(const void *self, struct questions *questions)
{
	const struct overview *overview = self;

	leaks_ask(&overview->leaks, questions);
	closing_ask(&overview->closing, questions);
	opening_ask(&overview->opening, questions);
	if (shows_ports(overview))
		ports_ask(&overview->ports, questions);
}

static void refresh(void *self, uint64_t time_ns, bool last)
{
	struct overview *overview = self;

	(void)last;
	summary_count(&overview->summary, overview->model, overview->config.tuples,
		      overview->config.processes, time_ns);
	leaks_refresh(&overview->leaks, time_ns, false);
	time_waits_refresh(&overview->waits, time_ns, false);
	ports_refresh(&overview->ports, time_ns, false);
	closing_refresh(&overview->closing, time_ns, false);
	opening_refresh(&overview->opening, time_ns, false);
}

static const struct row *first(const struct rows *rows)
{
	return rows->shown_count ? rows->shown[0] : NULL;
}

/* Whoever holds most of them; a row may have dead descriptors alone. */
static const struct row *worst_leak(const struct overview *overview)
{
	const struct row *row = first(&overview->leaks.rows);

	return row && ((const struct leak_row *)row)->sockets ? row : NULL;
}

/* The one with most TIME_WAITs; a row may have FIN_WAIT2s alone. */
static const struct row *worst_wait(const struct overview *overview)
{
	const struct row *row = first(&overview->waits.rows);

	return row && ((const struct time_wait_row *)row)->sockets ? row : NULL;
}

static const struct row *worst_port(const struct overview *overview)
{
	return shows_ports(overview) ? first(&overview->ports.rows) : NULL;
}

/* Where most of them are of which there is something to say. */
static const struct row *worst_closing(const struct overview *overview)
{
	const struct rows *rows = &overview->closing.rows;

	for (size_t i = 0; i < rows->shown_count; i++)
		if (closing_shown(&overview->closing, i)->verdict != CLOSING_TRANSIENT)
			return rows->shown[i];
	return NULL;
}

static const struct row *full_listener(const struct overview *overview)
{
	const struct row *row = first(&overview->opening.listeners);

	return row && ((const struct listener_row *)row)->verdict == LISTENER_FULL ? row : NULL;
}

static const struct row *worst_connect(const struct overview *overview)
{
	const struct row *row = first(&overview->opening.rows);

	return row && ((const struct opening_row *)row)->verdict != OPENING_FINE ? row : NULL;
}

/* A listener without room is why others wait. */
static struct summary_worst worst_opening(const struct overview *overview)
{
	const struct row *listener = full_listener(overview);

	if (listener)
		return (struct summary_worst){"opening", &listener_table, &overview->opening,
					      listener};
	return (struct summary_worst){"opening", &opening_table, &overview->opening,
				      worst_connect(overview)};
}

static void show_json(void *self, struct output *output, size_t limit)
{
	struct overview *overview = self;
	const struct summary_worst worst[] = {
		{"close_wait", &leaks_table, &overview->leaks, worst_leak(overview)},
		{"time_wait", &time_waits_table, &overview->waits, worst_wait(overview)},
		{"ports", &ports_table, &overview->ports, worst_port(overview)},
		{"closing", &closing_table, &overview->closing, worst_closing(overview)},
		worst_opening(overview),
	};

	(void)limit;
	summary_json(&overview->summary, output, worst, LENGTH(worst));
}

static void show_opening(const struct overview *overview, struct output *output,
			 unsigned int columns)
{
	struct summary_worst worst = worst_opening(overview);

	if (worst.row && worst.table == &listener_table)
		opening_show_worst_listener(&overview->opening,
					    (const struct listener_row *)worst.row, output,
					    columns);
	else if (worst.row)
		opening_show_worst(&overview->opening, (const struct opening_row *)worst.row,
				   output, columns);
}

static void show_worst(const struct overview *overview, struct output *output, unsigned int columns)
{
	const struct row *leak = worst_leak(overview), *waits = worst_wait(overview);
	const struct row *port = worst_port(overview), *closing = worst_closing(overview);

	if (leak)
		leaks_show_worst(&overview->leaks, (const struct leak_row *)leak, output, columns);
	if (waits)
		time_waits_show_worst((const struct time_wait_row *)waits, output, columns);
	if (port)
		ports_show_worst(&overview->ports, (const struct port_row *)port, output, columns);
	if (closing)
		closing_show_worst(&overview->closing, (const struct closing_row *)closing, output,
				   columns);
	show_opening(overview, output, columns);
}

static void show_text(void *self, struct output *output, const struct text_style *style, bool last)
{
	struct overview *overview = self;

	(void)last;
	summary_text(&overview->summary, output, style->columns);
	show_worst(overview, output, style->columns);
	summary_text_next(&overview->summary, output);
}

const struct view summary_view = {
	.name = "summary",
	.plain = true,
	.needs =
		{
			.listed = ALL_STATES,
			.refreshed = 1U << TCP_CLOSE_WAIT | LISTED_STATES,
			.snapshot = ALL_STATES,
			.wants = WANT(PORT_SETTINGS),
		},
	.bytes = sizeof(struct overview),
	.init = init,
	.free = free_all,
	.observer = {.listed = listed, .namespaces = namespaces},
	.ask = ask,
	.refresh = refresh,
	.show_json = show_json,
	.show_text = show_text,
};
