// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "base/macros.h"
#include "view/column.h"
#include "view/opening/opening.h"
#include "view/place.h"
#include "view/threads.h"
#include "writer/format.h"

#define WIDE_COLUMNS	100
#define NAME_NARROW	18
#define NAME_WIDE	24
#define PLACE_NARROW	21 /* any IPv4 endpoint; IPv6 is cut in its middle */
#define PLACE_WIDE	27
#define TABLE_LINES	5 /* the title, two headers, what is left out, the cursor */
#define LISTENERS_SHOWN 5 /* on a screen */

static void median_cell(char *text, const void *view, const void *at)
{
	const struct opening_row *row = at;

	(void)view;
	if (row->handshake.count)
		text_duration(text, histogram_percentile(&row->handshake, 0.5));
}

static const struct column column_items[] = {
	{.figure = "pending", .width = 7},
	{.figure = "oldest_s", .width = 6},
	{.figure = "established", .width = 6, .wide = true},
	{.figure = "failed", .width = 6},
	{.title = "P50", .width = 5, .cell = median_cell, .wide = true},
};

static const struct columns columns = {&opening_table, column_items, LENGTH(column_items)};

/* "3/2": the kernel lets in one more than the limit. */
static void queue_cell(char *text, const void *view, const void *at)
{
	const struct listener_row *row = at;

	(void)view;
	snprintf(text, CELL, "%u/%u", row->queue, row->queue_limit);
}

static const struct column listener_items[] = {
	{.title = "QUEUE", .width = 11, .cell = queue_cell},
	{.figure = "dropped", .width = 8},
	{.figure = "accepted", .width = 8, .wide = true},
	{.figure = "accepted_per_s", .width = 6, .wide = true},
};

static const struct columns listener_columns = {&listener_table, listener_items,
						LENGTH(listener_items)};

static const char *color_of(enum opening_verdict verdict)
{
	switch (verdict) {
	case OPENING_FINE:
		return "";
	case OPENING_SLOW:
		return TEXT_YELLOW;
	default:
		return TEXT_RED;
	}
}

static const char *color_of_listener(enum listener_verdict verdict)
{
	static const char *const colors[LISTENER_VERDICTS] = {
		[LISTENER_FINE] = "",
		[LISTENER_FILLING] = TEXT_YELLOW,
		[LISTENER_FULL] = TEXT_RED,
	};

	return colors[verdict];
}

static void show_verdict(struct output *output, const char *name, const char *color,
			 const struct text_style *style)
{
	bool colored = style->color && color[0];

	output_format(output, "  %s%s%s", colored ? color : "", name, colored ? TEXT_PLAIN : "");
	output_line(output);
}

/* "2 ECONNREFUSED, 1 gave_up" */
static void say_failures(struct sentence *sentence, const struct opening_row *row)
{
	const char *comma = "";

	for (unsigned int i = 0; i < FAILED_WAYS; i++) {
		if (!row->failed[i])
			continue;
		say(sentence, "%s%llu %s", comma, (unsigned long long)row->failed[i],
		    connect_failure_name(i));
		comma = ", ";
	}
}

static void say_ends(struct sentence *sentence, const struct opening *opening,
		     const struct opening_row *row)
{
	if (model_lacks(opening->model, WANT_TRANSITIONS) || !row->attempts) {
		say(sentence, "%u wait%s", row->pending, singular(row->pending));
		return;
	}
	say(sentence, "of %llu, %llu came about", (unsigned long long)row->attempts,
	    (unsigned long long)row->established);
	if (row->pending)
		say(sentence, ", %u wait%s", row->pending, singular(row->pending));
	if (!row->failures)
		return;
	say(sentence, ", ");
	say_failures(sentence, row);
}

/* The counters tell of no socket: what they say is only likely. */
static void say_tracking(struct sentence *sentence, const struct opening *opening,
			 const struct opening_row *row)
{
	const struct conntrack *conntrack;
	struct tracking tracking;

	if (!opening_is_inferred(opening, row) ||
	    !opening_tracking(opening, row->tuple.netns, &tracking))
		return;
	conntrack = &tracking.conntrack;
	say(sentence, "; meanwhile connection tracking%s dropped %llu packets",
	    tracking.netns == row->tuple.netns ? "" : " of the host",
	    (unsigned long long)conntrack->drop);
	if (conntrack->insert_failed)
		say(sentence, ", %llu for want of a port to translate to",
		    (unsigned long long)conntrack->insert_failed);
	say(sentence, ", with %llu of %llu entries (inferred)",
	    (unsigned long long)conntrack->count, (unsigned long long)conntrack->max);
}

static void say_other_end(struct sentence *sentence, const struct opening *opening,
			  const struct opening_row *row)
{
	const struct listener_row *found = opening_other_end(opening, row);

	if (!found)
		return;
	say(sentence, "; ");
	text_process(sentence, rows_process(&opening->listeners, found->row.process));
	say(sentence, " listens there");
	if (found->verdict == LISTENER_FULL)
		say(sentence, ", and has no room: %u in its queue of %u", found->queue,
		    found->queue_limit);
}

static void say_no_answer(struct sentence *sentence)
{
	say(sentence, ": the SYN is sent again, and nobody answers");
}

static void say_refused(struct sentence *sentence)
{
	say(sentence, ": nothing listens there, or a firewall says so");
}

static void say_unreachable(struct sentence *sentence)
{
	say(sentence, ": there is no way there");
}

static void say_no_port(struct sentence *sentence)
{
	say(sentence, ": no local port was left (tcplinger ports says why)");
}

static void say_slow(struct sentence *sentence)
{
	say(sentence, ": half of them took a second or more, as where a SYN is lost");
}

static void (*const sayings[OPENING_VERDICTS])(struct sentence *sentence) = {
	[OPENING_NO_ANSWER] = say_no_answer,
	[OPENING_REFUSED] = say_refused,
	[OPENING_UNREACHABLE] = say_unreachable,
	[OPENING_NO_PORT] = say_no_port,
	[OPENING_SLOW] = say_slow,
};

static void show_sentence(const struct opening *opening, struct output *output,
			  const struct opening_row *row, unsigned int width)
{
	struct sentence sentence = {0};

	say_ends(&sentence, opening, row);
	if (sayings[row->verdict])
		sayings[row->verdict](&sentence);
	if (row->verdict != OPENING_FINE) {
		say_other_end(&sentence, opening, row);
		say_tracking(&sentence, opening, row);
	}
	text_sentence(output, &sentence, width);
}

static void show_line(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *style)
{
	const struct opening_row *row = (const struct opening_row *)shown;
	bool narrow = text_is_narrow(style, WIDE_COLUMNS);
	const struct opening *opening = view;

	text_name(&opening->rows, output, shown, narrow ? NAME_NARROW : NAME_WIDE, style);
	output_string(output, " ");
	text_place(output, shown, &row->tuple, DIRECTION_OUT, narrow ? PLACE_NARROW : PLACE_WIDE,
		   style);
	columns_row(&columns, output, narrow, opening, row);
	show_verdict(output, opening_verdict_name(row->verdict), color_of(row->verdict), style);
}

static void show_more(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *style)
{
	const struct opening *opening = view;

	show_sentence(opening, output, (const struct opening_row *)shown, style->columns);
	if (opening_stacks(opening))
		stack_tally_show(&opening->stacks, shown->key, "pending", output, style);
}

static void say_listener(struct sentence *sentence, const struct opening *opening,
			 const struct listener_row *row)
{
	struct process_facts facts = listeners_facts(opening, row);
	const char *limited_by = listeners_limited_by(opening, row);

	say(sentence, "%u wait%s to be accepted, of %u", row->queue, singular(row->queue),
	    row->queue_limit);
	if (limited_by)
		say(sentence, " (%s)",
		    limited_by[0] == 's' ? "net.core.somaxconn" : "its own backlog");
	if (row->overflows)
		say(sentence, "; no room for %llu since then", (unsigned long long)row->overflows);
	if (facts.looked)
		threads_say(sentence, &facts);
}

static void show_listener_sentence(const struct opening *opening, struct output *output,
				   const struct listener_row *row, unsigned int width)
{
	struct sentence sentence = {0};

	say_listener(&sentence, opening, row);
	text_sentence(output, &sentence, width);
}

static void show_listener_line(const void *view, struct output *output, const struct row *shown,
			       const struct text_style *style)
{
	const struct listener_row *row = (const struct listener_row *)shown;
	bool narrow = text_is_narrow(style, WIDE_COLUMNS);
	const struct opening *opening = view;

	text_name(&opening->listeners, output, shown, narrow ? NAME_NARROW : NAME_WIDE, style);
	output_string(output, " ");
	text_place(output, shown, &row->tuple, DIRECTION_IN, narrow ? PLACE_NARROW : PLACE_WIDE,
		   style);
	columns_row(&listener_columns, output, narrow, opening, row);
	show_verdict(output, listener_verdict_name(row->verdict), color_of_listener(row->verdict),
		     style);
}

static void show_listener_more(const void *view, struct output *output, const struct row *shown,
			       const struct text_style *style)
{
	const struct listener_row *row = (const struct listener_row *)shown;

	if (row->verdict != LISTENER_FINE)
		show_listener_sentence(view, output, row, style->columns);
}

static void show_header(struct output *output, const struct columns *shown, const char *place,
			const struct text_style *style)
{
	bool narrow = text_is_narrow(style, WIDE_COLUMNS);

	output_format(output, "%-*s    %-*s", narrow ? NAME_NARROW : NAME_WIDE, "    PID PROCESS",
		      narrow ? PLACE_NARROW : PLACE_WIDE, place);
	columns_header(shown, output, narrow);
	output_string(output, "  VERDICT");
	output_line(output);
}

static void show_opening_header(struct output *output, const struct text_style *style)
{
	show_header(output, &columns, "DESTINATION", style);
}

static void show_listener_header(struct output *output, const struct text_style *style)
{
	show_header(output, &listener_columns, "LISTENER", style);
}

/* How many of the listeners shown are worth a word: they come first. */
static size_t listeners_in_trouble(const struct opening *opening)
{
	size_t count = 0;

	while (count < opening->listeners.shown_count &&
	       opening_listener(opening, count)->verdict != LISTENER_FINE)
		count++;
	return count;
}

static void show_title(const struct opening *opening, struct output *output,
		       const struct text_style *style)
{
	struct shown shown = {
		.count = opening->pending,
		.all = opening->all,
		.chosen = process_filter_active(opening->config.processes),
	};
	size_t trouble = listeners_in_trouble(opening);
	struct sentence title = {0};
	char time[FORMAT_TIME];

	format_clock(time, opening->time_ns + (uint64_t)opening->model->clocks.monotonic_ns);
	say(&title, "%.8s  ", time);
	say_shown(&title, shown, "connection");
	say(&title, " in SYN_SENT, %zu listener%s full or filling%s", trouble, plural(trouble),
	    opening->incomplete ? "  (something was lost)" : "");
	text_wrap(output, 0, INDENT, title.text, style->columns);
}

/* Those in trouble; with -v all. None: nothing is shown. */
static void draft_listeners(const struct opening *opening, struct output *draft,
			    const struct text_style *style)
{
	size_t most = style->limit ? style->limit : style->lines ? LISTENERS_SHOWN : SIZE_MAX;
	size_t count =
		style->details ? opening->listeners.shown_count : listeners_in_trouble(opening);

	text_draft(draft);
	if (!count)
		return;
	show_listener_header(draft, style);
	for (size_t i = 0; i < count && i < most; i++)
		sheet_show_row(&opening_sheets[1], opening, draft, opening->listeners.shown[i],
			       style);
	if (count > most) {
		output_format(draft, "... and %zu more listener%s (--limit)", count - most,
			      plural(count - most));
		output_line(draft);
	}
}

void opening_show_text(void *self, struct output *output, const struct text_style *style, bool last)
{
	const struct opening *opening = self;
	struct output listeners;

	(void)last;
	draft_listeners(opening, &listeners, style);
	show_title(opening, output, style);
	show_header(output, &columns, "DESTINATION", style);
	sheet_show(opening_sheets, opening, output, style, TABLE_LINES + text_lines(&listeners));
	output_bytes(output, listeners.text, listeners.length);
	output_free(&listeners);
}

void opening_show_worst(const struct opening *opening, const struct opening_row *row,
			struct output *output, unsigned int width)
{
	struct sentence title = {0};

	say(&title, "%u connect%s of ", row->pending, plural(row->pending));
	text_process(&title, rows_process(&opening->rows, row->row.process));
	say(&title, " wait%s, ", singular(row->pending));
	say_place(&title, &row->tuple, DIRECTION_OUT);
	say(&title, ", %s:", opening_verdict_name(row->verdict));
	text_wrap(output, 0, INDENT, title.text, width);
	show_sentence(opening, output, row, width);
	output_line(output);
}

void opening_show_worst_listener(const struct opening *opening, const struct listener_row *row,
				 struct output *output, unsigned int width)
{
	struct sentence title = {0};

	text_process(&title, rows_process(&opening->listeners, row->row.process));
	say(&title, " listens, and is %s, ", listener_verdict_name(row->verdict));
	say_place(&title, &row->tuple, DIRECTION_IN);
	say(&title, ":");
	text_wrap(output, 0, INDENT, title.text, width);
	show_listener_sentence(opening, output, row, width);
	output_line(output);
}

const struct sheet opening_sheets[OPENING_SHEETS] = {
	{
		.name = "destinations",
		.table = &opening_table,
		.figure = "pending",
		.rows = offsetof(struct opening, rows),
		.header = show_opening_header,
		.line = show_line,
		.more = show_more,
	},
	{
		.name = "listeners",
		.table = &listener_table,
		.figure = "queue",
		.rows = offsetof(struct opening, listeners),
		.header = show_listener_header,
		.line = show_listener_line,
		.more = show_listener_more,
	},
};
