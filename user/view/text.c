// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unilbrk.h>
#include <unistr.h>
#include <uniwidth.h>

#include "writer/format.h"
#include "base/memory.h"
#include "base/time.h"

#define PID_COLUMNS   8
#define GROUP_COLUMNS 120 /* of a name in a sentence */

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

void say_shown(struct sentence *sentence, struct shown shown, const char *noun)
{
	say(sentence, "%llu", (unsigned long long)shown.count);
	if (shown.chosen)
		say(sentence, " of %llu", (unsigned long long)shown.all);
	if (noun)
		say(sentence, " %s%s", noun, plural(shown.chosen ? shown.all : shown.count));
}

void say_losses(struct sentence *sentence, uint64_t shown, bool refreshes,
		const struct losses *losses)
{
	uint64_t total = losses_total(losses);

	say(sentence, "%llu %s%s shown, lost %llu record%s ", (unsigned long long)shown,
	    refreshes ? "refresh" : "transition",
	    shown == 1	? ""
	    : refreshes ? "es"
			: "s",
	    (unsigned long long)total, plural(total));
	say(sentence, "(ring full %llu, skipped %llu, map full %llu, no memory %llu, refused %llu)",
	    (unsigned long long)losses->ring_full, (unsigned long long)losses->skipped,
	    (unsigned long long)losses->map_full, (unsigned long long)losses->no_memory,
	    (unsigned long long)losses->refused);
	say(sentence, ", relists %llu", (unsigned long long)losses->relists);
	if (losses->stacks_dropped)
		say(sentence, ", stacks dropped %llu", (unsigned long long)losses->stacks_dropped);
}

/* The bytes of a character, or of a colour, and how many columns it takes. */
static size_t character(const char *text, size_t *columns)
{
	ucs4_t code;
	int bytes;

	if (*text == '\033') {
		*columns = 0;
		return strcspn(text, "m") + 1;
	}
	bytes = u8_mbtouc(&code, (const uint8_t *)text, strlen(text));
	*columns = (size_t)uc_width(code, "UTF-8");
	return (size_t)bytes;
}

/* Chinese has no blanks: whether a line may end between these two characters, by UAX 14. */
static bool may_part(const char *pair, size_t first, size_t second)
{
	char breaks[16];

	if (first + second > sizeof(breaks))
		return false;
	u8_possible_linebreaks((const uint8_t *)pair, first + second, "UTF-8", breaks);
	return breaks[first] == UC_BREAK_POSSIBLE;
}

/* How much of the text fits: up to where it may part, unless that is nowhere; a character at least.
 */
static size_t fitting(const char *text, size_t columns)
{
	size_t at = 0, used = 0, end = 0, before = 0, width, width_before = 0;

	while (text[at]) {
		size_t bytes = character(text + at, &width);

		if (text[at] == ' ' && at && text[at - 1] != ' ')
			end = at;
		else if (at && (width == 2 || width_before == 2) &&
			 may_part(text + at - before, before, bytes))
			end = at;
		if (at && used + width > columns)
			return end ? end : at;
		used += width;
		at += bytes;
		before = bytes;
		width_before = width;
	}
	return at;
}

size_t text_wrap(struct output *output, size_t used, size_t indent, const char *text,
		 unsigned int columns)
{
	for (size_t lines = 1;; lines++) {
		size_t length = strlen(text);

		if (columns)
			length = fitting(text, columns > used + INDENT ? columns - used : INDENT);
		output_bytes(output, text, length);
		output_line(output);
		text += length;
		text += strspn(text, " ");
		if (!*text)
			return lines;
		output_format(output, "%*s", (int)indent, "");
		used = indent;
	}
}

size_t text_end_line(struct output *output, size_t begin, size_t indent, unsigned int columns)
{
	size_t length = output->length - begin, lines;
	char *line;

	if (!columns) {
		output_line(output);
		return 1;
	}
	line = memory_new(length + 1, 1);
	memcpy(line, output->text + begin, length);
	line[length] = 0;
	output->length = begin;
	lines = text_wrap(output, 0, indent, line, columns);
	free(line);
	return lines;
}

void text_sentence(struct output *output, const struct sentence *sentence, unsigned int columns)
{
	char text[4 * SENTENCE + 1];

	format_harmless(text, sentence->text, sizeof(sentence->text), SENTENCE);
	output_format(output, "%*s", INDENT, "");
	text_wrap(output, INDENT, INDENT, text, columns);
}

/* Harmless, in at most `columns`: how many it takes. */
static size_t put_harmless(struct output *output, const char *bytes, size_t size, size_t columns)
{
	char *text = output_reserve(output, 4 * strnlen(bytes, size) + 2);
	size_t used = format_harmless(text, bytes, size, columns);

	output->length += strlen(text);
	return used;
}

static void pad(struct output *output, size_t used, size_t columns)
{
	if (used < columns)
		output_format(output, "%*s", (int)(columns - used), "");
}

void text_pad(struct output *output, const char *text, size_t columns)
{
	output_string(output, text);
	pad(output, (size_t)u8_strwidth((const uint8_t *)text, "UTF-8"), columns);
}

void text_name(const struct rows *rows, struct output *output, const struct row *row,
	       size_t columns, const struct text_style *style)
{
	const struct process *process = rows_process(rows, row->process);
	size_t used = 0, most = style->columns ? columns : SIZE_MAX;

	if (process) {
		output_format(output, "%*u ", PID_COLUMNS - 1, process->id.pid);
		used = PID_COLUMNS;
	}
	if (row->name)
		used += put_harmless(output, row->name, SIZE_MAX, most);
	else if (process)
		used += put_harmless(output, process->id.comm, sizeof(process->id.comm),
				     most - PID_COLUMNS);
	else
		used += put_harmless(output, "(nobody known)", SIZE_MAX, most);
	pad(output, used, columns);
}

void text_group(struct sentence *sentence, const char *name)
{
	char text[4 * GROUP_COLUMNS + 1];

	format_harmless(text, name, strlen(name), GROUP_COLUMNS);
	say(sentence, "%s", text);
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

void text_endpoint(struct output *output, const uint8_t *address, uint16_t port, size_t columns,
		   const struct text_style *style)
{
	char text[FORMAT_ENDPOINT];

	format_endpoint(text, address, port);
	if (style->columns)
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

void text_draft(struct output *draft)
{
	output_init(draft, -1, NULL);
}

size_t text_lines(const struct output *draft)
{
	size_t lines = 0;

	for (size_t i = 0; i < draft->length; i++)
		lines += draft->text[i] == '\n';
	return lines;
}
