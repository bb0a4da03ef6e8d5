// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "writer/format.h"
#include "record/names.h"
#include "base/macros.h"
#include "view/column.h"
#include "view/ports/internal.h"

#define WIDE_COLUMNS 100
#define PLACE_NARROW 21 /* any IPv4 endpoint; IPv6 is cut in its middle */
#define PLACE_WIDE   40
#define BAR_COLUMNS  10
#define FAILURES_MAX 5
#define TABLE_LINES  4
#define NAMED_OWNERS 4
#define RATE	     16
#define RATE_MAX     999999e6
#define SHARE_MAX    9.99   /* of sockets whose ends were lost there may be more than ports */
#define LEFT_MAX_S   8.64e9 /* as text_age has it */

/* Of the supply; 0 where that is not known. Of a range, what bind() has taken of it. */
static double share(const struct port_row *row)
{
	double used;

	if (row->range)
		return ports_blocked_share(row);
	return ports_used_share(row, &used) ? used : 0;
}

/* What connect() would take over is as good as free. */
static bool is_near(const struct port_row *row)
{
	double taken;

	return ports_taken_share(row, &taken) && taken >= PORTS_NEAR;
}

static const char *color_of(const struct port_row *row, const struct text_style *style)
{
	if (!style->color)
		return "";
	if (share(row) >= 1)
		return TEXT_RED;
	return is_near(row) || row->range ? TEXT_YELLOW : "";
}

static void format_left(char *text, const struct port_row *row)
{
	double seconds;

	if (share(row) >= 1)
		snprintf(text, TEXT_AGE, row->now.reusable ? "REUSES" : "EXHAUSTED");
	else if (row->range)
		snprintf(text, TEXT_AGE, "-");
	else if (ports_exhausted_in(row, &seconds))
		text_age(text, (uint64_t)((seconds < LEFT_MAX_S ? seconds : LEFT_MAX_S) * 1e9));
	else
		snprintf(text, TEXT_AGE, is_near(row) ? "NEAR" : "-");
}

/* In seven columns. */
static void format_rate(char *text, double per_s)
{
	if (per_s < 99999.95)
		snprintf(text, RATE, "%.1f", per_s);
	else if (per_s < 9999999.5)
		snprintf(text, RATE, "%.0f", per_s);
	else
		snprintf(text, RATE, "%.0fM", per_s < RATE_MAX ? per_s / 1e6 : RATE_MAX / 1e6);
}

static void use_cell(char *text, const void *view, const void *at)
{
	const struct port_row *row = at;
	const struct port_supply *range = &row->now.supply;
	uint32_t supply;

	if (row->range)
		snprintf(text, CELL, "%u/%u", range->blocked, range->blocked + range->supply);
	else if (ports_supply(&row->now, &supply))
		snprintf(text, CELL, "%u/%u%s", row->now.used, supply,
			 ports_know_bound(view) ? "" : "?");
	else
		snprintf(text, CELL, "%u/?", row->now.used);
}

static void bar_cell(char *text, const void *view, const void *row)
{
	static const char stars[BAR_COLUMNS + 1] = "##########";
	double used = share(row);
	int bar;

	(void)view;
	if (used > SHARE_MAX)
		used = SHARE_MAX;
	bar = (int)(used * BAR_COLUMNS);
	if (used > 0 && !bar)
		bar = 1;
	snprintf(text, CELL, "[%-*.*s]%4d%%", BAR_COLUMNS, bar < BAR_COLUMNS ? bar : BAR_COLUMNS,
		 stars, (int)(100 * used));
}

static void consumed_cell(char *text, const void *view, const void *row)
{
	double per_s;

	if (ports_consumed(view, row, &per_s))
		format_rate(text, per_s);
}

static void sustainable_cell(char *text, const void *view, const void *row)
{
	double per_s;

	if (ports_sustainable(view, row, &per_s))
		format_rate(text, per_s);
}

static void left_cell(char *text, const void *view, const void *row)
{
	(void)view;
	format_left(text, row);
}

static const struct column column_items[] = {
	{.figure = "used", .width = 11, .cell = use_cell},
	{.title = "", .width = BAR_COLUMNS + 7, .cell = bar_cell},
	{.figure = "consumed_per_s", .width = 7, .cell = consumed_cell},
	{.figure = "sustainable_per_s", .width = 7, .cell = sustainable_cell},
	{.figure = "exhausted_in_s", .width = 9, .cell = left_cell},
};

static const struct columns columns = {&ports_table, column_items, LENGTH(column_items)};

/* "php-fpm[812]", or the name of the group that it stands for. */
static void say_group(struct sentence *sentence, const struct ports *ports, uint32_t number)
{
	const struct process *process = rows_process(&ports->rows, number);
	char text[17];

	if (ports->config.by != BY_PID && grouping_key(ports->config.by, process))
		text_group(sentence, grouping_name(ports->config.by, process, text));
	else
		text_process(sentence, process);
}

/* "27960 TIME_WAIT of php-fpm[812]": what one owner holds. */
static void say_owner(struct sentence *sentence, const struct ports *ports,
		      const struct census_owner *owner)
{
	const char *comma = "";

	for (unsigned int state = TCP_ESTABLISHED; state < TCP_STATES; state++) {
		if (!owner->by_state[state])
			continue;
		say(sentence, "%s%u %s", comma, owner->by_state[state], tcp_state_name(state));
		comma = " + ";
	}
	say(sentence, " of ");
	say_group(sentence, ports, owner->process);
}

void ports_say_owners(struct sentence *sentence, const struct ports *ports,
		      const struct census *census)
{
	struct port_owners owners = ports_owners(ports, census);
	size_t named = owners.count < NAMED_OWNERS ? owners.count : NAMED_OWNERS;
	uint32_t others = owners.others;

	for (size_t i = 0; i < named; i++) {
		if (i)
			say(sentence, ", ");
		say_owner(sentence, ports, &owners.items[i]);
	}
	for (size_t i = named; i < owners.count; i++)
		others += owners.items[i].ports;
	if (others)
		say(sentence, ", %u of %zu more", others, owners.count - named + owners.omitted);
}

/* "50 by squid[812], 3 by nginx[33]" */
static void say_blockers(struct sentence *sentence, const struct ports *ports,
			 const struct port_row *row)
{
	struct port_blocker blockers[NAMED_OWNERS];
	size_t count = port_spaces_blockers(&ports->model->ports, row->tuple.netns,
					    &row->now.supply, blockers, NAMED_OWNERS);

	for (size_t i = 0; i < count; i++) {
		say(sentence, "%s%u by ", i ? ", " : ": ", blockers[i].ports);
		text_process(sentence, rows_process(&ports->rows, blockers[i].process));
	}
}

static void say_range(struct sentence *sentence, const struct ports *ports,
		      const struct port_row *row)
{
	const struct port_supply *range = &row->now.supply;

	say(sentence, "bind() has taken %u of ports %u-%u", range->blocked, range->low,
	    range->high);
	say_blockers(sentence, ports, row);
	say(sentence,
	    "; IP_BIND_ADDRESS_NO_PORT before bind() avoids that for outgoing connections");
}

static void say_bound(struct sentence *sentence, const struct ports *ports,
		      const struct port_row *row)
{
	const struct census *now = &row->now;

	say(sentence, "%s%u port%s that bind() chose", now->owner_count ? "; " : "", now->bound,
	    plural(now->bound));
	if (now->supply_known && now->bound_in_range != now->bound)
		say(sentence, " (%u of the range)", now->bound_in_range);
	if (now->supply.blocked)
		say_blockers(sentence, ports, row);
}

static void say_row(struct sentence *sentence, const struct ports *ports,
		    const struct port_row *row)
{
	const struct census *census = &row->now;

	if (row->range) {
		say_range(sentence, ports, row);
		return;
	}
	ports_say_owners(sentence, ports, census);
	if (!census->owner_count && !census->bound)
		say(sentence, "none held now");
	if (census->bound)
		say_bound(sentence, ports, row);
	if (census->reusable)
		say(sentence, "; %u could be reused", census->reusable);
	if (census->supply.blocked && !census->bound)
		say(sentence, "; bind() blocks %u", census->supply.blocked);
	if (census->supply.reserved)
		say(sentence, "; %u reserved", census->supply.reserved);
}

static void show_line(const void *view, struct output *output, const struct row *shown,
		      const struct text_style *style)
{
	const struct port_row *row = (const struct port_row *)shown;
	const struct ports *ports = view;
	size_t place = text_is_narrow(style, WIDE_COLUMNS) ? PLACE_NARROW : PLACE_WIDE;
	const char *color = color_of(row, style);

	output_string(output, color);
	if (row->range)
		output_format(output, "%-*s", (int)place, "(every destination)");
	else
		text_endpoint(output, row->tuple.raddr, row->tuple.rport, place, style);
	columns_row(&columns, output, false, ports, row);
	output_string(output, color[0] ? TEXT_PLAIN : "");
	output_line(output);
}

static void show_more(const void *view, struct output *output, const struct row *row,
		      const struct text_style *style)
{
	struct sentence sentence = {0};

	say_row(&sentence, view, (const struct port_row *)row);
	text_sentence(output, &sentence, style->columns);
}

static void show_header(struct output *output, const struct text_style *style)
{
	output_format(output, "%-*s",
		      text_is_narrow(style, WIDE_COLUMNS) ? PLACE_NARROW : PLACE_WIDE,
		      "DESTINATION");
	columns_header(&columns, output, false);
	output_line(output);
}

static void show_title(const struct ports *ports, struct output *output,
		       const struct text_style *style)
{
	struct shown shown = {
		.count = ports->rows.shown_count,
		.all = ports->rows.shown_count + ports->left_out,
		.chosen = process_filter_active(ports->config.processes),
	};
	struct sentence title = {0};
	char time[FORMAT_TIME];

	format_clock(time, ports->time_ns + (uint64_t)ports->model->clocks.monotonic_ns);
	say(&title, "%.8s  ", time);
	say_shown(&title, shown, "destination");
	say(&title, "%s", ports->incomplete ? "  (something was lost)" : "");
	text_wrap(output, 0, INDENT, title.text, style->columns);
	show_header(output, style);
}

/* Of the first row: the table keeps one at least. */
static size_t first_lines(const struct ports *ports, const struct text_style *style)
{
	struct output draft;
	size_t lines;

	text_draft(&draft);
	if (ports->rows.shown_count)
		sheet_show_row(ports_sheets, ports, &draft, ports->rows.shown[0], style);
	lines = text_lines(&draft);
	output_free(&draft);
	return lines;
}

/* Those that fit, the newest first, one at least. */
static void draft_failures(const struct ports *ports, struct output *draft,
			   const struct text_style *style)
{
	size_t others = TABLE_LINES + first_lines(ports, style);

	text_draft(draft);
	for (size_t i = 0; i < ports->recent_count && i < FAILURES_MAX; i++) {
		const struct port_failure *failure = ports->recent[i];
		size_t before = draft->length;

		if (failure->last_ns + FAILURE_NS < ports->time_ns)
			return;
		sheet_show_row(&ports_sheets[1], ports, draft, &failure->row, style);
		if (style->lines && i && others + text_lines(draft) > style->lines) {
			draft->length = before;
			return;
		}
	}
}

void ports_show_text(void *self, struct output *output, const struct text_style *style, bool last)
{
	const struct ports *ports = self;
	struct output failures;

	(void)last;
	draft_failures(ports, &failures, style);
	show_title(ports, output, style);
	sheet_show(ports_sheets, ports, output, style, TABLE_LINES + text_lines(&failures));
	output_bytes(output, failures.text, failures.length);
	output_free(&failures);
}

static void show_worst_range(const struct ports *ports, const struct port_row *row,
			     struct output *output, unsigned int columns)
{
	struct sentence sentence = {0};

	text_wrap(output, 0, INDENT,
		  "half of the ports, or more, are taken for every destination:", columns);
	say_range(&sentence, ports, row);
	text_sentence(output, &sentence, columns);
	output_line(output);
}

void ports_show_worst(const struct ports *ports, const struct port_row *row, struct output *output,
		      unsigned int columns)
{
	struct sentence title = {0}, sentence = {0};
	char place[FORMAT_ENDPOINT];
	uint32_t supply;
	bool known = ports_supply(&row->now, &supply);

	if (row->range) {
		show_worst_range(ports, row, output, columns);
		return;
	}
	format_endpoint(place, row->tuple.raddr, row->tuple.rport);
	say(&title, "%u", row->now.used);
	if (known)
		say(&title, " of %u", supply);
	say(&title, " port%s %s in use towards %s:", plural(known ? supply : row->now.used),
	    are(row->now.used), place);
	text_wrap(output, 0, INDENT, title.text, columns);
	say_row(&sentence, ports, row);
	text_sentence(output, &sentence, columns);
	output_line(output);
}

const struct sheet ports_sheets[PORTS_SHEETS] = {
	{
		.name = "destinations",
		.table = &ports_table,
		.figure = "used",
		.rows = offsetof(struct ports, rows),
		.header = show_header,
		.line = show_line,
		.more = show_more,
	},
	{
		.name = "failures",
		.table = &port_failures_table,
		.figure = "count",
		.rows = offsetof(struct ports, failures),
		.header = ports_failure_header,
		.line = ports_failure_line,
		.more = ports_failure_more,
	},
};
