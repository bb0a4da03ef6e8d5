// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is on the screen: two lines on top, the rows, a pane over them, a line below. */
#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/time.h"
#include "command/top/screen.h"
#include "command/top/top.h"
#include "view/grouping.h"
#include "writer/format.h"

#define HEAD_LINES    2
#define SMALL_COLUMNS 60
#define SMALL_LINES   15
#define NAME_COLUMNS  24

static const char *const help[] = {
	"Tab, Shift-Tab, 1-7   the tabs",
	"arrows, j k, PgUp PgDn, Home End   rows",
	"Enter   details of the row; once more: on all of the screen",
	"/   search, n: the next one",
	"f   filter: words of the command line, as --rport 443 -c nginx",
	"s   sort by a figure; < > the one before, the next; I the other way",
	"b   group by pid, comm, exe, cgroup, container",
	"space   freeze the screen; what happens is still seen",
	"+ -   interval",
	"left, right   in a recording: a refresh back, on; with Shift a minute",
	"w   write what is shown to a file, as JSON",
	"Esc   closes what is open      q   quits",
};

static void put(int y, const char *text, int attributes)
{
	if (y >= 0 && y < LINES)
		screen_put(y, 0, COLS, text, attributes);
}

static bool is_small(void)
{
	return COLS < SMALL_COLUMNS || LINES < SMALL_LINES;
}

/* Names where there is room for all of them, else numbers and the name of the one that is shown. */
static void draw_tabs(struct top *top)
{
	int x = 0;

	put(0, "", A_NORMAL);
	for (size_t i = 0; i < TABS; i++) {
		bool shown = i == top->tab;
		char text[32];
		int length = snprintf(text, sizeof(text), " %zu %s ", i + 1,
				      shown || COLS >= 80 ? top->tabs[i].name : "");

		if (x + length > COLS)
			return;
		screen_put(0, x, length, text, shown ? A_REVERSE | A_BOLD : A_NORMAL);
		x += length;
	}
}

static void add(char *line, size_t size, const char *format, ...)
{
	size_t length = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + length, size - length, format, arguments);
	va_end(arguments);
}

/* Of a file, without its folders: the line has more to say. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void draw_state(struct top *top)
{
	const struct model *model = &top->watch->model;
	const struct tab_order *order = &top_tab(top)->order;
	char line[512] = "", time[FORMAT_TIME];

	format_clock(time, top->time_ns + (uint64_t)model->clocks.monotonic_ns);
	add(line, sizeof(line), " %.8s  every %gs", time, top->options->interval_s);
	if (top->recorded)
		add(line, sizeof(line), "  of %s", name_of(top->options->input));
	if (top->frozen)
		add(line, sizeof(line), "  FROZEN");
	if (is_small())
		add(line, sizeof(line), "  small: %dx%d", COLS, LINES);
	if (top->options->by != BY_PID)
		add(line, sizeof(line), "  by %s", grouping_names[top->options->by]);
	if (order->figure)
		add(line, sizeof(line), "  sorted by %s%s", order->figure->key,
		    order->reverse ? ", least first" : "");
	if (top->filter[0])
		add(line, sizeof(line), "  filter: %s", top->filter);
	if (losses_total(&model->losses))
		add(line, sizeof(line), "  lost %llu records",
		    (unsigned long long)losses_total(&model->losses));
	put(1, line, top->frozen ? A_BOLD : A_NORMAL);
}

static void draw_course(struct top *top, const struct item *item, int y, int attributes)
{
	int columns = tab_course_columns(top_tab(top), COLS);
	char text[COURSE_BYTES];

	if (!columns)
		return;
	if (item->key)
		course_draw(&top_tab(top)->courses, item->key, (size_t)columns - 1, top->ascii,
			    text);
	else
		snprintf(text, sizeof(text), "%s, %d s", tab_main_figure(top_tab(top), item),
			 (columns - 1) * (int)(COURSE_NS / NS_PER_S));
	screen_put(y, COLS - columns + 1, columns - 1, text, attributes);
}

static void draw_item(struct top *top, const struct item *item, int y)
{
	struct list *list = &top_tab(top)->list;
	int attributes = !item->key ? A_BOLD : item->key == list->chosen ? A_REVERSE : A_NORMAL;

	put(y, list_text(list, item->line), attributes);
	draw_course(top, item, y, attributes);
}

/* The first heading stays above what is scrolled. */
static void draw_rows(struct top *top, int lines)
{
	struct list *list = &top_tab(top)->list;
	bool heading = list->count && !list->items[0].key;
	int y = HEAD_LINES;

	list_show(list, lines > heading ? (size_t)(lines - heading) : 0);
	if (heading && list->top) {
		draw_item(top, &list->items[0], y++);
		lines--;
	}
	for (size_t i = list->top; i < list->count && lines > 0; i++, lines--)
		draw_item(top, &list->items[i], y++);
	for (; lines > 0; lines--)
		put(y++, "", A_NORMAL);
}

static void draw_nothing(struct top *top)
{
	const struct list *list = &top_tab(top)->list;

	if (list->count > 1 || (list->count && list->items[0].key))
		return;
	put(HEAD_LINES + 2,
	    top->tab == TAB_FINDINGS ? "    nothing is wrong, as far as was seen yet"
				     : "    nothing to show",
	    A_NORMAL);
}

/* The lines of a text from the `skip`th on; how many there are. */
static size_t draw_text(const char *text, size_t skip, int y, int lines)
{
	size_t count = 0;

	for (const char *line = text; *line; count++) {
		size_t length = strcspn(line, "\n");

		if (count >= skip && count < skip + (size_t)lines)
			put(y + (int)(count - skip), line, A_NORMAL);
		line += length + !!line[length];
	}
	return count;
}

static void say_course(struct top *top, const struct item *item, char *line, size_t size)
{
	const char *figure = tab_main_figure(top_tab(top), item);
	size_t columns = COLS > 100 ? COURSE_POINTS : COURSE_POINTS / 2;
	char text[COURSE_BYTES];
	double most;

	line[0] = 0;
	if (!figure)
		return;
	most = course_draw(&top_tab(top)->courses, item->key, columns, top->ascii, text);
	if (most > 0)
		snprintf(line, size, "        %s in the last %zu s: |%s| at most %g", figure,
			 columns * (size_t)(COURSE_NS / NS_PER_S), text, most);
}

/* Of the row under the cursor, in so many lines. */
static void draw_details(struct top *top, int y, int lines)
{
	struct list *list = &top_tab(top)->list;
	const struct item *item = list_chosen(list);
	int end = y + lines;
	char course[512];
	size_t all, room;

	for (int i = y; i < end; i++)
		put(i, "", A_NORMAL);
	if (!item)
		return;
	put(y++, top->tab == TAB_FINDINGS ? " finding" : list_text(list, item->line), A_REVERSE);
	say_course(top, item, course, sizeof(course));
	if (course[0])
		put(y++, course, A_NORMAL);
	room = end > y ? (size_t)(end - y) : 0;
	all = draw_text(list_text(list, item->more), top->scrolled, y, (int)room);
	if (top->scrolled && top->scrolled + room > all)
		top->scrolled = all > room ? all - room : 0;
}

static void draw_help(int y, int lines)
{
	for (int i = 0; i < lines; i++)
		put(y + i, i < (int)LENGTH(help) ? help[i] : "", A_NORMAL);
}

/* The figures to sort by, around the chosen one. */
static void draw_figures(struct top *top, int y, int lines)
{
	const struct tab *tab = top_tab(top);
	size_t count = tab_figures(tab) + 1;
	size_t first = top->chosen >= (size_t)lines ? top->chosen - (size_t)lines + 1 : 0;

	for (int i = 0; i < lines; i++) {
		size_t place = first + (size_t)i;
		struct tab_order order = {0};
		char line[512] = "";

		if (place && place < count)
			order = tab_figure(tab, place - 1);
		if (place < count)
			snprintf(line, sizeof(line), "  %-*s %s", NAME_COLUMNS,
				 order.figure ? order.figure->key : "(its own order)",
				 order.figure ? order.figure->help : "what matters most first");
		put(y + i, line, place == top->chosen ? A_REVERSE : A_NORMAL);
	}
}

static void draw_prompt(const struct prompt *prompt, int y)
{
	char line[2 * PROMPT_MAX + 64];

	snprintf(line, sizeof(line), "%s%s_%s%s", prompt_label(prompt), prompt->text,
		 prompt->reason[0] ? "   " : "", prompt->reason);
	put(y, line, A_BOLD);
}

static void draw_last(struct top *top)
{
	const struct list *list = &top_tab(top)->list;
	char line[512];

	if (top->mode == MODE_PROMPT) {
		draw_prompt(&top->prompt, LINES - 1);
		return;
	}
	if (top->message[0])
		snprintf(line, sizeof(line), " %s", top->message);
	else if (list->omitted)
		snprintf(line, sizeof(line), " and %zu more rows; f filter, s sort, ? help, q quit",
			 list->omitted);
	else
		snprintf(
			line, sizeof(line),
			" Enter details  / search  f filter  s sort  space freeze  ? help  q quit");
	put(LINES - 1, line, top->message[0] ? A_BOLD : A_DIM);
}

void top_draw(struct top *top)
{
	enum top_mode mode = top->mode == MODE_PROMPT ? top->below : top->mode;
	int lines = LINES - HEAD_LINES - 1, upper = lines / 2;

	erase();
	draw_tabs(top);
	draw_state(top);
	switch (mode) {
	case MODE_WHOLE:
		draw_details(top, HEAD_LINES, lines);
		break;
	case MODE_HELP:
		draw_help(HEAD_LINES, lines);
		break;
	case MODE_SORT:
		draw_figures(top, HEAD_LINES, lines);
		break;
	case MODE_DETAILS:
		draw_rows(top, upper);
		draw_details(top, HEAD_LINES + upper, lines - upper);
		break;
	default:
		draw_rows(top, lines);
		draw_nothing(top);
	}
	draw_last(top);
	refresh();
}
