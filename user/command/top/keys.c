// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What each key does. */
#include <curses.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/macros.h"
#include "base/time.h"
#include "command/top/top.h"

#define MINUTE_S	 60.0
#define ESCAPE		 27
#define INTERVAL_LEAST_S 0.1
#define INTERVAL_MOST_S	 60

void top_say(struct top *top, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(top->message, sizeof(top->message), format, arguments);
	va_end(arguments);
}

static long page(const struct top *top)
{
	int lines = LINES - 4;

	if (top->mode == MODE_DETAILS)
		lines /= 2;
	return lines > 1 ? lines : 1;
}

static void choose_tab(struct top *top, size_t tab)
{
	top->tab = tab % TABS;
	top->scrolled = 0;
	if (top->mode == MODE_WHOLE || top->tab == TAB_TRACE)
		top->mode = MODE_ROWS;
}

static void close_one(struct top *top)
{
	top->mode = top->mode == MODE_WHOLE ? MODE_DETAILS : MODE_ROWS;
	top->scrolled = 0;
}

static void open_details(struct top *top)
{
	if (!list_chosen(&top_tab(top)->list) || top->tab == TAB_TRACE)
		return;
	top->mode = top->mode == MODE_ROWS ? MODE_DETAILS : MODE_WHOLE;
	top->scrolled = 0;
}

static void open_prompt(struct top *top, enum prompt_kind kind, const char *text)
{
	prompt_open(&top->prompt, kind, text);
	top->below = top->mode;
	top->mode = MODE_PROMPT;
}

static void search(struct top *top)
{
	if (!top->searched[0])
		top_say(top, "nothing was searched for yet: /");
	else if (!list_search(&top_tab(top)->list, top->searched))
		top_say(top, "no row has \"%s\"", top->searched);
}

static void open_sort(struct top *top)
{
	const struct tab_order *order = &top_tab(top)->order;

	if (!tab_figures(top_tab(top))) {
		top_say(top, "this tab has an order of its own");
		return;
	}
	top->chosen = 0;
	for (size_t i = 0; order->figure && i < tab_figures(top_tab(top)); i++)
		if (tab_figure(top_tab(top), i).figure == order->figure)
			top->chosen = i + 1;
	top->below = top->mode;
	top->mode = MODE_SORT;
}

/* 0: the view's own order. */
static void sort_by(struct top *top, size_t chosen)
{
	struct tab_order order = {0};

	if (chosen)
		order = tab_figure(top_tab(top), chosen - 1);
	order.reverse = chosen && top_tab(top)->order.reverse;
	tab_sort(top_tab(top), order);
	list_settle(&top_tab(top)->list);
}

static void sort_by_next(struct top *top, size_t by)
{
	size_t count = tab_figures(top_tab(top)) + 1;

	open_sort(top);
	if (top->mode != MODE_SORT)
		return;
	top->mode = top->below;
	sort_by(top, (top->chosen + by) % count);
}

static void turn_round(struct top *top)
{
	struct tab_order order = top_tab(top)->order;

	if (!order.figure) {
		top_say(top, "sorted by no figure yet: s");
		return;
	}
	order.reverse = !order.reverse;
	tab_sort(top_tab(top), order);
	list_settle(&top_tab(top)->list);
}

static void freeze(struct top *top)
{
	top->frozen = !top->frozen;
}

static void change_interval(struct top *top, double factor)
{
	double interval_s = top->options->interval_s * factor;

	if (interval_s < INTERVAL_LEAST_S || interval_s > INTERVAL_MOST_S)
		return;
	top->options->interval_s = interval_s;
	top->watch->source.config.interval_ns = (uint64_t)(interval_s * NS_PER_S);
}

static void group_by_next(struct top *top)
{
	top->options->by = (top->options->by + 1) % GROUPINGS;
	top_restart(top);
}

static void move_by(struct top *top, long rows)
{
	if (top->mode == MODE_WHOLE)
		top->scrolled = rows < 0 && (size_t)-rows > top->scrolled
					? 0
					: top->scrolled + (size_t)rows;
	else
		list_move(&top_tab(top)->list, rows);
	if (top->mode == MODE_DETAILS)
		top->scrolled = 0;
}

static bool move_key(struct top *top, int key)
{
	switch (key) {
	case KEY_UP:
	case 'k':
		move_by(top, -1);
		return true;
	case KEY_DOWN:
	case 'j':
		move_by(top, 1);
		return true;
	case KEY_PPAGE:
		move_by(top, -page(top));
		return true;
	case KEY_NPAGE:
		move_by(top, page(top));
		return true;
	case KEY_HOME:
		list_go(&top_tab(top)->list, 0);
		return true;
	case KEY_END:
		list_go(&top_tab(top)->list, top_tab(top)->list.count);
		return true;
	}
	return false;
}

static void open_search(struct top *top)
{
	open_prompt(top, PROMPT_SEARCH, "");
}

static void open_filter(struct top *top)
{
	open_prompt(top, PROMPT_FILTER, top->filter);
}

static void open_write(struct top *top)
{
	open_prompt(top, PROMPT_WRITE, "tcplinger.json");
}

static void open_help(struct top *top)
{
	top->below = top->mode;
	top->mode = MODE_HELP;
}

static void next_tab(struct top *top)
{
	choose_tab(top, top->tab + 1);
}

static void tab_before(struct top *top)
{
	choose_tab(top, top->tab + TABS - 1);
}

static void sort_before(struct top *top)
{
	sort_by_next(top, tab_figures(top_tab(top)));
}

static void sort_next(struct top *top)
{
	sort_by_next(top, 1);
}

static void faster(struct top *top)
{
	change_interval(top, 0.5);
}

static void slower(struct top *top)
{
	change_interval(top, 2);
}

static bool is_recorded(struct top *top)
{
	if (!top->recorded)
		top_say(top, "left and right move in a recording (-I)");
	return top->recorded;
}

static void back(struct top *top)
{
	if (is_recorded(top))
		top_back(top);
}

static void forward(struct top *top)
{
	if (is_recorded(top))
		top_forward(top);
}

static void minute_back(struct top *top)
{
	if (is_recorded(top))
		top_move(top, -MINUTE_S);
}

static void minute_forward(struct top *top)
{
	if (is_recorded(top))
		top_move(top, MINUTE_S);
}

static void quit(struct top *top)
{
	top->ended = true;
}

static const struct {
	int key;
	void (*press)(struct top *top);
} keys[] = {
	{'\t', next_tab},
	{KEY_BTAB, tab_before},
	{'\r', open_details},
	{KEY_ENTER, open_details},
	{'/', open_search},
	{'n', search},
	{'f', open_filter},
	{'s', open_sort},
	{'<', sort_before},
	{'>', sort_next},
	{'I', turn_round},
	{'b', group_by_next},
	{KEY_LEFT, back},
	{KEY_RIGHT, forward},
	{KEY_SLEFT, minute_back},
	{KEY_SRIGHT, minute_forward},
	{' ', freeze},
	{'+', slower},
	{'-', faster},
	{'w', open_write},
	{'?', open_help},
	{'h', open_help},
	{ESCAPE, close_one},
	{'q', quit},
};

static void key_of_rows(struct top *top, int key)
{
	if (key >= '1' && key < '1' + TABS) {
		choose_tab(top, (size_t)(key - '1'));
		return;
	}
	if (move_key(top, key))
		return;
	for (size_t i = 0; i < LENGTH(keys); i++)
		if (keys[i].key == key)
			keys[i].press(top);
}

static void key_of_sort(struct top *top, int key)
{
	size_t count = tab_figures(top_tab(top)) + 1;

	if (key == KEY_UP || key == 'k')
		top->chosen = (top->chosen + count - 1) % count;
	else if (key == KEY_DOWN || key == 'j')
		top->chosen = (top->chosen + 1) % count;
	if (key == '\r' || key == KEY_ENTER)
		sort_by(top, top->chosen);
	if (key == '\r' || key == KEY_ENTER || key == ESCAPE || key == 'q')
		top->mode = top->below;
}

static void take_prompt(struct top *top)
{
	struct prompt *prompt = &top->prompt;

	if (prompt->kind == PROMPT_FILTER &&
	    !top_filter(top, prompt->text, prompt->reason, sizeof(prompt->reason)))
		return;
	top->mode = top->below;
	if (prompt->kind == PROMPT_SEARCH) {
		snprintf(top->searched, sizeof(top->searched), "%.127s", prompt->text);
		search(top);
	} else if (prompt->kind == PROMPT_WRITE) {
		top_write(top, prompt->text);
	}
}

static void key_of_prompt(struct top *top, int key)
{
	if (key == ESCAPE)
		top->mode = top->below;
	else if (key == '\r' || key == KEY_ENTER)
		take_prompt(top);
	else
		prompt_key(&top->prompt, key);
}

void top_key(struct top *top, int key)
{
	top->message[0] = 0;
	switch (top->mode) {
	case MODE_PROMPT:
		key_of_prompt(top, key);
		break;
	case MODE_SORT:
		key_of_sort(top, key);
		break;
	case MODE_HELP:
		top->mode = top->below;
		break;
	default:
		key_of_rows(top, key);
	}
}
