// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/exposition.h"

#include <math.h>
#include <stdio.h>

#include "base/time.h"

#define TOTAL	      "_total"
#define VALUE_COLUMNS 128 /* of a label's value; longer ones are cut */
#define NUMBER	      32
#define EXACT	      9007199254740992.0 /* 2^53: whole numbers below it are */

/* Where there may be a backslash, a quote or a line's end. */
static size_t escape(char *text, const char *value)
{
	size_t length = 0;

	for (; *value; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			text[length++] = '\\';
		text[length++] = *value == '\n' ? 'n' : *value;
	}
	text[length] = 0;
	return length;
}

/* Most are of such characters, and are as they are. */
static bool is_plain(const char *value)
{
	size_t length = 0;

	while (value[length] >= ' ' && value[length] < 0x7f && value[length] != '"' &&
	       value[length] != '\\')
		length++;
	return !value[length] && length <= VALUE_COLUMNS;
}

static void put(struct exposition_labels *labels, const char *text)
{
	size_t length = strlen(text);

	memcpy(labels->text + labels->length, text, length + 1);
	labels->length += length;
}

void exposition_label(struct exposition_labels *labels, const char *name, const char *value)
{
	char harmless[4 * VALUE_COLUMNS + 1], escaped[2 * sizeof(harmless)];

	if (!is_plain(value)) {
		format_harmless(harmless, value, SIZE_MAX, VALUE_COLUMNS);
		escape(escaped, harmless);
		value = escaped;
	}
	if (labels->length + strlen(name) + strlen(value) + sizeof(",=\"\"") > sizeof(labels->text))
		return;
	if (labels->length)
		put(labels, ",");
	put(labels, name);
	put(labels, "=\"");
	put(labels, value);
	put(labels, "\"");
}

static bool counts(const char *type)
{
	return strcmp(type, "counter") == 0;
}

/* OpenMetrics calls the family of a counter by what it counts, and its samples _total. */
static int name_length(const struct exposition *exposition, const char *type)
{
	size_t length = strlen(exposition->name);

	if (exposition->format == EXPOSITION_OPENMETRICS && counts(type))
		length -= strlen(TOTAL);
	return (int)length;
}

/* Text 0.0.4 leaves quotes as they are here; none of ours has any. */
void exposition_family(struct exposition *exposition, const char *name, const char *type,
		       const char *help)
{
	int length;

	exposition->name = name;
	length = name_length(exposition, type);
	output_format(exposition->output, "# HELP %.*s %s\n# TYPE %.*s %s\n", length, name, help,
		      length, name, type);
}

/* Whole numbers as they are, others as short as they are exact enough. */
static size_t format_value(char *text, double value)
{
	bool whole = fabs(value) < EXACT && value == floor(value);

	return (size_t)snprintf(text, NUMBER, whole ? "%.0f" : "%.15g", value);
}

static void put_sample(struct exposition *exposition, const char *suffix, const char *labels,
		       const char *bound, double value)
{
	struct output *output = exposition->output;
	char number[NUMBER];

	output_string(output, exposition->name);
	output_string(output, suffix);
	if (labels[0] || bound[0]) {
		output_string(output, "{");
		output_string(output, labels);
		output_string(output, labels[0] && bound[0] ? "," : "");
		output_string(output, bound);
		output_string(output, "}");
	}
	output_string(output, " ");
	output_bytes(output, number, format_value(number, value));
	output_string(output, "\n");
}

void exposition_sample(struct exposition *exposition, const char *suffix, const char *labels,
		       double value)
{
	put_sample(exposition, suffix, labels, "", value);
}

/* With a point in any case, as OpenMetrics wants it. */
static void format_bound(char *text, size_t size, uint64_t edge_ns)
{
	double seconds = (double)edge_ns / NS_PER_S;

	if (edge_ns == UINT64_MAX)
		snprintf(text, size, "le=\"+Inf\"");
	else if (edge_ns % NS_PER_S == 0)
		snprintf(text, size, "le=\"%.1f\"", seconds);
	else
		snprintf(text, size, "le=\"%.15g\"", seconds);
}

void exposition_bucket(struct exposition *exposition, const char *labels, uint64_t edge_ns,
		       uint64_t count)
{
	char bound[2 * NUMBER];

	format_bound(bound, sizeof(bound), edge_ns);
	put_sample(exposition, "_bucket", labels, bound, (double)count);
}

void exposition_end(struct exposition *exposition)
{
	if (exposition->format == EXPOSITION_OPENMETRICS)
		output_string(exposition->output, "# EOF\n");
}
