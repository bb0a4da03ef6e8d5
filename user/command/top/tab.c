// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/top/tab.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "view/objects.h"

/* Where a list is being filled. */
struct filling {
	struct tab *tab;
	struct output draft; /* what is drawn for a moment, into the list */
	const struct tab_moment *now;
};

static size_t keep(struct filling *filling)
{
	struct output *draft = &filling->draft;
	size_t place = list_keep(&filling->tab->list, draft->text, draft->length);

	draft->length = 0;
	return place;
}

/* Only a line's first: on a narrow screen it may have been wrapped. */
static size_t keep_line(struct filling *filling)
{
	struct output *draft = &filling->draft;
	char *end = memchr(draft->text, '\n', draft->length);

	if (end)
		draft->length = (size_t)(end - draft->text);
	return keep(filling);
}

static uint64_t key_of(size_t part, uint64_t key)
{
	return hash_bytes(part + 1, &key, sizeof(key));
}

static void take_figures(struct item *item, const struct sheet *sheet, const void *view,
			 const struct row *row)
{
	const struct table *table = sheet->table;
	size_t count = 0;

	for (size_t i = 0; i < table->count && count < ITEM_FIGURES; i++)
		if (member_sorts(&table->members[i]))
			item->figures[count++] = member_order(&table->members[i], view, row);
}

static void add_row(struct filling *filling, size_t part, const struct row *row)
{
	struct tab *tab = filling->tab;
	const struct tab_moment *now = filling->now;
	const struct sheet *sheet = &tab->view->sheets[part];
	struct item *item = list_add(&tab->list, key_of(part, row->key), part);

	take_figures(item, sheet, tab->self, row);
	sheet->line(tab->self, &filling->draft, row, now->style);
	item->line = keep_line(filling);
	sheet->more(tab->self, &filling->draft, row, now->style);
	item->more = keep(filling);
	table_show_row(sheet->table, &filling->draft, tab->self, row, now->time_ns, now->seq,
		       now->clocks);
	item->object = keep(filling);
}

static void add_sheet(struct filling *filling, size_t part)
{
	struct tab *tab = filling->tab;
	const struct sheet *sheet = &tab->view->sheets[part];
	const struct rows *rows = sheet_rows(sheet, tab->self);
	size_t room = tab->list.count < LIST_MAX ? LIST_MAX - tab->list.count : 0, i = 0;
	struct item *heading;

	if (part && !rows->shown_count)
		return;
	heading = list_add(&tab->list, 0, part);
	sheet->header(&filling->draft, filling->now->style);
	heading->line = keep_line(filling);
	for (; i < rows->shown_count && i < room; i++)
		add_row(filling, part, rows->shown[i]);
	tab->list.omitted += rows->shown_count - i;
}

/* Of more rows than there is room for, those that are first by the figure. */
static void sort_rows(struct tab *tab)
{
	const struct sheet *sheet = &tab->view->sheets[tab->order.sheet];
	struct rows *rows = (struct rows *)((char *)tab->self + sheet->rows);

	table_sort(sheet->table, rows, tab->self, tab->order.figure->key);
}

static void add_sheets(struct filling *filling)
{
	struct tab *tab = filling->tab;

	if (tab->order.figure)
		sort_rows(tab);
	for (size_t part = 0; part < tab->view->sheet_count; part++)
		add_sheet(filling, part);
	if (tab->order.figure)
		tab_sort(tab, tab->order);
}

static uint64_t key_of_advice(const struct advice *advice)
{
	const char *rule = advice_rule(advice);
	uint64_t key = hash_bytes(advice->process, rule, strlen(rule));

	key = hash_bytes(key, &advice->place, advice->has_place ? sizeof(advice->place) : 0);
	return hash_bytes(key, &advice->netns, sizeof(advice->netns));
}

static void add_advice(struct filling *filling, const struct advice *advice)
{
	struct tab *tab = filling->tab;
	struct item *item = list_add(&tab->list, key_of_advice(advice), 0);

	advice_show(tab->adviser, advice, &filling->draft, filling->now->style);
	item->more = keep(filling);
	advice_show(tab->adviser, advice, &filling->draft, filling->now->style);
	item->line = keep_line(filling);
	advice_write(tab->adviser, advice, &filling->draft);
	item->object = keep(filling);
}

static void add_findings(struct filling *filling)
{
	const struct adviser *adviser = filling->tab->adviser;
	struct item *heading = list_add(&filling->tab->list, 0, 0);

	output_string(&filling->draft, "SEVERITY FINDING");
	heading->line = keep_line(filling);
	for (size_t i = 0; i < adviser->count; i++)
		add_advice(filling, &adviser->items[i]);
}

static void add_lines(struct filling *filling)
{
	const struct lines *lines = filling->tab->lines;
	size_t nothing = list_keep(&filling->tab->list, "", 0);

	for (uint64_t n = lines_first(lines); n <= lines->count; n++) {
		struct item *item = list_add(&filling->tab->list, n, 0);
		const char *text = lines_get(lines, n);

		item->line = list_keep(&filling->tab->list, text, strlen(text));
		item->more = item->object = nothing;
	}
}

/* Whoever looks at the newest line goes with it. */
static void follow(struct list *list, bool was_last)
{
	if (was_last)
		list_go(list, list->count);
	else
		list_settle(list);
}

void tab_fill(struct tab *tab, const struct tab_moment *now)
{
	struct filling filling = {.tab = tab, .now = now};
	bool was_last = tab->lines && tab->list.at + 1 >= tab->list.count;

	text_draft(&filling.draft);
	list_clear(&tab->list);
	if (tab->view)
		add_sheets(&filling);
	else if (tab->adviser)
		add_findings(&filling);
	else
		add_lines(&filling);
	output_free(&filling.draft);
	follow(&tab->list, was_last);
}

static void note_sheet(struct tab *tab, size_t part)
{
	const struct sheet *sheet = &tab->view->sheets[part];
	const struct member *figure = table_find(sheet->table, sheet->figure);
	const struct rows *rows = sheet_rows(sheet, tab->self);

	for (size_t i = 0; i < rows->shown_count && i < LIST_MAX; i++)
		courses_note(&tab->courses, key_of(part, rows->shown[i]->key),
			     member_order(figure, tab->self, rows->shown[i]));
}

void tab_note(struct tab *tab, uint64_t time_ns)
{
	if (!tab->view || !courses_begin(&tab->courses, time_ns))
		return;
	for (size_t part = 0; part < tab->view->sheet_count; part++)
		note_sheet(tab, part);
	courses_end(&tab->courses);
}

void tab_free(struct tab *tab)
{
	list_free(&tab->list);
	courses_free(&tab->courses);
}

static size_t count_figures(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->count && count < ITEM_FIGURES; i++)
		count += member_sorts(&table->members[i]);
	return count;
}

size_t tab_figures(const struct tab *tab)
{
	size_t count = 0;

	for (size_t part = 0; tab->view && part < tab->view->sheet_count; part++)
		count += count_figures(tab->view->sheets[part].table);
	return count;
}

static const struct member *nth_figure(const struct table *table, size_t place)
{
	for (size_t i = 0; i < table->count; i++)
		if (member_sorts(&table->members[i]) && !place--)
			return &table->members[i];
	return NULL;
}

struct tab_order tab_figure(const struct tab *tab, size_t place)
{
	size_t part = 0, count;

	while (place >= (count = count_figures(tab->view->sheets[part].table))) {
		place -= count;
		part++;
	}
	return (struct tab_order){nth_figure(tab->view->sheets[part].table, place), part, place,
				  false};
}

void tab_sort(struct tab *tab, struct tab_order order)
{
	tab->order = order;
	if (order.figure)
		list_sort(&tab->list, order.sheet, order.place, order.reverse);
}

const char *tab_main_figure(const struct tab *tab, const struct item *item)
{
	return tab->view ? tab->view->sheets[item->part].figure : NULL;
}
