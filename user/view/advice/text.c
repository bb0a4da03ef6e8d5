// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/advice/internal.h"

#define ADVICE_SHOWN 10 /* the gravest; the rest is counted */
#define SEVERITY     9	/* columns: "critical" */
#define LABEL	     16 /* "does not help:" */

static const char *const colors[SEVERITIES] = {
	[SEVERITY_INFO] = TEXT_GREEN,
	[SEVERITY_WARNING] = TEXT_YELLOW,
	[SEVERITY_CRITICAL] = TEXT_RED,
};

void say_text(struct sentence *sentence, const struct adviser *adviser, const struct advice *advice,
	      const struct language *language)
{
	int64_t offset_ns = adviser->config.model->clocks.monotonic_ns;
	char clock[FORMAT_TIME];

	words_fill(sentence, adviser, advice, advice->words->text, language);
	if (!advice->gone)
		return;
	format_clock(clock, advice->time_ns + (uint64_t)offset_ns);
	say(sentence, language_text(language, "; so it was until %.8s"), clock);
}

void advice_say(struct sentence *sentence, const struct adviser *adviser,
		const struct advice *advice)
{
	say_text(sentence, adviser, advice, NULL);
}

/* One of several lines below a label, which stands before the first. */
static void show_line(struct output *output, const char *label, const char *text,
		      const struct text_style *style)
{
	output_format(output, "%*s", INDENT, "");
	text_pad(output, label, LABEL);
	text_wrap(output, INDENT + LABEL, INDENT + LABEL, text, style->columns);
}

static bool show_lines(const struct adviser *adviser, const struct advice *advice,
		       struct output *output, const struct text_style *style, const char *label,
		       const char *const *templates, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count && templates[i]; i++) {
		struct sentence sentence = {0};

		words_fill(&sentence, adviser, advice, templates[i], style->language);
		if (!sentence.length)
			continue;
		show_line(output, any ? "" : label, sentence.text, style);
		any = true;
	}
	return any;
}

static void show_head(const struct adviser *adviser, const struct advice *advice,
		      struct output *output, const struct text_style *style)
{
	struct sentence sentence = {0};

	say_text(&sentence, adviser, advice, style->language);
	if (style->color)
		output_string(output, colors[advice->severity]);
	text_pad(output, language_text(style->language, severity_name(advice->severity)), SEVERITY);
	if (style->color)
		output_string(output, TEXT_PLAIN);
	text_wrap(output, SEVERITY, INDENT, sentence.text, style->columns);
}

void advice_show(const struct adviser *adviser, const struct advice *advice, struct output *output,
		 const struct text_style *style)
{
	const struct words *words = advice->words;
	const struct language *language = style->language;
	const char *helps = language_text(language, "helps:");

	show_head(adviser, advice, output, style);
	if (show_lines(adviser, advice, output, style, helps, advice->extra, ADVICE_EXTRA))
		helps = "";
	show_lines(adviser, advice, output, style, helps, words->helps, WORDS_LIST);
	show_lines(adviser, advice, output, style, language_text(language, "does not help:"),
		   words->does_not_help, WORDS_LIST);
	show_lines(adviser, advice, output, style, language_text(language, "see:"), words->commands,
		   WORDS_LIST);
}

/* What there is, for who is told that nothing is wrong. */
struct present {
	const struct adviser *adviser;
	uint64_t connections, time_waits;
};

static void count(void *context, struct connection *connection)
{
	struct present *present = context;
	const struct adviser_config *config = &present->adviser->config;
	const struct view_config *view = &config->leaks->config;

	if (connection->flags & CONNECTION_GONE || connection->state == TCP_LISTEN ||
	    connection->state == TCP_CLOSE ||
	    (view->tuples && !filter_tuple(view->tuples, &connection->tuple, 1)) ||
	    !model_concerns(config->model, connection, view->processes))
		return;
	if (connection->state == TCP_TIME_WAIT)
		present->time_waits++;
	else
		present->connections++;
}

static void say_most_used(struct sentence *sentence, const struct adviser *adviser,
			  const struct language *language)
{
	const char *text = language_text(language, ", the most used destination has %.0f %% of its "
						   "ports in use");
	double most = -1;

	for (size_t i = 0; i < adviser->totals_count; i++)
		if (adviser->totals[i].most_used && adviser->totals[i].most_used_share > most)
			most = adviser->totals[i].most_used_share;
	if (most >= 0)
		say(sentence, text, 100 * most);
}

static void say_count(struct sentence *sentence, uint64_t number, const char *one, const char *many,
		      const struct language *language)
{
	struct sentence grouped = {0};

	say_grouped(&grouped, number);
	say(sentence, language_text(language, number == 1 ? one : many), grouped.text);
}

static void say_nothing_is_wrong(struct sentence *sentence, const struct adviser *adviser,
				 const struct language *language)
{
	struct present present = {.adviser = adviser};

	connections_each(&adviser->config.model->connections, count, &present);
	say_count(sentence, present.connections, N_("nothing is wrong: %s connection"),
		  N_("nothing is wrong: %s connections"), language);
	say_count(sentence, present.time_waits, N_(", %s TIME_WAIT"), N_(", %s TIME_WAITs"),
		  language);
	say_most_used(sentence, adviser, language);
}

bool adviser_say_fine(struct sentence *sentence, const struct adviser *adviser,
		      const struct language *language)
{
	bool judged = adviser->unknown_count < rule_count - 1; /* but kernel_hides */

	if (adviser_found(adviser, SEVERITY_WARNING))
		return false;
	if (judged)
		say_nothing_is_wrong(sentence, adviser, language);
	else
		say(sentence, "%s", language_text(language, "nothing could be judged here"));
	return true;
}

static void show_first(const struct adviser *adviser, struct output *output,
		       const struct text_style *style)
{
	struct sentence sentence = {0};

	if (adviser_say_fine(&sentence, adviser, style->language))
		text_wrap(output, 0, INDENT, sentence.text, style->columns);
}

/* The rules with one reason together. */
static void show_unjudged(const struct adviser *adviser, size_t first, struct output *output,
			  const struct text_style *style)
{
	const char *why = adviser->unknown[first].why, *comma = "";
	struct sentence rules = {0}, sentence = {0};

	for (size_t i = 0; i < first; i++)
		if (adviser->unknown[i].why == why)
			return;
	for (size_t i = first; i < adviser->unknown_count; i++) {
		if (adviser->unknown[i].why != why)
			continue;
		say(&rules, "%s%s", comma, unjudged_rule(&adviser->unknown[i]));
		comma = ", ";
	}
	say(&sentence, language_text(style->language, "not judged: %s (%s)"), rules.text,
	    language_text(style->language, why));
	text_wrap(output, 0, INDENT, sentence.text, style->columns);
}

void adviser_show_text(const struct adviser *adviser, struct output *output,
		       const struct text_style *style)
{
	size_t shown = style->limit ? style->limit : ADVICE_SHOWN;

	show_first(adviser, output, style);
	for (size_t i = 0; i < adviser->count && i < shown; i++)
		advice_show(adviser, &adviser->items[i], output, style);
	if (adviser->count > shown) {
		output_format(output, language_text(style->language, "and %zu more (--limit)"),
			      adviser->count - shown);
		output_line(output);
	}
	for (size_t i = 0; i < adviser->unknown_count; i++)
		show_unjudged(adviser, i, output, style);
}
