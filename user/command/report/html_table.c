// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/report/html_table.h"

#include <stdio.h>

#include "writer/html.h"
#include "writer/ticks.h"

void table_begin(struct html_table *table, const char *kind, const char *caption)
{
	struct output *output = table->output;

	output_format(output, "<div class=\"scroll\"><table class=\"%s\">", kind);
	html_element(output, "<caption>", "caption", caption);
	output_string(output, "<thead><tr>");
	for (size_t i = 0; i < table->count; i++)
		html_element(output, "<th scope=\"col\">", "th", table->titles[i]);
	output_string(output, "</tr></thead>\n<tbody>\n");
}

void table_end(struct html_table *table)
{
	output_string(table->output, "</tbody></table></div>\n");
}

void table_row(struct html_table *table)
{
	table->column = 0;
	output_string(table->output, "<tr><th scope=\"row\">");
}

void table_name(struct html_table *table, const char *text)
{
	table->column++;
	html_element(table->output, "", "th", text);
}

void table_row_end(struct html_table *table)
{
	output_string(table->output, "</tr>\n");
}

void table_text(struct html_table *table, const char *text)
{
	output_string(table->output, "<td data-of=\"");
	html_text(table->output, table->titles[table->column++]);
	html_element(table->output, "\">", "td", text);
}

void table_number(struct html_table *table, double number, const char *unit)
{
	char digits[TICK_TEXT], text[2 * TICK_TEXT];

	tick_number(digits, number);
	snprintf(text, sizeof(text), "%s%s", digits, unit);
	table_text(table, text);
}

void table_time(struct html_table *table, uint64_t time)
{
	char text[TICK_TEXT];

	tick_time(text, time, 0);
	table_text(table, text);
}
