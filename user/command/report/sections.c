// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the page has, in its order. */
#include "command/report/sections.h"

#include "base/macros.h"
#include "command/report/html_table.h"
#include "command/report/timeline.h"

#define UTC "time of day (UTC)"

static void write_close_waits(const struct report *report, struct output *output)
{
	timeline_write(
		report, output,
		&(struct timeline){
			.history = &report->close_waits,
			.heading = "CLOSE_WAIT",
			.none = "No socket was in CLOSE_WAIT.",
			.of = "process",
			.plot = {.id = "close-wait",
				 .title = "CLOSE_WAIT by process",
				 .caption = "The peer has closed, this process has not: a line "
					    "that only rises is a leak.",
				 .x_title = UTC,
				 .y_title = "sockets in CLOSE_WAIT (number)",
				 .unit = "",
				 .whole = true},
		});
}

static void write_time_waits(const struct report *report, struct output *output)
{
	timeline_write(
		report, output,
		&(struct timeline){
			.history = &report->time_waits,
			.heading = "TIME_WAIT",
			.none = "No socket was in TIME_WAIT.",
			.of = "owner",
			.plot = {.id = "time-wait",
				 .title = "TIME_WAIT by owner",
				 .caption = "Whoever closes first keeps the TIME_WAIT, for "
					    "a minute. It matters only where it takes the ports "
					    "of a destination.",
				 .x_title = UTC,
				 .y_title = "sockets in TIME_WAIT (number)",
				 .unit = "",
				 .whole = true},
		});
}

static void write_losses(const struct report *report, struct output *output)
{
	static const char *const titles[] = {"cause", "on the whole"};
	struct html_table table = {output, titles, LENGTH(titles), 0};

	timeline_write(
		report, output,
		&(struct timeline){
			.history = &report->losses,
			.heading = "Losses",
			.none = "Nothing was lost: what this page counts is complete.",
			.of = "cause",
			.plot = {.id = "losses",
				 .title = "What was lost, by cause",
				 .caption = "Records that did not arrive, and how often what "
					    "exists was listed again for it. Counts that a "
					    "loss touched are too low.",
				 .x_title = UTC,
				 .y_title = "records (number since the point before)",
				 .unit = "",
				 .whole = true},
		});
	output_string(output, "<section>\n");
	table_begin(&table, "points", "Losses on the whole");
	for (size_t i = 0; i < REPORT_LOSSES; i++) {
		table_row(&table);
		table_name(&table, report_loss_names[i]);
		table_number(&table, (double)report->lost[i], "");
		table_row_end(&table);
	}
	table_end(&table);
	output_string(output, "</section>\n");
}

void report_write_sections(const struct report *report, struct output *output)
{
	write_close_waits(report, output);
	write_time_waits(report, output);
	lifetimes_write(report, output);
	destinations_write(report, output);
	failures_write(report, output);
	write_losses(report, output);
}
