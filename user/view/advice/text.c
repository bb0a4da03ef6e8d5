// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/advice/internal.h"

#define ADVICE_SHOWN 10 /* the gravest; the rest is counted */
#define LABEL	     16 /* columns: "does not help:" */

static const char *const colors[SEVERITIES] = {
	[SEVERITY_INFO] = TEXT_GREEN,
	[SEVERITY_WARNING] = TEXT_YELLOW,
	[SEVERITY_CRITICAL] = TEXT_RED,
};

void advice_say(struct sentence *sentence, const struct adviser *adviser,
		const struct advice *advice)
{
	words_fill(sentence, adviser, advice, advice->words->text, NULL);
}

/* One of several lines below a label, which stands before the first. */
static void show_line(struct output *output, const char *label, const char *text,
		      const struct text_style *style)
{
	output_format(output, "%*s%-*s", INDENT, "", LABEL, label);
	text_wrap(output, INDENT + LABEL, INDENT + LABEL, text, style->columns);
}

static bool show_lines(const struct adviser *adviser, const struct advice *advice,
		       struct output *output, const struct text_style *style, const char *label,
		       const char *const *templates, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count && templates[i]; i++) {
		struct sentence sentence = {0};

		words_fill(&sentence, adviser, advice, templates[i], NULL);
		show_line(output, any ? "" : label, sentence.text, style);
		any = true;
	}
	return any;
}

static void show_head(const struct adviser *adviser, const struct advice *advice,
		      struct output *output, const struct text_style *style)
{
	struct sentence sentence = {0};

	advice_say(&sentence, adviser, advice);
	if (style->color)
		output_string(output, colors[advice->severity]);
	output_format(output, "%-9s", severity_name(advice->severity));
	if (style->color)
		output_string(output, TEXT_PLAIN);
	text_wrap(output, 9, INDENT, sentence.text, style->columns);
}

void advice_show(const struct adviser *adviser, const struct advice *advice, struct output *output,
		 const struct text_style *style)
{
	const struct words *words = advice->words;
	bool extra;

	show_head(adviser, advice, output, style);
	extra = show_lines(adviser, advice, output, style, "helps:", advice->extra, ADVICE_EXTRA);
	show_lines(adviser, advice, output, style, extra ? "" : "helps:", words->helps, WORDS_LIST);
	show_lines(adviser, advice, output, style, "does not help:", words->does_not_help,
		   WORDS_LIST);
	show_lines(adviser, advice, output, style, "see:", words->commands, WORDS_LIST);
}

void adviser_show_text(const struct adviser *adviser, struct output *output,
		       const struct text_style *style)
{
	size_t shown = style->limit ? style->limit : ADVICE_SHOWN;

	for (size_t i = 0; i < adviser->count && i < shown; i++)
		advice_show(adviser, &adviser->items[i], output, style);
	if (adviser->count > shown) {
		output_format(output, "and %zu more (--limit, --json)", adviser->count - shown);
		output_line(output);
	}
}
