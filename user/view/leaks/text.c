// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "writer/format.h"
#include "base/macros.h"
#include "view/column.h"
#include "view/holders.h"
#include "view/leaks/leaks.h"
#include "base/time.h"

#define NAME_COLUMNS	 30
#define ENDPOINT_NARROW	 21
#define WIDE_COLUMNS	 96 /* of a row with all its columns: else descriptors are in the sentence */
#define SOCKET_COLUMNS	 108 /* of a socket with both its ends */
#define ENDPOINT_COLUMNS 27  /* any IPv4 endpoint; IPv6 is cut in its middle */
#define TABLE_LINES	 4   /* the title, the header, what is left out, the cursor */
#define SOCKET_INDENT	 10

/* ">" for a lower bound. */
static void oldest_cell(char *text, const void *view, const void *at)
{
	const struct leak_row *row = at;

	(void)view;
	if (!row->sockets)
		return;
	if (row->oldest[0].close_wait->at_least)
		*text++ = '>';
	text_age(text, leaks_oldest_ns(row));
}

static void growth_cell(char *text, const void *view, const void *row)
{
	double per_s;

	if (leaks_growth(view, row, &per_s))
		snprintf(text, CELL, "%+.1f", per_s);
}

static const struct column column_items[] = {
	{.figure = "sockets", .width = 10},
	{.figure = "oldest_s", .width = 8, .cell = oldest_cell},
	{.figure = "growth_per_s", .width = 9, .cell = growth_cell},
	{.figure = "fds", .width = 10, .wide = true},
	{.figure = "fd_limit", .width = 10, .wide = true},
};

static const struct columns columns = {&leaks_table, column_items, LENGTH(column_items)};

static const char *color_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_LEAK:
	case VERDICT_STALL:
	case VERDICT_BACKLOG:
	case VERDICT_DEAD:
		return TEXT_RED;
	case VERDICT_IDLE_POOL:
	case VERDICT_NOT_READING:
	case VERDICT_STOPPED:
	case VERDICT_MIXED:
		return TEXT_YELLOW;
	default:
		return "";
	}
}

static void show_sentence(const struct leaks *leaks, struct output *output,
			  const struct leak_row *row, unsigned int columns)
{
	struct sentence sentence = {0};

	leaks_say_reason(&sentence, leaks, row);
	leaks_say_where(&sentence, leaks, row);
	text_sentence(output, &sentence, columns);
}

/* On lines of their own: all but the one that the socket's line shows. */
static void show_other_holders(const struct leaks *leaks, struct output *output,
			       const struct leak_socket *socket, const struct text_style *text)
{
	struct holder_range range =
		close_waits_holders(&leaks->model->close_waits, socket->close_wait);
	const struct holder *first[HOLDERS_SHOWN];
	size_t shown = holders_choose(&leaks->rows, range, socket->process, first);
	struct sentence sentence = {0};

	if (socket->close_wait->kind == KIND_UNACCEPTED || range.count < 2)
		return;
	for (size_t i = 0; i < shown; i++) {
		if (first[i]->process == socket->process && first[i]->fd == socket->fd)
			continue;
		say(&sentence, "%spid %u fd %u", sentence.length ? ", " : "also held by ",
		    leaks_process(leaks, first[i]->process)->id.pid, first[i]->fd);
	}
	if (range.count > shown)
		say(&sentence, " and %zu more", range.count - shown);
	output_format(output, "%*s", SOCKET_INDENT, "");
	text_wrap(output, SOCKET_INDENT, SOCKET_INDENT, sentence.text, text->columns);
}

/* The peer is what counts: a narrow terminal does without the local end. */
static void show_endpoints(struct output *output, const struct tuple *tuple,
			   const struct text_style *text)
{
	bool narrow = text_is_narrow(text, SOCKET_COLUMNS);
	size_t columns = narrow ? ENDPOINT_NARROW : ENDPOINT_COLUMNS;

	if (!narrow) {
		text_endpoint(output, tuple->laddr, tuple->lport, columns, text);
		output_string(output, " ");
	}
	text_endpoint(output, tuple->raddr, tuple->rport, columns, text);
	output_string(output, " ");
}

static void show_socket(const struct leaks *leaks, struct output *output,
			const struct leak_socket *socket, const struct text_style *text)
{
	const struct close_wait *close_wait = socket->close_wait;
	uint32_t unread = close_wait->recvq > 1 ? close_wait->recvq - 1 : 0;
	char age[16], fd[24] = "-";

	text_age(age, socket->age_ns);
	if (socket->fd >= 0)
		snprintf(fd, sizeof(fd), "%lld", (long long)socket->fd);
	output_string(output, "        ");
	show_endpoints(output, &close_wait->tuple, text);
	output_format(output, "%s%8s %-11s %8u unread  fd %s", close_wait->at_least ? ">" : " ",
		      age, close_wait_kind_name(socket->kind), unread, fd);
	output_line(output);
	show_other_holders(leaks, output, socket, text);
}

static void show_sockets(const struct leaks *leaks, struct output *output,
			 const struct leak_row *row, const struct text_style *text)
{
	uint32_t shown = 0;

	for (; shown < LEAKS_OLDEST && row->oldest[shown].close_wait; shown++)
		show_socket(leaks, output, &row->oldest[shown], text);
	if (row->sockets > shown) {
		output_format(output, "        ... and %u younger one%s", row->sockets - shown,
			      plural(row->sockets - shown));
		output_line(output);
	}
}

static void show_line(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *text)
{
	const struct leak_row *row = (const struct leak_row *)shown;
	const struct leaks *leaks = view;
	enum verdict verdict = leaks_verdict(row);
	const char *color = text->color ? color_of(verdict) : "";

	text_name(&leaks->rows, output, shown, NAME_COLUMNS, text);
	columns_row(&columns, output, text_is_narrow(text, WIDE_COLUMNS), leaks, row);
	output_format(output, "  %s%s%s", color, verdict_name(verdict), color[0] ? TEXT_PLAIN : "");
	output_line(output);
}

static void show_more(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *text)
{
	const struct leak_row *row = (const struct leak_row *)shown;
	const struct leaks *leaks = view;

	show_sentence(leaks, output, row, text->columns);
	leaks_show_stacks(leaks, output, row, text);
	if (text->details)
		show_sockets(leaks, output, row, text);
}

static void show_header(struct output *output, const struct text_style *text)
{
	output_format(output, "%-*s", NAME_COLUMNS, "    PID PROCESS");
	columns_header(&columns, output, text_is_narrow(text, WIDE_COLUMNS));
	output_string(output, "  VERDICT");
	output_line(output);
}

/* Where listing takes long it is done less often than it was asked for. */
static void say_pace(struct sentence *title, const struct leaks *leaks)
{
	uint64_t pause_ns = leaks->time_ns - leaks->since_ns, asked_ns = leaks->config.interval_ns;

	if (asked_ns && leaks->since_ns && pause_ns > 2 * asked_ns)
		say(title, ", listed every %.0f s: it takes long", (double)pause_ns / NS_PER_S);
}

static void show_title(const struct leaks *leaks, struct output *output,
		       const struct text_style *text)
{
	uint64_t time_ns = leaks->time_ns + (uint64_t)leaks->model->clocks.monotonic_ns;
	struct shown shown = {
		.count = leaks->sockets,
		.all = leaks->all,
		.chosen = process_filter_active(leaks->config.processes),
	};
	struct sentence title = {0};
	char time[FORMAT_TIME];

	format_clock(time, time_ns);
	say(&title, "%.8s  ", time);
	say_shown(&title, shown, "socket");
	say(&title, " in CLOSE_WAIT");
	if (leaks->dead)
		say(&title, ", %u dead", leaks->dead);
	say_pace(&title, leaks);
	say(&title, "%s", leaks->incomplete ? "  (something was lost)" : "");
	text_wrap(output, 0, INDENT, title.text, text->columns);
	show_header(output, text);
}

void leaks_show_text(void *self, struct output *output, const struct text_style *text, bool last)
{
	const struct leaks *leaks = self;

	(void)last;
	show_title(leaks, output, text);
	sheet_show(leaks_sheets, leaks, output, text, TABLE_LINES);
}

void leaks_show_worst(const struct leaks *leaks, const struct leak_row *row, struct output *output,
		      unsigned int columns)
{
	struct sentence title = {0};

	say(&title, "%u of the CLOSE_WAIT %s %s ", row->sockets, are(row->sockets),
	    row->listener ? "not accepted by" : "held by");
	text_process(&title, leaks_process(leaks, row->row.process));
	say(&title, ", %s:", verdict_name(leaks_verdict(row)));
	text_wrap(output, 0, INDENT, title.text, columns);
	show_sentence(leaks, output, row, columns);
	output_line(output);
}

const struct sheet leaks_sheets[LEAKS_SHEETS] = {
	{
		.name = "holders",
		.table = &leaks_table,
		.figure = "sockets",
		.rows = offsetof(struct leaks, rows),
		.header = show_header,
		.line = show_line,
		.more = show_more,
	},
};
