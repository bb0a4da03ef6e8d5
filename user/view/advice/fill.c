// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a template and figures to a sentence. */
#include <string.h>

#include "view/advice/internal.h"
#include "writer/format.h"

#define KEY_MAX	     32
#define NAME_COLUMNS 400 /* a path, a list */

struct filling {
	struct sentence *sentence;
	const struct adviser *adviser;
	const struct advice *advice;
	const struct language *language;
};

void say_grouped(struct sentence *sentence, uint64_t number)
{
	if (number >= 1000) {
		say_grouped(sentence, number / 1000);
		say(sentence, ",%03u", (unsigned int)(number % 1000));
	} else {
		say(sentence, "%u", (unsigned int)number);
	}
}

static void say_bytes(struct sentence *sentence, uint64_t bytes, const struct language *language)
{
	if (bytes < 10000)
		say(sentence, language_text(language, "%llu bytes"), (unsigned long long)bytes);
	else if (bytes < 100000)
		say(sentence, "%.0f kB", (double)bytes / 1e3);
	else
		say(sentence, "%.1f MB", (double)bytes / 1e6);
}

static void say_seconds(struct sentence *sentence, double seconds)
{
	char text[TEXT_AGE];

	text_duration(text, (uint64_t)(seconds * NS_PER_S));
	say(sentence, "%s", text);
}

static void say_real(struct sentence *sentence, const char *key, double real)
{
	size_t length = strlen(key);

	if (length > 2 && strcmp(key + length - 2, "_s") == 0)
		say_seconds(sentence, real);
	else
		say(sentence, "%.1f", real);
}

static void say_harmless(struct sentence *sentence, const char *name)
{
	char text[4 * NAME_COLUMNS + 1];

	format_harmless(text, name, strlen(name), NAME_COLUMNS);
	say(sentence, "%s", text);
}

static void say_endpoint(struct sentence *sentence, const struct tuple *tuple,
			 unsigned int direction)
{
	bool in = direction == DIRECTION_IN;
	char text[FORMAT_ENDPOINT];

	format_endpoint(text, in ? tuple->laddr : tuple->raddr, in ? tuple->lport : tuple->rport);
	say(sentence, "%s", text);
}

static const struct process *process_of(const struct filling *filling, uint32_t number)
{
	return processes_get(&filling->adviser->config.model->connections.processes, number);
}

static void say_process(const struct filling *filling, uint32_t number)
{
	const struct process *process = process_of(filling, number);

	if (process)
		text_process(filling->sentence, process);
	else
		say(filling->sentence, "%s", language_text(filling->language, "nobody known"));
}

void say_lacks(struct sentence *sentence, uint64_t wants, const struct language *language)
{
	const char *semicolon = "";

	for (unsigned int want = 0; want < WANTS; want++) {
		if (!(wants >> want & 1))
			continue;
		say(sentence, "%s%s", semicolon, language_text(language, lack_of(want)));
		semicolon = language_text(language, "; ");
	}
}

static void say_figure(const struct filling *filling, const struct advice_figure *figure)
{
	struct sentence *sentence = filling->sentence;

	switch (figure->of) {
	case FIGURE_NUMBER:
		say_grouped(sentence, figure->number);
		break;
	case FIGURE_PLAIN:
		say(sentence, "%llu", (unsigned long long)figure->number);
		break;
	case FIGURE_BYTES:
		say_bytes(sentence, figure->number, filling->language);
		break;
	case FIGURE_NS:
		say_seconds(sentence, (double)figure->number / NS_PER_S);
		break;
	case FIGURE_REAL:
		say_real(sentence, figure->key, figure->real);
		break;
	case FIGURE_RATE:
		say(sentence, figure->real < 100 ? "%.1f" : "%.0f", figure->real);
		break;
	case FIGURE_SHARE:
		say(sentence, figure->real && figure->real < 0.01 ? "%.1f %%" : "%.0f %%",
		    100 * figure->real);
		break;
	case FIGURE_WORD:
		say(sentence, "%s", language_text(filling->language, figure->word));
		break;
	case FIGURE_NAME:
		say_harmless(sentence, figure->text);
		break;
	case FIGURE_PROCESS:
		say_process(filling, figure->process);
		break;
	case FIGURE_PLACE:
		say_endpoint(sentence, &figure->place.tuple, figure->place.direction);
		break;
	case FIGURE_LACKS:
		say_lacks(sentence, figure->number, filling->language);
		break;
	default:
		say(sentence, "?");
	}
}

/* What it is about, under names that no figure has. False: it is not about one. */
static bool say_about(const struct filling *filling, const char *key)
{
	const struct process *process = process_of(filling, filling->advice->process);

	if (strcmp(key, "process") == 0 && process)
		text_process(filling->sentence, process);
	else if (strcmp(key, "pid") == 0 && process)
		say(filling->sentence, "%u", process->id.pid);
	else if (strcmp(key, "place") == 0 && filling->advice->has_place)
		say_endpoint(filling->sentence, &filling->advice->place,
			     filling->advice->direction);
	else if (strcmp(key, "alike") == 0 && filling->advice->alike)
		say(filling->sentence, "%u", filling->advice->alike);
	else
		return false;
	return true;
}

static bool say_key(const struct filling *filling, const char *key)
{
	const struct advice_figure *figure = advice_figure(filling->advice, key);

	if (figure)
		say_figure(filling, figure);
	return figure || say_about(filling, key);
}

/* "key|one|many" */
static bool say_word(const struct filling *filling, const char *key, const char *one)
{
	const struct advice_figure *figure = advice_figure(filling->advice, key);
	uint64_t number = figure ? figure->number : filling->advice->alike;
	const char *many = strchr(one, '|') + 1;

	if (!figure && strcmp(key, "alike") != 0)
		return false;
	if (number == 1)
		say(filling->sentence, "%.*s", (int)(many - 1 - one), one);
	else
		say(filling->sentence, "%s", many);
	return true;
}

/* What stands between braces, `size` bytes. */
static bool say_braces(const struct filling *filling, const char *text, size_t size)
{
	char key[3 * KEY_MAX] = "", *bar;

	if (size >= sizeof(key))
		return false;
	memcpy(key, text, size);
	bar = strchr(key, '|');
	if (!bar)
		return say_key(filling, key);
	*bar = 0;
	return say_word(filling, key, bar + 1);
}

/* Up to the end, or to a closing bracket; where it stopped. Not all known: `whole` is false. */
static const char *fill(const struct filling *filling, const char *at, bool *whole)
{
	while (*at && *at != ']') {
		size_t plain = strcspn(at, "{[]"), size;

		say(filling->sentence, "%.*s", (int)plain, at);
		at += plain;
		if (*at == '{') {
			size = strcspn(at, "}");
			if (!say_braces(filling, at + 1, size - 1)) {
				*whole = false;
				say(filling->sentence, "?");
			}
			at += size + 1;
		} else if (*at == '[') {
			size_t before = filling->sentence->length;
			bool known = true;

			at = fill(filling, at + 1, &known) + 1;
			if (!known)
				filling->sentence->length = before;
			filling->sentence->text[filling->sentence->length] = 0;
		}
	}
	return at;
}

void words_fill(struct sentence *sentence, const struct adviser *adviser,
		const struct advice *advice, const char *template, const struct language *language)
{
	struct filling filling = {sentence, adviser, advice, language};
	bool whole = true;

	fill(&filling, language_text(language, template), &whole);
}
