/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A tab of `top`: whose rows it has, and how they become a list. */
#ifndef TCPLINGER_TOP_TAB_H
#define TCPLINGER_TOP_TAB_H

#include "command/top/course.h"
#include "command/top/list.h"
#include "command/top/lines.h"
#include "view/advice/advice.h"
#include "view/view.h"

enum tab_id {
	TAB_FINDINGS,
	TAB_LEAKS,
	TAB_TIMEWAIT,
	TAB_PORTS,
	TAB_OPENING,
	TAB_CLOSING,
	TAB_TRACE,
	TABS,
};

/* What rows are sorted by: a figure of one of a view's sheets; the view's own order else. */
struct tab_order {
	const struct member *figure; /* NULL: the view's order */
	size_t sheet;
	size_t place; /* among those that can be sorted by */
	bool reverse;
};

struct tab {
	const char *name;
	const struct view *view;   /* NULL: findings, or trace */
	void *self;		   /* its instance */
	struct adviser *adviser;   /* of findings */
	const struct lines *lines; /* of trace */
	struct list list;
	struct tab_order order;
	struct courses courses; /* of the rows' main figures */
};

/* Of the refresh that is shown. */
struct tab_moment {
	const struct text_style *style;
	uint64_t time_ns;
	uint64_t seq;
	const struct clock_offsets *clocks;
};

/* The rows as they are now: right after all views have refreshed. */
void tab_fill(struct tab *tab, const struct tab_moment *now);

/* Remembers the rows' main figures, shown or not. */
void tab_note(struct tab *tab, uint64_t time_ns);

void tab_free(struct tab *tab);

/* The figures that its rows can be sorted by, over all of its sheets: how many, and one of them. */
size_t tab_figures(const struct tab *tab);
struct tab_order tab_figure(const struct tab *tab, size_t place);

/* Sorts what is there already. */
void tab_sort(struct tab *tab, struct tab_order order);

/* So many columns at the right are for the rows' courses, on a screen of so many. */
static inline int tab_course_columns(const struct tab *tab, int columns)
{
	return tab->view && columns >= 110 ? 22 : 0;
}

/* "sockets", in whose course a row is drawn; NULL: it has none. */
const char *tab_main_figure(const struct tab *tab, const struct item *item);

#endif
