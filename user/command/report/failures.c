// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What failed: over time by how, and whose connections to where. */
#include "base/macros.h"
#include "command/report/html_table.h"
#include "command/report/sections.h"
#include "command/report/timeline.h"
#include "view/place.h"
#include "writer/html.h"

#define FAILURES_LISTED 50

struct listing_failures {
	struct html_table table;
	const struct report *report;
	size_t rows;
};

/* False where there are enough of them. */
static bool begin_row(struct listing_failures *listing, const struct process *process,
		      const char *what)
{
	struct sentence name = {0};

	if (listing->rows++ >= FAILURES_LISTED)
		return false;
	text_process(&name, process);
	table_row(&listing->table);
	table_name(&listing->table, name.text);
	table_text(&listing->table, what);
	return true;
}

static void end_row(struct listing_failures *listing, const uint8_t *address, uint16_t port,
		    uint64_t count)
{
	char text[FORMAT_ENDPOINT];

	format_endpoint(text, address, port);
	table_text(&listing->table, text);
	table_number(&listing->table, (double)count, "");
	table_row_end(&listing->table);
}

static void list_connects(void *context, struct row *row)
{
	const struct opening_row *opening = (const void *)row;
	struct listing_failures *listing = context;
	const struct opening *view = listing->report->adviser.config.opening;
	struct sentence what;

	for (unsigned int i = 0; i < FAILED_WAYS; i++) {
		what = (struct sentence){0};
		say(&what, "connect: %s", connect_failure_name(i));
		if (!opening->failed[i] || i == FAILED_EADDRNOTAVAIL ||
		    !begin_row(listing, rows_process(&view->rows, row->process), what.text))
			continue;
		end_row(listing, opening->tuple.raddr, opening->tuple.rport, opening->failed[i]);
	}
}

/* Those that got no port, or no address, with the cause. */
static void list_ports(void *context, struct row *row)
{
	const struct port_failure *failure = (const void *)row;
	const struct tuple *tuple = &failure->tuple;
	bool bind = ports_failed_to_bind(failure);
	struct listing_failures *listing = context;
	const struct ports *view = listing->report->adviser.config.ports;
	struct sentence what = {0};

	say(&what, "%s: %s", bind ? "bind" : "connect", port_cause_name(failure->cause));
	if (!begin_row(listing, rows_process(&view->failures, row->process), what.text))
		return;
	end_row(listing, bind ? tuple->laddr : tuple->raddr, bind ? tuple->lport : tuple->rport,
		failure->count);
}

static void list_overflows(void *context, struct row *row)
{
	const struct listener_row *listener = (const void *)row;
	struct listing_failures *listing = context;
	const struct opening *view = listing->report->adviser.config.opening;

	if (!listener->overflows ||
	    !begin_row(listing, rows_process(&view->listeners, row->process), "accept queue full"))
		return;
	end_row(listing, listener->tuple.laddr, listener->tuple.lport, listener->overflows);
}

static void write_list(const struct report *report, struct output *output)
{
	static const char *const titles[] = {"process", "what failed", "where", "count"};
	const struct adviser_config *views = &report->adviser.config;
	struct listing_failures listing = {{output, titles, LENGTH(titles), 0}, report, 0};

	table_begin(&listing.table, "cards", "Who failed, and where");
	rows_each(&views->ports->failures, list_ports, &listing);
	rows_each(&views->opening->rows, list_connects, &listing);
	rows_each(&views->opening->listeners, list_overflows, &listing);
	table_end(&listing.table);
	if (listing.rows > FAILURES_LISTED)
		html_say(output, "and %zu more", listing.rows - FAILURES_LISTED);
}

void failures_write(const struct report *report, struct output *output)
{
	uint64_t when_ns;

	timeline_write(
		report, output,
		&(struct timeline){
			.history = &report->failures,
			.heading = "Failures",
			.none = report_streams(report)
					? "Nothing failed to connect, to bind or to be accepted."
					: "None was seen: without BPF a call that fails is not "
					  "told.",
			.of = "what failed",
			.plot = {.id = "failures",
				 .title = "What failed, by how",
				 .caption = "connect() and bind() that came back with an "
					    "error, and connections that a full accept queue "
					    "turned away.",
				 .x_title = "time of day (UTC)",
				 .y_title = "failures (number since the point before)",
				 .unit = "",
				 .whole = true},
		});
	if (history_greatest(&report->failures, &when_ns) <= 0)
		return;
	output_string(output, "<section>\n");
	write_list(report, output);
	output_string(output, "</section>\n");
}
