// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/timewait/bars.h"

#include <stdbool.h>
#include <string.h>

#include "view/text.h"

#define BAR_COLUMNS 40

struct bars {
	const struct histogram_scale *scale;
	uint64_t counts[HISTOGRAM_EDGES + 1];
	uint64_t total;
	uint64_t most;
	uint32_t first; /* bucket with any; */
	uint32_t last;
};

static void count(struct bars *bars, const struct histogram *histogram,
		  const struct histogram_scale *scale)
{
	*bars = (struct bars){.scale = scale, .total = histogram->count, .first = scale->edges};
	histogram_buckets(histogram, scale, bars->counts);
	for (uint32_t i = 0; i <= scale->edges; i++) {
		if (!bars->counts[i])
			continue;
		if (i < bars->first)
			bars->first = i;
		bars->last = i;
		if (bars->counts[i] > bars->most)
			bars->most = bars->counts[i];
	}
}

/* How many empty buckets follow each other from this one on. */
static uint32_t gap(const struct bars *bars, uint32_t i)
{
	uint32_t end = i;

	while (end < bars->last && !bars->counts[end])
		end++;
	return end - i;
}

static void show_bucket(struct output *output, const struct bars *bars, uint32_t i)
{
	static const char stars[BAR_COLUMNS + 1] = "########################################";
	double part = (double)bars->counts[i] / (double)bars->most;
	char from[TEXT_AGE] = "0", to[TEXT_AGE] = "longer";
	int bar = (int)(part * BAR_COLUMNS);

	if (i)
		text_duration(from, bars->scale->edges_ns[i - 1]);
	if (i < bars->scale->edges)
		text_duration(to, bars->scale->edges_ns[i]);
	if (bars->counts[i] && !bar)
		bar = 1;
	output_format(output, "%14s - %-6s |%-*.*s| %llu", from, to, BAR_COLUMNS, bar, stars,
		      (unsigned long long)bars->counts[i]);
	output_line(output);
}

/* One empty bucket is shown, of several it is shown that they are left out. */
static void show_buckets(struct output *output, const struct bars *bars)
{
	for (uint32_t i = bars->first; i <= bars->last; i++) {
		uint32_t empty = gap(bars, i);

		if (empty < 2) {
			show_bucket(output, bars, i);
			continue;
		}
		output_format(output, "%17s", "...");
		output_line(output);
		i += empty - 1;
	}
}

void bars_show(struct output *output, const char *title, const struct histogram *histogram,
	       const struct histogram_scale *scale, unsigned int columns)
{
	struct sentence sentence = {0};
	char median[TEXT_AGE], most[TEXT_AGE];
	struct bars bars;

	if (!histogram->count)
		return;
	count(&bars, histogram, scale);
	text_duration(median, histogram_percentile(histogram, 0.5));
	text_duration(most, histogram_percentile(histogram, 0.99));
	say(&sentence, "%s: %llu, half within %s, 99 %% within %s", title,
	    (unsigned long long)histogram->count, median, most);
	text_sentence(output, &sentence, columns);
	show_buckets(output, &bars);
}
