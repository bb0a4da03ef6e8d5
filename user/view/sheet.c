// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/sheet.h"

#define DEFAULT_ROWS 20

/* As many as there is room for on the screen: how many. */
static size_t fill_screen(const struct sheet *sheet, const void *view, struct output *output,
			  const struct text_style *style, size_t room)
{
	const struct rows *rows = sheet_rows(sheet, view);
	struct output draft;
	size_t lines = 0, count = 0;

	text_draft(&draft);
	for (; count < rows->shown_count; count++) {
		draft.length = 0;
		sheet_show_row(sheet, view, &draft, rows->shown[count], style);
		lines += text_lines(&draft);
		if (lines > room && count)
			break;
		output_bytes(output, draft.text, draft.length);
	}
	output_free(&draft);
	return count;
}

static size_t show_first(const struct sheet *sheet, const void *view, struct output *output,
			 const struct text_style *style)
{
	const struct rows *rows = sheet_rows(sheet, view);
	size_t most = style->limit ? style->limit : DEFAULT_ROWS, count = 0;

	for (; count < rows->shown_count && count < most; count++)
		sheet_show_row(sheet, view, output, rows->shown[count], style);
	return count;
}

void sheet_show(const struct sheet *sheet, const void *view, struct output *output,
		const struct text_style *style, size_t others)
{
	size_t all = sheet_rows(sheet, view)->shown_count, count;

	if (style->lines && !style->limit)
		count = fill_screen(sheet, view, output, style,
				    style->lines > others ? style->lines - others : 0);
	else
		count = show_first(sheet, view, output, style);
	if (count == all)
		return;
	output_format(output, "... and %zu more row%s (--limit)", all - count, plural(all - count));
	output_line(output);
}
