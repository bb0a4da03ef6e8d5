// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "base/macros.h"
#include "view/column.h"
#include "view/place.h"
#include "view/timewait/bars.h"
#include "writer/format.h"
#include "record/names.h"
#include "view/timewait/timewait.h"
#include "base/time.h"

#define WIDE_COLUMNS	100
#define NAME_NARROW	20
#define NAME_WIDE	24
#define PLACE_NARROW	21 /* any IPv4 endpoint; IPv6 is cut in its middle */
#define PLACE_WIDE	34
#define TABLE_LINES	4    /* the title, the header, what is left out, the cursor */
#define RATE_DECIMAL	1000 /* from here on without one */
#define BESIDE_ROWS	3    /* so many are shown even where histograms need the screen */
#define LOG2_EDGES	12
#define PREDATES_INDENT 4

static void show_place(struct output *output, const struct time_wait_row *row,
		       const struct text_style *style)
{
	size_t columns = text_is_narrow(style, WIDE_COLUMNS) ? PLACE_NARROW : PLACE_WIDE;

	text_place(output, &row->row, &row->tuple, row->direction, columns, style);
}

static void rate_cell(char *text, const void *view, const void *row)
{
	double per_s;

	if (time_waits_rate(view, row, &per_s))
		snprintf(text, CELL, "%.*f", per_s < RATE_DECIMAL ? 1 : 0, per_s);
}

static void first_cell(char *text, const void *view, const void *at)
{
	const struct time_wait_row *row = at;

	(void)view;
	if (row->closed)
		snprintf(text, CELL, "%.0f%%",
			 100 * (double)row->closed_first / (double)row->closed);
}

static void percentile(char *text, const struct time_wait_row *row, double part)
{
	if (row->lifetime.count)
		text_duration(text, histogram_percentile(&row->lifetime, part));
}

static void p50_cell(char *text, const void *view, const void *row)
{
	(void)view;
	percentile(text, row, 0.5);
}

static void p99_cell(char *text, const void *view, const void *row)
{
	(void)view;
	percentile(text, row, 0.99);
}

static const struct column column_items[] = {
	{.figure = "sockets", .width = 6},
	{.figure = "created_per_s", .width = 7, .cell = rate_cell},
	{.title = "FIRST", .width = 5, .cell = first_cell},
	{.title = "P50", .width = 5, .cell = p50_cell},
	{.title = "P99", .width = 5, .cell = p99_cell},
};

static const struct columns columns = {&time_waits_table, column_items, LENGTH(column_items)};

static void say_reasons(struct sentence *sentence, const struct time_wait_row *row)
{
	const char *before = ": ";

	say(sentence, "%llu ended", (unsigned long long)row->ended);
	for (unsigned int reason = END_EXPIRED; reason <= END_UNKNOWN; reason++) {
		if (!row->reasons[reason])
			continue;
		say(sentence, "%s%llu %s", before, (unsigned long long)row->reasons[reason],
		    end_reason_name(reason));
		before = ", ";
	}
}

/* What the columns do not say. */
static void say_row(struct sentence *sentence, const struct time_waits *waits,
		    const struct time_wait_row *row)
{
	const struct process *closer = time_waits_closer(waits, row);

	say_reasons(sentence, row);
	if (row->overflow)
		say(sentence, "; %llu REFUSED (tcp_max_tw_buckets)",
		    (unsigned long long)row->overflow);
	if (closer) {
		say(sentence, "; closed by ");
		text_process(sentence, closer);
	}
	if (row->fin_wait2)
		say(sentence, "; %u wait%s for the peer's FIN", row->fin_wait2,
		    singular(row->fin_wait2));
	if (row->rearmed)
		say(sentence, "; at least %llu rearmed", (unsigned long long)row->rearmed);
	if (row->closed_by_reset)
		say(sentence, "; %llu closed by a reset of its own",
		    (unsigned long long)row->closed_by_reset);
	if (row->reset_by_data)
		say(sentence, "; to %llu half closed one%s data came still",
		    (unsigned long long)row->reset_by_data, plural(row->reset_by_data));
	if (row->predates)
		say(sentence, "; %u older than tcplinger", row->predates);
	if (row->closed)
		say(sentence, "; %llu closed in all", (unsigned long long)row->closed);
}

static void show_histograms(const struct time_waits *waits, struct output *output,
			    const struct time_wait_row *row, const struct text_style *style)
{
	struct histogram_scale scale;

	histogram_scale_log2(&scale, &row->connected, 0, LOG2_EDGES);
	bars_show(output, "connected until the first FIN", &row->connected, &scale, style->columns);
	histogram_scale_log2(&scale, &row->idle, 0, LOG2_EDGES);
	bars_show(output, "idle before that", &row->idle, &scale, style->columns);
	histogram_scale_log2(&scale, &row->fin_wait2_lifetime, FIN_WAIT2_NS, LOG2_EDGES);
	bars_show(output, "alone in FIN_WAIT2", &row->fin_wait2_lifetime, &scale, style->columns);
	histogram_scale_life(&scale, waits->model->timewait_ns);
	bars_show(output, "in TIME_WAIT", &row->lifetime, &scale, style->columns);
}

static void show_line(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *style)
{
	const struct time_wait_row *row = (const struct time_wait_row *)shown;
	const struct time_waits *waits = view;

	text_name(&waits->rows, output, shown,
		  text_is_narrow(style, WIDE_COLUMNS) ? NAME_NARROW : NAME_WIDE, style);
	output_string(output, " ");
	show_place(output, row, style);
	columns_row(&columns, output, false, waits, row);
	output_line(output);
}

static void show_more(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *style)
{
	const struct time_wait_row *row = (const struct time_wait_row *)shown;
	const struct time_waits *waits = view;
	bool red = style->color && row->overflow;
	struct sentence sentence = {0};

	say_row(&sentence, waits, row);
	output_string(output, red ? TEXT_RED : "");
	text_sentence(output, &sentence, style->columns);
	output_string(output, red ? TEXT_PLAIN : "");
	if (style->details)
		show_histograms(waits, output, row, style);
}

/* Counting all of them takes time: only where a filter asks for it. */
static struct shown shown(const struct time_waits *waits, uint64_t count, unsigned int state)
{
	struct shown shown = {.count = count,
			      .chosen = process_filter_active(waits->config.processes)};

	if (shown.chosen)
		shown.all = time_waits_known(waits, state);
	return shown;
}

static void add_charged(void *context, struct row *row)
{
	uint32_t *charged = context;

	if (row->process || row->name)
		*charged += ((const struct time_wait_row *)row)->predates;
}

/* One that is older has an owner only where somebody listens at its port. */
static uint32_t charged_to_listeners(const struct time_waits *waits)
{
	uint32_t charged = 0;

	rows_each(&waits->rows, add_charged, &charged);
	return charged;
}

static void show_predates(const struct time_waits *waits, struct output *output,
			  const struct text_style *style)
{
	uint32_t charged = charged_to_listeners(waits);
	struct sentence sentence = {0};
	char length[TEXT_AGE];

	text_duration(length, waits->model->timewait_ns + waits->model->timewait_ns / 15);
	say(&sentence, "%u older than tcplinger", waits->total.predates);
	if (charged)
		say(&sentence, ", %u charged to a listener", charged);
	else
		say(&sentence, ": who made them is not known");
	say(&sentence, "; gone within %s", length);
	output_format(output, "%*s", PREDATES_INDENT, "");
	text_wrap(output, PREDATES_INDENT, PREDATES_INDENT, sentence.text, style->columns);
}

static void show_header(struct output *output, const struct text_style *style)
{
	output_format(output, "%-*s    %-*s",
		      text_is_narrow(style, WIDE_COLUMNS) ? NAME_NARROW : NAME_WIDE,
		      "    PID PROCESS",
		      text_is_narrow(style, WIDE_COLUMNS) ? PLACE_NARROW : PLACE_WIDE,
		      "DESTINATION / SERVICE");
	columns_header(&columns, output, false);
	output_line(output);
}

static void show_title(const struct time_waits *waits, struct output *output,
		       const struct text_style *style)
{
	const struct clock_offsets *clocks = &waits->model->clocks;
	const struct time_wait_row *total = &waits->total;
	struct shown waiting = shown(waits, total->fin_wait2, TCP_FIN_WAIT2);
	struct sentence title = {0};
	char time[FORMAT_TIME];

	format_clock(time, waits->time_ns + (uint64_t)clocks->monotonic_ns);
	say(&title, "%.8s  ", time);
	say_shown(&title, shown(waits, total->sockets, TCP_TIME_WAIT), "socket");
	say(&title, " in TIME_WAIT");
	if (waiting.count || waiting.all) {
		say(&title, ", ");
		say_shown(&title, waiting, NULL);
		say(&title, " in FIN_WAIT2");
	}
	if (waits->incomplete)
		say(&title, "  (something was lost)");
	text_wrap(output, 0, INDENT, title.text, style->columns);
	if (total->predates)
		show_predates(waits, output, style);
	show_header(output, style);
}

/* Of the first few rows. */
static size_t first_lines(const struct time_waits *waits, const struct text_style *style)
{
	struct output draft;
	size_t lines;

	text_draft(&draft);
	for (size_t i = 0; i < waits->rows.shown_count && i < BESIDE_ROWS; i++)
		sheet_show_row(time_waits_sheets, waits, &draft, waits->rows.shown[i], style);
	lines = text_lines(&draft);
	output_free(&draft);
	return lines;
}

/*
 * Histograms of all rows, to be shown below them: none where the screen is too low, or each row has
 * its own.
 */
static void draft_histograms(const struct time_waits *waits, struct output *draft,
			     const struct text_style *style, size_t others)
{
	text_draft(draft);
	if (style->details)
		return;
	show_histograms(waits, draft, &waits->total, style);
	others += text_lines(draft);
	if (style->lines && first_lines(waits, style) + others > style->lines)
		draft->length = 0;
}

/* What happened since the stream began. */
static void show_total(const struct time_waits *waits, struct output *output,
		       const struct text_style *style)
{
	double seconds = (double)(waits->time_ns - waits->model->began_ns) / NS_PER_S;
	const struct time_wait_row *total = &waits->total;
	struct sentence sentence = {0}, ends = {0};

	output_format(output, "in %.1f s: %llu connection%s closed, %llu by this side first",
		      seconds, (unsigned long long)total->closed, plural(total->closed),
		      (unsigned long long)total->closed_first);
	output_line(output);
	say(&sentence, "%llu entered TIME_WAIT (%.1f/s), %llu refused, at least %llu rearmed",
	    (unsigned long long)total->created, seconds > 0 ? (double)total->created / seconds : 0,
	    (unsigned long long)total->overflow, (unsigned long long)total->rearmed);
	text_sentence(output, &sentence, style->columns);
	say_reasons(&ends, total);
	text_sentence(output, &ends, style->columns);
}

void time_waits_show_text(void *self, struct output *output, const struct text_style *style,
			  bool last)
{
	struct time_waits *waits = self;
	size_t others = TABLE_LINES + !!waits->total.predates;
	struct output histograms;

	time_waits_sum_histograms(waits);
	draft_histograms(waits, &histograms, style, others);
	show_title(waits, output, style);
	sheet_show(time_waits_sheets, waits, output, style, others + text_lines(&histograms));
	output_bytes(output, histograms.text, histograms.length);
	output_free(&histograms);
	if (last && !waits->config.once)
		show_total(waits, output, style);
}

void time_waits_show_worst(const struct time_wait_row *row, struct output *output,
			   unsigned int columns)
{
	struct sentence sentence = {0};

	say(&sentence, "%u of the TIME_WAIT %s of connections ", row->sockets, are(row->sockets));
	say_place(&sentence, &row->tuple, row->direction);
	text_wrap(output, 0, INDENT, sentence.text, columns);
	output_line(output);
}

const struct sheet time_waits_sheets[TIMEWAIT_SHEETS] = {
	{
		.name = "owners",
		.table = &time_waits_table,
		.figure = "sockets",
		.rows = offsetof(struct time_waits, rows),
		.header = show_header,
		.line = show_line,
		.more = show_more,
	},
};
