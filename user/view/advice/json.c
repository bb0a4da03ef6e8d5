// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <limits.h>

#include "view/advice/internal.h"

static const struct clock_offsets *clocks_of(const struct adviser *adviser)
{
	return &adviser->config.model->clocks;
}

static const struct process *process_of(const struct adviser *adviser, uint32_t number)
{
	return processes_get(&adviser->config.model->connections.processes, number);
}

static void write_place(struct json *json, const char *key, const struct tuple *place,
			unsigned int direction)
{
	json_open(json, key, '{');
	object_place(json, place, direction);
	json_close(json, '}');
}

static void write_about(struct json *json, const struct adviser *adviser,
			const struct advice *advice)
{
	json_open(json, "about", '{');
	object_process(json, "process", process_of(adviser, advice->process), clocks_of(adviser));
	if (advice->has_place)
		write_place(json, "place", &advice->place, advice->direction);
	else
		json_null(json, "place");
	if (advice->netns)
		json_number(json, "netns", advice->netns);
	else
		json_null(json, "netns");
	json_close(json, '}');
}

static void write_figure(struct json *json, const struct adviser *adviser, const char *key,
			 const struct advice_figure *figure)
{
	switch (figure->of) {
	case FIGURE_NUMBER:
	case FIGURE_PLAIN:
	case FIGURE_BYTES:
		json_number(json, key, figure->number);
		break;
	case FIGURE_NS:
		json_seconds(json, key, figure->number);
		break;
	case FIGURE_REAL:
	case FIGURE_RATE:
	case FIGURE_SHARE:
		json_real(json, key, figure->real);
		break;
	case FIGURE_TRUTH:
		json_bool(json, key, figure->number);
		break;
	case FIGURE_WORD:
		json_plain(json, key, figure->word);
		break;
	case FIGURE_NAME:
		json_string(json, key, figure->text, PATH_MAX);
		break;
	case FIGURE_PROCESS:
		object_process(json, key, process_of(adviser, figure->process), clocks_of(adviser));
		break;
	case FIGURE_PLACE:
		write_place(json, key, &figure->place.tuple, figure->place.direction);
		break;
	case FIGURE_JSON:
		json_again(json, key, figure->text, strlen(figure->text));
		break;
	case FIGURE_LACKS: /* never evidence */
	case FIGURE_UNKNOWN:
		json_null(json, key);
	}
}

static void write_evidence(struct json *json, const struct adviser *adviser,
			   const struct advice *advice)
{
	static const struct advice_figure none;

	json_open(json, "evidence", '{');
	for (size_t i = 0; i < RULE_EVIDENCE && advice->rule->evidence[i]; i++) {
		const char *key = advice->rule->evidence[i];
		const struct advice_figure *figure = advice_figure(advice, key);

		write_figure(json, adviser, key, figure ? figure : &none);
	}
	json_close(json, '}');
}

static void write_line(struct json *json, const struct adviser *adviser,
		       const struct advice *advice, const char *template)
{
	struct sentence sentence = {0};

	words_fill(&sentence, adviser, advice, template, NULL);
	if (sentence.length)
		json_string(json, NULL, sentence.text, sentence.length);
}

static void write_lines(struct json *json, const char *key, const struct adviser *adviser,
			const struct advice *advice, const char *const *templates)
{
	json_open(json, key, '[');
	for (size_t i = 0; i < WORDS_LIST && templates[i]; i++)
		write_line(json, adviser, advice, templates[i]);
	json_close(json, ']');
}

static void write_helps(struct json *json, const struct adviser *adviser,
			const struct advice *advice)
{
	json_open(json, "helps", '[');
	for (size_t i = 0; i < ADVICE_EXTRA && advice->extra[i]; i++)
		write_line(json, adviser, advice, advice->extra[i]);
	for (size_t i = 0; i < WORDS_LIST && advice->words->helps[i]; i++)
		write_line(json, adviser, advice, advice->words->helps[i]);
	json_close(json, ']');
}

void advice_write(const struct adviser *adviser, const struct advice *advice, struct output *output)
{
	const struct words *words = advice->words;
	struct sentence text = {0};
	struct json json;

	object_begin(&json, output, "advice", advice->time_ns, clocks_of(adviser));
	json_plain(&json, "rule", advice->rule->name);
	json_plain(&json, "severity", severity_name(advice->severity));
	write_about(&json, adviser, advice);
	write_evidence(&json, adviser, advice);
	say_text(&text, adviser, advice, NULL);
	json_string(&json, "text", text.text, text.length);
	write_helps(&json, adviser, advice);
	write_lines(&json, "does_not_help", adviser, advice, words->does_not_help);
	write_lines(&json, "commands", adviser, advice, words->commands);
	json_end(&json);
}

static void write_found(struct json *json, const struct adviser *adviser)
{
	uint64_t found[SEVERITIES] = {0};

	for (size_t i = 0; i < adviser->count; i++)
		found[adviser->items[i].severity]++;
	json_open(json, "found", '{');
	for (unsigned int severity = 0; severity < SEVERITIES; severity++)
		json_number(json, severity_name(severity), found[severity]);
	json_close(json, '}');
}

static void write_unknown(struct json *json, const struct adviser *adviser)
{
	json_open(json, "unknown", '[');
	for (size_t i = 0; i < adviser->unknown_count; i++) {
		json_open(json, NULL, '{');
		json_plain(json, "rule", unjudged_rule(&adviser->unknown[i]));
		json_plain(json, "why", adviser->unknown[i].why);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void adviser_show_json(const struct adviser *adviser, struct output *output)
{
	struct json json;

	for (size_t i = 0; i < adviser->count; i++)
		advice_write(adviser, &adviser->items[i], output);
	object_begin(&json, output, "diagnosis", adviser->time_ns, clocks_of(adviser));
	json_number(&json, "rules", rule_count);
	write_found(&json, adviser);
	write_unknown(&json, adviser);
	json_seconds(&json, "watched_s", adviser_watched_ns(adviser));
	json_end(&json);
}
