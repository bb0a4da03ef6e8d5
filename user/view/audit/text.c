// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/audit/show.h"
#include "model/audit.h"
#include "record/names.h"
#include "view/text.h"

#define COUNTER_COLUMNS	    19 /* "TCPTimeWaitOverflow" */
#define NUMBER_COLUMNS	    10
#define UNEXPLAINED_COLUMNS 11
/* where EXPLAINED BY begins */
#define FIGURES_COLUMNS (COUNTER_COLUMNS + 2 * NUMBER_COLUMNS + UNEXPLAINED_COLUMNS + 5)

static bool is_silent_line(const struct audit_line *line)
{
	return !line->kernel && !line->seen && !line->explained[AUDIT_FILTER] &&
	       !line->explained[AUDIT_PREDATES] && !line->unexplained;
}

static bool is_silent(const struct audit_namespace *space)
{
	for (unsigned int i = 0; i < AUDITED; i++)
		if (!is_silent_line(&space->lines[i]))
			return false;
	return true;
}

/* "12 filter, 3 predates" */
static void say_explained(struct sentence *sentence, const struct audit_line *line)
{
	for (unsigned int i = 0; i < AUDIT_WHYS; i++)
		if (line->explained[i])
			say(sentence, "%s%lld %s", sentence->length ? ", " : "",
			    (long long)line->explained[i], audit_why_name(i));
}

static void show_line(struct output *output, const struct audit_line *line, unsigned int counter,
		      unsigned int columns)
{
	struct sentence explained = {0};

	say_explained(&explained, line);
	output_format(output, "%-*s %*lld %*lld %*lld%s", COUNTER_COLUMNS, counter_name(counter),
		      NUMBER_COLUMNS, (long long)line->kernel, NUMBER_COLUMNS,
		      (long long)line->seen, UNEXPLAINED_COLUMNS, (long long)line->unexplained,
		      explained.length ? "  " : "");
	text_wrap(output, FIGURES_COLUMNS, FIGURES_COLUMNS, explained.text, columns);
}

static void show_namespace(struct output *output, const struct audit_namespace *space,
			   unsigned int columns)
{
	output_format(output, "namespace %u%s", space->netns,
		      space->begin_ns ? "" : ", not found at the beginning");
	output_line(output);
	for (unsigned int i = 0; i < AUDITED; i++)
		if (!is_silent_line(&space->lines[i]))
			show_line(output, &space->lines[i], i, columns);
}

static void show_others(struct output *output, size_t silent, size_t gone)
{
	if (silent) {
		output_format(output, "%zu namespace%s: nothing counted, nothing seen", silent,
			      plural(silent));
		output_line(output);
	}
	if (gone) {
		output_format(output, "%zu namespace%s: gone, or not to be entered; not audited",
			      gone, plural(gone));
		output_line(output);
	}
}

void audit_show_text(const struct audit *audit, struct output *output, unsigned int columns)
{
	const struct audit_namespace *space;
	size_t silent = 0, gone = 0;

	output_format(output, "%-*s %*s %*s %*s  EXPLAINED BY", COUNTER_COLUMNS, "AUDIT",
		      NUMBER_COLUMNS, "KERNEL", NUMBER_COLUMNS, "SEEN", UNEXPLAINED_COLUMNS,
		      "UNEXPLAINED");
	output_line(output);
	for (uint32_t i = 0; (space = audit_namespace_at(audit, i)); i++) {
		if (!space->counted)
			gone++;
		else if (is_silent(space))
			silent++;
		else
			show_namespace(output, space, columns);
	}
	show_others(output, silent, gone);
}
