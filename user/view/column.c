// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/column.h"

#include <stdio.h>

#include "view/text.h"

static const char *title_of(const struct columns *columns, const struct column *column)
{
	return column->title ? column->title : table_find(columns->table, column->figure)->title;
}

void columns_header(const struct columns *columns, struct output *output, bool narrow)
{
	for (size_t i = 0; i < columns->count; i++)
		if (!(narrow && columns->items[i].wide))
			output_format(output, " %*s", columns->items[i].width,
				      title_of(columns, &columns->items[i]));
}

static void plain_cell(char *text, const struct member *figure, const void *view, const void *row)
{
	struct value value = member_value(figure, view, row);

	if (!value.known)
		snprintf(text, CELL, "-");
	else if (value.is_real)
		snprintf(text, CELL, "%.1f", value.real);
	else if (figure->unit == UNIT_SECONDS)
		text_age(text, value.number);
	else
		snprintf(text, CELL, "%llu", (unsigned long long)value.number);
}

void columns_row(const struct columns *columns, struct output *output, bool narrow,
		 const void *view, const void *row)
{
	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->items[i];
		char text[CELL] = "-";

		if (narrow && column->wide)
			continue;
		if (column->cell)
			column->cell(text, view, row);
		else
			plain_cell(text, table_find(columns->table, column->figure), view, row);
		output_format(output, " %*s", column->width, text);
	}
}
