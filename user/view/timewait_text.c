// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "bars.h"
#include "format.h"
#include "names.h"
#include "timewait_show.h"

#define WIDE_COLUMNS 100
#define NAME_NARROW  20
#define NAME_WIDE    24
#define PLACE_NARROW 21 /* any IPv4 endpoint; IPv6 is cut in its middle */
#define PLACE_WIDE   34
#define ROW_LINES    2	  /* the row and its sentence */
#define TABLE_LINES  4	  /* the title, the header, what is left out, the cursor */
#define RATE_DECIMAL 1000 /* from here on without one */
#define BESIDE_ROWS  3	  /* so many are shown even where histograms need the screen */
#define LOG2_EDGES   12
#define NS_PER_S     1000000000ULL
#define RED	     "\033[31m"
#define PLAIN	     "\033[0m"

static bool is_narrow(const struct text_style *style)
{
	return style->columns < WIDE_COLUMNS;
}

static void show_place(struct output *output, const struct time_wait_row *row, bool narrow)
{
	size_t columns = narrow ? PLACE_NARROW : PLACE_WIDE;
	const struct tuple *tuple = &row->tuple;

	if (row->row.key == ROWS_OTHER)
		output_format(output, "   %-*s", (int)columns, "(idle ones, together)");
	else if (row->direction == DIRECTION_IN) {
		output_string(output, "at ");
		text_endpoint(output, tuple->laddr, tuple->lport, columns);
	} else {
		output_string(output, "to ");
		text_endpoint(output, tuple->raddr, tuple->rport, columns);
	}
}

static void share(char *text, size_t size, uint64_t part, uint64_t whole)
{
	if (whole)
		snprintf(text, size, "%.0f%%", 100 * (double)part / (double)whole);
}

static void show_figures(const struct time_waits *waits, struct output *output,
			 const struct time_wait_row *row)
{
	char rate[16] = "-", first[8] = "-", median[TEXT_AGE] = "-", most[TEXT_AGE] = "-";
	double per_s;

	if (time_waits_rate(waits, row, &per_s))
		snprintf(rate, sizeof(rate), "%.*f", per_s < RATE_DECIMAL ? 1 : 0, per_s);
	share(first, sizeof(first), row->closed_first, row->closed);
	if (row->lifetime.count) {
		text_duration(median, histogram_percentile(&row->lifetime, 0.5));
		text_duration(most, histogram_percentile(&row->lifetime, 0.99));
	}
	output_format(output, " %6u %7s %5s %5s %5s", row->sockets, rate, first, median, most);
}

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
		say(sentence, "; %u wait for the peer's FIN", row->fin_wait2);
	if (row->rearmed)
		say(sentence, "; at least %llu rearmed", (unsigned long long)row->rearmed);
	if (row->predates)
		say(sentence, "; %u older than tcplinger", row->predates);
	if (row->closed)
		say(sentence, "; %llu closed in all", (unsigned long long)row->closed);
}

struct scales {
	struct histogram_scale lifetime, fin_wait2, connected;
};

static void scale(struct scales *scales, const struct time_waits *waits,
		  const struct time_wait_row *row)
{
	histogram_scale_life(&scales->lifetime, waits->model->timewait_ns);
	histogram_scale_log2(&scales->fin_wait2, &row->fin_wait2_lifetime, FIN_WAIT2_NS,
			     LOG2_EDGES);
	histogram_scale_log2(&scales->connected, &row->connected, 0, LOG2_EDGES);
}

static void show_histograms(const struct time_waits *waits, struct output *output,
			    const struct time_wait_row *row, const struct text_style *style)
{
	struct scales scales;

	scale(&scales, waits, row);
	bars_show(output, "connected until the first FIN", &row->connected, &scales.connected,
		  style->columns);
	bars_show(output, "alone in FIN_WAIT2", &row->fin_wait2_lifetime, &scales.fin_wait2,
		  style->columns);
	bars_show(output, "in TIME_WAIT", &row->lifetime, &scales.lifetime, style->columns);
}

static size_t histogram_lines(const struct time_waits *waits, const struct time_wait_row *row)
{
	struct scales scales;

	scale(&scales, waits, row);
	return bars_lines(&row->connected, &scales.connected) +
	       bars_lines(&row->fin_wait2_lifetime, &scales.fin_wait2) +
	       bars_lines(&row->lifetime, &scales.lifetime);
}

static void show_row(const struct time_waits *waits, struct output *output,
		     const struct time_wait_row *row, const struct text_style *style)
{
	bool narrow = is_narrow(style), red = style->color && row->overflow;
	struct sentence sentence = {0};

	text_name(&waits->rows, output, &row->row, narrow ? NAME_NARROW : NAME_WIDE);
	output_string(output, " ");
	show_place(output, row, narrow);
	show_figures(waits, output, row);
	output_line(output);
	say_row(&sentence, waits, row);
	output_string(output, red ? RED : "");
	text_sentence(output, &sentence, style->columns);
	output_string(output, red ? PLAIN : "");
	if (style->details)
		show_histograms(waits, output, row, style);
}

static void show_title(const struct time_waits *waits, struct output *output,
		       const struct clock_offsets *clocks, const struct text_style *style)
{
	const struct time_wait_row *total = &waits->total;
	char time[FORMAT_TIME], length[TEXT_AGE];

	format_clock(time, waits->time_ns + (uint64_t)clocks->monotonic_ns);
	output_format(output, "%.8s  %u sockets in TIME_WAIT", time, total->sockets);
	if (total->fin_wait2)
		output_format(output, ", %u in FIN_WAIT2", total->fin_wait2);
	if (waits->incomplete)
		output_string(output, "  (something was lost)");
	output_line(output);
	if (total->predates) {
		text_duration(length, waits->model->timewait_ns + waits->model->timewait_ns / 15);
		output_format(output,
			      "    %u older than tcplinger: who made them is not known; gone "
			      "within %s",
			      total->predates, length);
		output_line(output);
	}
	output_format(output, "%-*s    %-*s %6s %7s %5s %5s %5s",
		      is_narrow(style) ? NAME_NARROW : NAME_WIDE, "    PID PROCESS",
		      is_narrow(style) ? PLACE_NARROW : PLACE_WIDE, "DESTINATION / SERVICE", "NOW",
		      "NEW/S", "FIRST", "P50", "P99");
	output_line(output);
}

static size_t lines_of(const struct row *row, const struct text_style *style)
{
	const struct time_wait_row *wait = (const struct time_wait_row *)row;
	size_t histograms =
		!!wait->connected.count + !!wait->fin_wait2_lifetime.count + !!wait->lifetime.count;

	return ROW_LINES + (style->details ? histograms * BARS_LINES : 0);
}

/* Histograms of all rows below them, unless the screen is too low, or each row has its own. */
static bool histograms_fit(const struct time_waits *waits, const struct text_style *style,
			   size_t others)
{
	size_t rows = waits->rows.shown_count < BESIDE_ROWS ? waits->rows.shown_count : BESIDE_ROWS;

	if (style->details)
		return false;
	return !style->lines || rows * ROW_LINES + others <= style->lines;
}

void time_waits_show_text(struct time_waits *waits, struct output *output,
			  const struct clock_offsets *clocks, const struct text_style *style)
{
	size_t others = TABLE_LINES + !!waits->total.predates, below, rows;
	bool fit;

	time_waits_sum_histograms(waits);
	below = histogram_lines(waits, &waits->total);
	fit = histograms_fit(waits, style, others + below);
	rows = text_rows(&waits->rows, style, others + (fit ? below : 0), lines_of);
	show_title(waits, output, clocks, style);
	for (size_t i = 0; i < rows; i++)
		show_row(waits, output, time_waits_shown(waits, i), style);
	text_omitted(output, &waits->rows, rows);
	if (fit)
		show_histograms(waits, output, &waits->total, style);
}

void time_waits_show_total(const struct time_waits *waits, struct output *output, uint64_t begin_ns,
			   const struct text_style *style)
{
	double seconds = (double)(waits->time_ns - begin_ns) / NS_PER_S;
	const struct time_wait_row *total = &waits->total;
	struct sentence sentence = {0};

	struct sentence ends = {0};

	output_format(output, "in %.1f s: %llu connections closed, %llu by this side first",
		      seconds, (unsigned long long)total->closed,
		      (unsigned long long)total->closed_first);
	output_line(output);
	say(&sentence, "%llu entered TIME_WAIT (%.1f/s), %llu refused, at least %llu rearmed",
	    (unsigned long long)total->created, seconds > 0 ? (double)total->created / seconds : 0,
	    (unsigned long long)total->overflow, (unsigned long long)total->rearmed);
	text_sentence(output, &sentence, style->columns);
	say_reasons(&ends, total);
	text_sentence(output, &ends, style->columns);
}

void time_waits_show_worst(const struct time_wait_row *row, struct output *output)
{
	const struct tuple *tuple = &row->tuple;
	bool in = row->direction == DIRECTION_IN;
	char place[FORMAT_ENDPOINT];

	format_endpoint(place, in ? tuple->laddr : tuple->raddr, in ? tuple->lport : tuple->rport);
	output_format(output, "%u of the TIME_WAIT are of connections %s %s", row->sockets,
		      in ? "accepted at" : "made to", place);
	output_line(output);
	output_string(output, "\n");
}
