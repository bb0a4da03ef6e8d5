// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/time.h"
#include "record/names.h"
#include "view/closing/closing.h"
#include "view/column.h"
#include "view/place.h"
#include "writer/format.h"

#define WIDE_COLUMNS	 100
#define NAME_NARROW	 18
#define NAME_WIDE	 24
#define PLACE_NARROW	 21 /* any IPv4 endpoint; IPv6 is cut in its middle */
#define PLACE_WIDE	 27
#define ENDPOINT_COLUMNS 21
#define TABLE_LINES	 4 /* the title, the header, what is left out, the cursor */

/* ">" for a lower bound. */
static void oldest_cell(char *text, const void *view, const void *at)
{
	const struct closing_row *row = at;
	uint64_t age_ns;

	(void)view;
	if (!closing_oldest_ns(row, &age_ns))
		return;
	if (row->oldest[0].listed->at_least)
		*text++ = '>';
	text_age(text, age_ns);
}

static const struct column column_items[] = {
	{.figure = "sockets", .width = 5},
	{.figure = "oldest_s", .width = 7, .cell = oldest_cell},
	{.figure = "orphans", .width = 7, .wide = true},
	{.figure = "retransmits", .width = 7, .wide = true},
};

static const struct columns columns = {&closing_table, column_items, LENGTH(column_items)};

static const char *color_of(enum closing_verdict verdict)
{
	switch (verdict) {
	case CLOSING_PEER_DOES_NOT_CLOSE:
	case CLOSING_PEER_SILENT:
	case CLOSING_PEER_WINDOW_CLOSED:
	case CLOSING_MIXED:
		return TEXT_YELLOW;
	default:
		return "";
	}
}

/* "3 FIN_WAIT1, 1 LAST_ACK" */
static void say_states(struct sentence *sentence, const struct closing_row *row)
{
	const char *comma = "";

	for (unsigned int state = 0; state < TCP_STATES; state++) {
		if (!row->by_state[state])
			continue;
		say(sentence, "%s%u %s", comma, row->by_state[state], tcp_state_name(state));
		comma = ", ";
	}
}

static bool is_other_end(const struct tuple *tuple, const struct tuple *other)
{
	return tuple->lport == other->rport && tuple->rport == other->lport &&
	       memcmp(tuple->laddr, other->raddr, sizeof(tuple->laddr)) == 0 &&
	       memcmp(tuple->raddr, other->laddr, sizeof(tuple->raddr)) == 0;
}

/* Who has got our FIN, and has not closed, if that is on this host. */
struct search {
	const struct tuple *tuple;
	const struct close_wait *found;
};

static void look_at(void *context, const struct close_wait *close_wait)
{
	struct search *search = context;

	if (is_other_end(search->tuple, &close_wait->tuple))
		search->found = close_wait;
}

static void say_other_end(struct sentence *sentence, const struct closing *closing,
			  const struct closing_row *row)
{
	const struct close_waits *close_waits = &closing->model->close_waits;
	struct search search = {.tuple = &row->oldest[0].listed->tuple};
	struct holder_range holders;

	close_waits_each(close_waits, look_at, &search);
	if (!search.found)
		return;
	holders = close_waits_holders(close_waits, search.found);
	if (!holders.count)
		return;
	say(sentence, "; ");
	text_process(sentence, rows_process(&closing->rows, holders.first[0].process));
	say(sentence, " holds the other end%s, in CLOSE_WAIT",
	    row->sockets == 1 ? "" : " of the oldest");
}

static void say_transient(struct sentence *sentence, const struct closing *closing,
			  const struct closing_row *row)
{
	double age_s = (double)closing->config.age_ns / NS_PER_S;
	uint64_t watched_ns = closing->time_ns - closing->begun_ns;

	(void)row;
	if (watched_ns < closing->config.age_ns && !closing->config.once)
		say(sentence, "watched for %.0f s: ", (double)watched_ns / NS_PER_S);
	say(sentence, "none is known to be %g s old, nothing to say yet", age_s);
}

static void say_does_not_close(struct sentence *sentence, const struct closing *closing,
			       const struct closing_row *row)
{
	uint32_t count = row->by_state[TCP_FIN_WAIT2];

	say(sentence, "%u peer%s got our FIN, and %s not closed", count, plural(count),
	    count == 1 ? "has" : "have");
	if (row->orphans < row->sockets)
		say(sentence, ": with a descriptor left, the kernel waits for ever "
			      "(tcp_fin_timeout is for orphans)");
	say_other_end(sentence, closing, row);
}

static void say_silent(struct sentence *sentence, const struct closing *closing,
		       const struct closing_row *row)
{
	(void)closing;
	say(sentence, "nobody answers what is sent again");
	if (row->retransmits)
		say(sentence, " (%u time%s so far)", row->retransmits, plural(row->retransmits));
	say(sentence, ": the peer, or the way to it, is gone");
}

static void say_window_closed(struct sentence *sentence, const struct closing *closing,
			      const struct closing_row *row)
{
	uint64_t bytes = row->unsent_bytes + row->unacked_bytes;

	(void)closing;
	say(sentence, "%u peer%s answer%s, and take%s no data: %llu byte%s wait%s, our FIN behind",
	    row->zero_window, plural(row->zero_window), singular(row->zero_window),
	    singular(row->zero_window), (unsigned long long)bytes, plural(bytes), singular(bytes));
}

static void say_mixed(struct sentence *sentence, const struct closing *closing,
		      const struct closing_row *row)
{
	(void)closing;
	say(sentence,
	    "no cause has 80 %%: of %u old enough, %u wait for the peer's FIN, "
	    "%u get no answer, %u find its window closed",
	    row->old.all, row->old.fin_wait2, row->old.silent, row->old.zero_window);
}

static void (*const sayings[CLOSING_VERDICTS])(struct sentence *sentence,
					       const struct closing *closing,
					       const struct closing_row *row) = {
	[CLOSING_TRANSIENT] = say_transient, [CLOSING_PEER_DOES_NOT_CLOSE] = say_does_not_close,
	[CLOSING_PEER_SILENT] = say_silent,  [CLOSING_PEER_WINDOW_CLOSED] = say_window_closed,
	[CLOSING_MIXED] = say_mixed,
};

static void say_figures(struct sentence *sentence, const struct closing_row *row)
{
	if (row->orphans)
		say(sentence, ", %u %s", row->orphans, row->orphans == 1 ? "orphan" : "orphans");
	if (row->unacked_bytes)
		say(sentence, ", %llu bytes unacknowledged",
		    (unsigned long long)row->unacked_bytes);
	if (row->unsent_bytes)
		say(sentence, ", %llu unsent", (unsigned long long)row->unsent_bytes);
}

void closing_say_reason(struct sentence *sentence, const struct closing *closing,
			const struct closing_row *row)
{
	if (!row->sockets) {
		say(sentence, "none left");
		return;
	}
	say_states(sentence, row);
	say_figures(sentence, row);
	say(sentence, ": ");
	sayings[row->verdict](sentence, closing, row);
}

static void show_socket(struct output *output, const struct closing_socket *socket,
			const struct text_style *style)
{
	const struct listed *listed = socket->listed;
	char age[TEXT_AGE] = "-", fd[24] = "-";

	if (socket->age_known)
		text_age(age, socket->age_ns);
	if (socket->fd >= 0)
		snprintf(fd, sizeof(fd), "%lld", (long long)socket->fd);
	output_string(output, "        ");
	text_endpoint(output, listed->tuple.raddr, listed->tuple.rport, ENDPOINT_COLUMNS, style);
	output_format(output, " %-9s %s%7s  fd %s", tcp_state_name(listed->state),
		      listed->at_least && socket->age_known ? ">" : " ", age, fd);
	if (listed->unacked || listed->unsent)
		output_format(output, "  %u+%u bytes", listed->unacked, listed->unsent);
	if (listed->retransmits)
		output_format(output, "  sent again %u", listed->retransmits);
	output_line(output);
}

static void show_sockets(struct output *output, const struct closing_row *row,
			 const struct text_style *style)
{
	uint32_t shown = 0;

	for (; shown < CLOSING_OLDEST && row->oldest[shown].listed; shown++)
		show_socket(output, &row->oldest[shown], style);
	if (row->sockets > shown) {
		output_format(output, "        ... and %u younger one%s", row->sockets - shown,
			      plural(row->sockets - shown));
		output_line(output);
	}
}

static void show_sentence(const struct closing *closing, struct output *output,
			  const struct closing_row *row, unsigned int width)
{
	struct sentence sentence = {0};

	closing_say_reason(&sentence, closing, row);
	text_sentence(output, &sentence, width);
}

static void show_line(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *style)
{
	const struct closing_row *row = (const struct closing_row *)shown;
	bool narrow = text_is_narrow(style, WIDE_COLUMNS);
	const char *color = style->color ? color_of(row->verdict) : "";
	const struct closing *closing = view;

	text_name(&closing->rows, output, shown, narrow ? NAME_NARROW : NAME_WIDE, style);
	output_string(output, " ");
	text_place(output, shown, &row->tuple, row->direction, narrow ? PLACE_NARROW : PLACE_WIDE,
		   style);
	columns_row(&columns, output, narrow, closing, row);
	output_format(output, "  %s%s%s", color, closing_verdict_name(row->verdict),
		      color[0] ? TEXT_PLAIN : "");
	output_line(output);
}

static void show_more(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *style)
{
	const struct closing_row *row = (const struct closing_row *)shown;

	show_sentence(view, output, row, style->columns);
	if (style->details)
		show_sockets(output, row, style);
}

static void show_header(struct output *output, const struct text_style *style)
{
	bool narrow = text_is_narrow(style, WIDE_COLUMNS);

	output_format(output, "%-*s    %-*s", narrow ? NAME_NARROW : NAME_WIDE, "    PID PROCESS",
		      narrow ? PLACE_NARROW : PLACE_WIDE,
		      narrow ? "PLACE" : "DESTINATION / SERVICE");
	columns_header(&columns, output, narrow);
	output_string(output, "  VERDICT");
	output_line(output);
}

static void show_title(const struct closing *closing, struct output *output,
		       const struct text_style *style)
{
	struct shown shown = {
		.count = closing->sockets,
		.all = closing->all,
		.chosen = process_filter_active(closing->config.processes),
	};
	struct sentence title = {0};
	char time[FORMAT_TIME];

	format_clock(time, closing->time_ns + (uint64_t)closing->model->clocks.monotonic_ns);
	say(&title, "%.8s  ", time);
	say_shown(&title, shown, "socket");
	say(&title, " that close, and do not end%s",
	    closing->incomplete ? "  (something was lost)" : "");
	text_wrap(output, 0, INDENT, title.text, style->columns);
	show_header(output, style);
}

void closing_show_text(void *self, struct output *output, const struct text_style *style, bool last)
{
	const struct closing *closing = self;

	(void)last;
	show_title(closing, output, style);
	sheet_show(closing_sheets, closing, output, style, TABLE_LINES);
}

void closing_show_worst(const struct closing *closing, const struct closing_row *row,
			struct output *output, unsigned int width)
{
	struct sentence title = {0};

	say(&title, "%u that close%s and do%s not end %s of ", row->sockets, singular(row->sockets),
	    row->sockets == 1 ? "es" : "", are(row->sockets));
	text_process(&title, rows_process(&closing->rows, row->row.process));
	say(&title, ", ");
	say_place(&title, &row->tuple, row->direction);
	say(&title, ", %s:", closing_verdict_name(row->verdict));
	text_wrap(output, 0, INDENT, title.text, width);
	show_sentence(closing, output, row, width);
	output_line(output);
}

const struct sheet closing_sheets[CLOSING_SHEETS] = {
	{
		.name = "places",
		.table = &closing_table,
		.figure = "sockets",
		.rows = offsetof(struct closing, rows),
		.header = show_header,
		.line = show_line,
		.more = show_more,
	},
};
