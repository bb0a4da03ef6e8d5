// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ports against their supply, of the busiest destinations. */
#include "base/macros.h"
#include "base/memory.h"
#include "command/report/html_table.h"
#include "command/report/sections.h"
#include "command/report/timeline.h"
#include "writer/html.h"

#define DESTINATIONS 6

/* A destination's supply, and how much of it was used. */
struct destination {
	const char *name;
	const double *used;
	const double *supply;
	double shares[HISTORY_POINTS]; /* in percent */
	size_t most;		       /* the point at which it was greatest */
};

struct destinations {
	struct destination items[DESTINATIONS];
	size_t count;
};

static void measure(struct destination *destination, size_t points)
{
	for (size_t i = 0; i < points; i++) {
		if (destination->supply[i] > 0)
			destination->shares[i] =
				100 * destination->used[i] / destination->supply[i];
		if (destination->shares[i] > destination->shares[destination->most])
			destination->most = i;
	}
}

static double most_of(const struct destination *destination)
{
	return destination->shares[destination->most];
}

/* In its place among the busiest so far, if it is one of them. */
static void insert(struct destinations *destinations, const struct destination *new)
{
	size_t place = destinations->count;

	while (place && most_of(&destinations->items[place - 1]) < most_of(new))
		place--;
	if (place == DESTINATIONS)
		return;
	if (destinations->count < DESTINATIONS)
		destinations->count++;
	for (size_t i = destinations->count - 1; i > place; i--)
		destinations->items[i] = destinations->items[i - 1];
	destinations->items[place] = *new;
}

static void find_busiest(struct destinations *destinations, const struct report *report)
{
	for (size_t i = 0; i < report->used.count; i++) {
		const struct history_series *series = report->used.series[i];
		struct destination destination = {
			.name = series->name,
			.used = series->values,
			.supply = history_values(&report->supplies, series->name),
		};

		if (!destination.supply || strcmp(series->name, HISTORY_OTHERS) == 0)
			continue;
		measure(&destination, report->used.points);
		if (most_of(&destination) > 0)
			insert(destinations, &destination);
	}
}

static void write_levels(struct output *output, const struct destinations *destinations)
{
	static const struct plot_series series[] = {{.name = "ports used, at most"},
						    {.name = "supply"}};
	const struct plot plot = {
		.id = "ports",
		.title = "Ports against supply",
		.caption = "Of the ports that connect() may choose towards each destination, those "
			   "in use when they were most. At 100 % it fails with EADDRNOTAVAIL.",
		.x_title = "ports used, of the supply (%)",
		.y_title = "destination",
		.unit = " %",
		.series = series,
		.count = LENGTH(series),
	};
	struct plot_level levels[DESTINATIONS];

	for (size_t i = 0; i < destinations->count; i++) {
		const struct destination *item = &destinations->items[i];

		levels[i] = (struct plot_level){item->name, item->used[item->most],
						item->supply[item->most]};
	}
	plot_levels(output, &plot, levels, destinations->count);
}

static void write_table(struct output *output, const struct destinations *destinations,
			const uint64_t *times, size_t points)
{
	static const char *const titles[] = {"destination",  "supply",	      "used last",
					     "used at most", "share at most", "at (UTC)"};
	struct html_table table = {output, titles, LENGTH(titles), 0};

	table_begin(&table, "cards", "Ports against supply");
	for (size_t i = 0; i < destinations->count; i++) {
		const struct destination *item = &destinations->items[i];

		table_row(&table);
		table_name(&table, item->name);
		table_number(&table, item->supply[item->most], "");
		table_number(&table, item->used[points - 1], "");
		table_number(&table, item->used[item->most], "");
		table_number(&table, most_of(item), " %");
		table_time(&table, times[item->most]);
		table_row_end(&table);
	}
	table_end(&table);
}

static void write_shares(struct output *output, const struct destinations *destinations,
			 const uint64_t *times, size_t points)
{
	struct plot_series series[DESTINATIONS];
	const struct plot plot = {
		.id = "port-shares",
		.title = "Share of the supply over time",
		.caption = "Near 100 % the search for a free port gets slow, at 100 % it fails.",
		.x_title = "time of day (UTC)",
		.y_title = "ports used, of the supply (%)",
		.unit = " %",
		.times = times,
		.points = points,
		.series = series,
		.count = destinations->count,
	};

	for (size_t i = 0; i < destinations->count; i++)
		series[i] = (struct plot_series){destinations->items[i].name,
						 destinations->items[i].shares};
	timeline_plot(output, &plot, "destination");
}

void destinations_write(const struct report *report, struct output *output)
{
	struct destinations *destinations = memory_new(1, sizeof(*destinations));
	uint64_t *times = timeline_clock(report, &report->used);

	output_string(output, "<section>\n<h2>Ports</h2>\n");
	find_busiest(destinations, report);
	if (destinations->count) {
		write_levels(output, destinations);
		write_table(output, destinations, times, report->used.points);
		write_shares(output, destinations, times, report->used.points);
	} else {
		output_string(output, "<p class=\"none\">No destination had a port in use that "
				      "connect() chose.</p>\n");
	}
	output_string(output, "</section>\n");
	free(destinations);
	free(times);
}
