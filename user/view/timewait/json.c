// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/names.h"
#include "view/objects.h"
#include "view/timewait/timewait.h"

static void percentile(struct json *json, const char *key, const struct histogram *histogram,
		       double part)
{
	if (histogram->count)
		json_seconds(json, key, histogram_percentile(histogram, part));
	else
		json_null(json, key);
}

static void bucket(struct json *json, const struct histogram_scale *scale, uint32_t i,
		   uint64_t count)
{
	json_open(json, NULL, '{');
	if (i < scale->edges)
		json_seconds(json, "le_s", scale->edges_ns[i]);
	else
		json_null(json, "le_s");
	json_number(json, "count", count);
	json_close(json, '}');
}

static void show_histogram(struct json *json, const char *key, const struct histogram *histogram,
			   const struct histogram_scale *scale)
{
	uint64_t counts[HISTOGRAM_EDGES + 1];

	json_open(json, key, '{');
	json_number(json, "count", histogram->count);
	percentile(json, "min_s", histogram, 0);
	percentile(json, "p50_s", histogram, 0.5);
	percentile(json, "p90_s", histogram, 0.9);
	percentile(json, "p99_s", histogram, 0.99);
	percentile(json, "max_s", histogram, 1);
	json_open(json, "buckets", '[');
	histogram_buckets(histogram, scale, counts);
	for (uint32_t i = 0; i <= scale->edges; i++)
		bucket(json, scale, i, counts[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void show_histograms(struct json *json, const struct time_waits *waits,
			    const struct time_wait_row *row)
{
	struct histogram_scale scale;

	histogram_scale_life(&scale, waits->model->timewait_ns);
	show_histogram(json, "lifetime", &row->lifetime, &scale);
	histogram_scale_log2(&scale, &row->fin_wait2_lifetime, FIN_WAIT2_NS, HISTOGRAM_EDGES);
	show_histogram(json, "fin_wait2_lifetime", &row->fin_wait2_lifetime, &scale);
	histogram_scale_log2(&scale, &row->connected, 0, HISTOGRAM_EDGES);
	show_histogram(json, "connected", &row->connected, &scale);
}

/* The end that the row is not by is null; so is all of the row that holds several places. */
static void show_place(struct json *json, const struct time_wait_row *row)
{
	struct tuple tuple = row->tuple;
	bool in = row->direction == DIRECTION_IN;

	if (row->row.key == ROWS_OTHER) {
		object_no_tuple(json);
		return;
	}
	tuple.family = row->family.mixed ? 0 : (uint16_t)row->family.value;
	object_tuple(json, &tuple, in);
}

static void show_reasons(struct json *json, const struct time_wait_row *row)
{
	json_open(json, "reasons", '{');
	for (unsigned int reason = END_EXPIRED; reason <= END_UNKNOWN; reason++)
		json_number(json, end_reason_name(reason), row->reasons[reason]);
	json_close(json, '}');
}

static void show_counters(struct json *json, const struct time_waits *waits,
			  const struct time_wait_row *row)
{
	double per_s;

	json_number(json, "sockets", row->sockets);
	json_number(json, "predates", row->predates);
	json_number(json, "fin_wait2", row->fin_wait2);
	json_number(json, "created", row->created);
	json_number(json, "ended", row->ended);
	json_number(json, "closed", row->closed);
	json_number(json, "closed_first", row->closed_first);
	json_number(json, "rearmed", row->rearmed);
	json_number(json, "overflow", row->overflow);
	if (time_waits_rate(waits, row, &per_s))
		json_real(json, "created_per_s", per_s);
	else
		json_null(json, "created_per_s");
	show_reasons(json, row);
}

static void show_row(const struct time_waits *waits, struct output *output,
		     const struct time_wait_row *row)
{
	const struct clock_offsets *clocks = &waits->model->clocks;
	struct json json;

	object_begin(&json, output, "time_wait", waits->time_ns, clocks);
	json_number(&json, "seq", waits->rows.seq);
	object_process(&json, "process", rows_process(&waits->rows, row->row.process), clocks);
	json_string(&json, "key", row->row.name, SIZE_MAX);
	json_plain(&json, "owner_by",
		   row->owner_by.mixed ? NULL : owner_by_name(row->owner_by.value));
	object_process(&json, "closer", time_waits_closer(waits, row), clocks);
	json_plain(&json, "direction", direction_name(row->direction));
	show_place(&json, row);
	show_counters(&json, waits, row);
	show_histograms(&json, waits, row);
	json_bool(&json, "incomplete", row->row.incomplete);
	json_end(&json);
}

void time_waits_show_json(void *self, struct output *output, size_t limit)
{
	const struct time_waits *waits = self;
	size_t rows = limit && limit < waits->rows.shown_count ? limit : waits->rows.shown_count;

	for (size_t i = 0; i < rows; i++)
		show_row(waits, output, time_waits_shown(waits, i));
	object_refresh(output, "timewait", waits->time_ns, &waits->model->clocks, waits->rows.seq,
		       rows, waits->incomplete);
}
