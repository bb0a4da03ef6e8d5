// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "format.h"

#define NAME_MAX_COLUMNS 64
#define PID_COLUMNS	 8
#define DEFAULT_ROWS	 20
#define NS_PER_S	 1000000000ULL

void say(struct sentence *sentence, const char *format, ...)
{
	size_t room = sizeof(sentence->text) - sentence->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(sentence->text + sentence->length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		sentence->length += (size_t)length < room ? (size_t)length : room - 1;
}

static size_t sentence_columns(unsigned int columns)
{
	if (columns >= SENTENCE_COLUMNS + INDENT)
		return SENTENCE_COLUMNS;
	return columns > 2 * INDENT ? columns - INDENT : INDENT;
}

void text_sentence(struct output *output, const struct sentence *sentence, unsigned int columns)
{
	char text[4 * SENTENCE + 1];

	format_harmless(text, sentence->text, sizeof(sentence->text), sentence_columns(columns));
	output_format(output, "%*s%s", INDENT, "", text);
	output_line(output);
}

void text_name(const struct rows *rows, struct output *output, const struct row *row,
	       size_t columns)
{
	const struct process *process = rows_process(rows, row->process);
	char name[4 * NAME_MAX_COLUMNS + 1] = "(nobody known)";
	size_t used = strlen(name);

	if (row->name)
		used = format_harmless(name, row->name, SIZE_MAX, columns);
	else if (process)
		used = format_harmless(name, process->id.comm, sizeof(process->id.comm),
				       columns - PID_COLUMNS);
	if (process) {
		output_format(output, "%*u ", PID_COLUMNS - 1, process->id.pid);
		used += PID_COLUMNS;
	}
	output_string(output, name);
	while (used++ < columns)
		output_string(output, " ");
}

void text_process(struct sentence *sentence, const struct process *process)
{
	char name[4 * sizeof(process->id.comm) + 1];

	if (!process) {
		say(sentence, "nobody known");
		return;
	}
	format_harmless(name, process->id.comm, sizeof(process->id.comm), sizeof(process->id.comm));
	say(sentence, "%s[%u]", name, process->id.pid);
}

void text_endpoint(struct output *output, const uint8_t *address, uint16_t port, size_t columns)
{
	char text[FORMAT_ENDPOINT];

	format_endpoint(text, address, port);
	format_shorten(text, columns);
	output_format(output, "%-*s", (int)columns, text);
}

void text_age(char *text, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (s < 60)
		snprintf(text, TEXT_AGE, "%.1fs", (double)ns / NS_PER_S);
	else if (s < 3600)
		snprintf(text, TEXT_AGE, "%um%02us", (unsigned int)(s / 60),
			 (unsigned int)(s % 60));
	else if (s < 86400)
		snprintf(text, TEXT_AGE, "%uh%02um", (unsigned int)(s / 3600),
			 (unsigned int)(s / 60 % 60));
	else
		snprintf(text, TEXT_AGE, "%ud%02uh", (unsigned int)(s / 86400 % 100000),
			 (unsigned int)(s / 3600 % 24));
}

/* Three digits are enough to compare by: 9.9, then 10. */
static int decimals(double value)
{
	return value < 9.95 ? 1 : 0;
}

void text_duration(char *text, uint64_t ns)
{
	double us = (double)ns / 1000, ms = us / 1000;

	if (us < 999.5)
		snprintf(text, TEXT_AGE, "%.*fus", decimals(us), us);
	else if (ms < 999.5)
		snprintf(text, TEXT_AGE, "%.*fms", decimals(ms), ms);
	else if (ms < 99950)
		snprintf(text, TEXT_AGE, "%.1fs", ms / 1000);
	else
		text_age(text, ns);
}

size_t text_rows(const struct rows *rows, const struct text_style *style, size_t others,
		 size_t (*lines_of)(const struct row *row, const struct text_style *style))
{
	size_t lines = others, count = 0;

	if (style->limit || !style->lines) {
		count = style->limit ? style->limit : DEFAULT_ROWS;
		return count < rows->shown_count ? count : rows->shown_count;
	}
	while (count < rows->shown_count) {
		lines += lines_of(rows->shown[count], style);
		if (lines > style->lines && count)
			break;
		count++;
	}
	return count;
}

void text_omitted(struct output *output, const struct rows *rows, size_t shown)
{
	if (shown >= rows->shown_count)
		return;
	output_format(output, "... and %zu more rows (--limit)", rows->shown_count - shown);
	output_line(output);
}
