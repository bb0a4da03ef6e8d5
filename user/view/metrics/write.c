// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The families as text: those of rows by their series, those of the stream by hand. */
#include <stdio.h>

#include "base/macros.h"
#include "base/time.h"
#include "view/metrics/internal.h"

#define NAME 64

static const char *const type_names[] = {
	[METRIC_GAUGE] = "gauge",
	[METRIC_COUNTER] = "counter",
	[METRIC_HISTOGRAM] = "histogram",
};

static void full_name(char name[NAME], const struct metric *metric)
{
	snprintf(name, NAME, METRIC_PREFIX "%s", metric->name);
}

/* Series of one label. */
static void sample(struct exposition *exposition, const char *label, const char *value,
		   double number)
{
	struct exposition_labels labels = {0};

	exposition_label(&labels, label, value);
	exposition_sample(exposition, "", labels.text, number);
}

void write_findings(struct exposition *exposition, const struct metrics *metrics)
{
	for (size_t i = 0; i < metrics->finding_count; i++) {
		const struct metric_finding *finding = &metrics->findings[i];
		struct exposition_labels labels = {0};

		exposition_label(&labels, "rule", finding->rule);
		exposition_label(&labels, "severity", finding->severity);
		exposition_sample(exposition, "", labels.text, finding->count);
	}
}

void write_losses(struct exposition *exposition, const struct metrics *metrics)
{
	const struct losses *losses = &metrics->losses;

	sample(exposition, "cause", "ring_full", (double)losses->ring_full);
	sample(exposition, "cause", "skipped", (double)losses->skipped);
	sample(exposition, "cause", "map_full", (double)losses->map_full);
	sample(exposition, "cause", "no_memory", (double)losses->no_memory);
	sample(exposition, "cause", "refused", (double)losses->refused);
}

void write_relists(struct exposition *exposition, const struct metrics *metrics)
{
	exposition_sample(exposition, "", "", (double)metrics->losses.relists);
}

void write_incomplete(struct exposition *exposition, const struct metrics *metrics)
{
	exposition_sample(exposition, "", "", metrics->incomplete);
}

void write_build(struct exposition *exposition, const struct metrics *metrics)
{
	sample(exposition, "version", metrics->config.version, 1);
}

void write_hooks(struct exposition *exposition, const struct metrics *metrics)
{
	for (size_t i = 0; i < metrics->hook_count; i++) {
		struct exposition_labels labels = {0};

		exposition_label(&labels, "hook", metrics->hooks[i].name);
		exposition_label(&labels, "form", metrics->hooks[i].form);
		exposition_sample(exposition, "", labels.text, 1);
	}
}

/* Of the families before this one. */
void write_omitted(struct exposition *exposition, const struct metrics *metrics)
{
	char name[NAME];

	for (size_t i = 0; i < metric_count; i++) {
		const struct metric_family *family = &metrics->families[i];

		full_name(name, family->metric);
		if (family->omitted)
			sample(exposition, "family", name, (double)family->omitted);
	}
}

static void write_histogram(struct exposition *exposition, const struct metric_family *family,
			    const struct metric_series *series)
{
	const struct histogram_scale *scale = family->metric->scale;
	uint64_t count = 0;

	for (uint32_t i = 0; i <= scale->edges; i++) {
		count += series_bucket(series, i);
		exposition_bucket(exposition, series->labels,
				  i < scale->edges ? scale->edges_ns[i] : UINT64_MAX, count);
	}
	exposition_sample(exposition, "_sum", series->labels,
			  (double)(series->live.sum_ns + series->gone.sum_ns) / NS_PER_S);
	exposition_sample(exposition, "_count", series->labels, (double)count);
}

static void write_series(struct exposition *exposition, struct metric_family *family, size_t most)
{
	size_t count = family_choose(family, most);

	for (size_t i = 0; i < count; i++) {
		const struct metric_series *series = family->order[i];

		if (family->metric->type == METRIC_HISTOGRAM)
			write_histogram(exposition, family, series);
		else
			exposition_sample(exposition, "", series->labels,
					  series_value(family, series));
	}
}

void metrics_write(struct metrics *metrics, struct output *output, enum exposition_format format)
{
	struct exposition exposition = {output, format, NULL};
	char name[NAME];

	for (size_t i = 0; i < metric_count; i++) {
		const struct metric *metric = &metric_table[i];

		full_name(name, metric);
		exposition_family(&exposition, name, type_names[metric->type], metric->help);
		if (metric->write)
			metric->write(&exposition, metrics);
		else
			write_series(&exposition, &metrics->families[i],
				     metrics->config.max_series);
	}
	exposition_end(&exposition);
}
