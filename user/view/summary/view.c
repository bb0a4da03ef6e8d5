// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The summary as a view: it counts sockets, and borrows the worst row of each other view. */
#include "view/leaks/leaks.h"
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
};

static void init(void *self, const struct view_config *config, struct model *model)
{
	struct overview *overview = self;

	overview->config = *config;
	overview->model = model;
	leaks_init(&overview->leaks, config, model);
	time_waits_init(&overview->waits, config, model);
	ports_init(&overview->ports, config, model);
}

static void free_all(void *self)
{
	struct overview *overview = self;

	summary_free(&overview->summary);
	ports_free(&overview->ports);
	time_waits_free(&overview->waits);
	leaks_free(&overview->leaks);
}

static void listed(void *self, enum listing_scope scope)
{
	struct overview *overview = self;

	leaks_listed(&overview->leaks, scope);
	time_waits_listed(&overview->waits, scope);
}

/* A filter must not change the count of a destination's ports: then it is left out. */
static bool shows_ports(const struct overview *overview)
{
	const struct tuple_filter *filter = overview->config.tuples;

	return !overview->config.json && !filter->lport.active && !filter->laddr.port &&
	       !filter->families;
}

static void ask(const void *self, struct questions *questions)
{
	const struct overview *overview = self;

	leaks_ask(&overview->leaks, questions);
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
}

static void show_json(void *self, struct output *output, size_t limit)
{
	struct overview *overview = self;

	(void)limit;
	summary_json(&overview->summary, output);
}

/* The one with most TIME_WAITs; a row may have FIN_WAIT2s alone. */
static const struct time_wait_row *fullest(const struct overview *overview)
{
	const struct time_wait_row *row;

	if (!overview->waits.rows.shown_count)
		return NULL;
	row = time_waits_shown(&overview->waits, 0);
	return row->sockets ? row : NULL;
}

static void show_text(void *self, struct output *output, const struct text_style *style, bool last)
{
	struct overview *overview = self;
	const struct time_wait_row *waits = fullest(overview);

	(void)last;
	summary_text(&overview->summary, output, style->columns);
	if (overview->leaks.rows.shown_count && leaks_shown(&overview->leaks, 0)->sockets)
		leaks_show_worst(&overview->leaks, leaks_shown(&overview->leaks, 0), output,
				 style->columns);
	if (waits)
		time_waits_show_worst(waits, output, style->columns);
	if (shows_ports(overview) && overview->ports.rows.shown_count)
		ports_show_worst(&overview->ports, ports_shown(&overview->ports, 0), output,
				 style->columns);
	summary_text_next(&overview->summary, output);
}

const struct view summary_view = {
	.name = "summary",
	.plain = true,
	.needs =
		{
			.listed = ALL_STATES,
			.refreshed = 1U << TCP_CLOSE_WAIT,
			.snapshot = ALL_STATES,
			.wants = WANT(PORT_SETTINGS),
		},
	.bytes = sizeof(struct overview),
	.init = init,
	.free = free_all,
	.observer = {.listed = listed},
	.ask = ask,
	.refresh = refresh,
	.show_json = show_json,
	.show_text = show_text,
};
