/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One kind of a view's rows as a table on a screen: what stands above it, each row in one line, and
 * what there is to say of it below.
 */
#ifndef TCPLINGER_SHEET_H
#define TCPLINGER_SHEET_H

#include "view/table.h"
#include "view/text.h"

typedef void sheet_show_part(const void *view, struct output *output, const struct row *row,
			     const struct text_style *style);

struct sheet {
	const char *name; /* of its rows: "destinations" */
	const struct table *table;
	const char *figure; /* its main one, of the table */
	size_t rows;	    /* where the view's instance has them: offsetof(struct .., rows) */
	void (*header)(struct output *output, const struct text_style *style);
	sheet_show_part *line;
	sheet_show_part *more; /* all that there is with style->details */
};

static inline const struct rows *sheet_rows(const struct sheet *sheet, const void *view)
{
	return (const void *)((const char *)view + sheet->rows);
}

/* A row's line, and what is below it. */
static inline void sheet_show_row(const struct sheet *sheet, const void *view,
				  struct output *output, const struct row *row,
				  const struct text_style *style)
{
	sheet->line(view, output, row, style);
	sheet->more(view, output, row, style);
}

/*
 * As many of the chosen rows as the user or the screen allows, one at least, then how many are left
 * out. `others`: lines for what else is on the screen.
 */
void sheet_show(const struct sheet *sheet, const void *view, struct output *output,
		const struct text_style *style, size_t others);

#endif
