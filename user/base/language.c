// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/language.h"

#include <stdint.h>
#include <string.h>

#include "base/macros.h"

/* po/zh_CN.po, as msgfmt makes a catalogue of it. */
extern const char _binary_zh_CN_mo_start[];

struct language {
	const char *name;   /* of --lang, and of locales, */
	const char *region; /* alone or with this one */
	const char *catalogue;
};

static const struct language languages[] = {
	{"zh", "CN", _binary_zh_CN_mo_start},
};

/* The format is in the manual of gettext, "The Format of GNU MO Files": numbers of 32 bits. */
struct catalogue_header {
	uint32_t magic;
	uint32_t revision;
	uint32_t count;
	uint32_t texts;	       /* where the texts are told, in their order, */
	uint32_t translations; /* and what each is translated to */
};

struct catalogue_text {
	uint32_t length;
	uint32_t offset;
};

static const char *text_at(const char *catalogue, uint32_t table, uint32_t i)
{
	struct catalogue_text text;

	memcpy(&text, catalogue + table + i * sizeof(text), sizeof(text));
	return catalogue + text.offset;
}

static const char *look_up(const char *catalogue, const char *text)
{
	struct catalogue_header header;
	uint32_t low = 0, high;

	memcpy(&header, catalogue, sizeof(header));
	for (high = header.count; low < high;) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(text, text_at(catalogue, header.texts, middle));

		if (order == 0)
			return text_at(catalogue, header.translations, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return text;
}

/* The empty text stands for what the catalogue says about itself. */
const char *language_text(const struct language *language, const char *text)
{
	return language && text[0] ? look_up(language->catalogue, text) : text;
}

bool language_find(const char *name, const struct language **language)
{
	*language = NULL;
	for (size_t i = 0; i < LENGTH(languages); i++)
		if (strcmp(languages[i].name, name) == 0)
			*language = &languages[i];
	return *language || strcmp(name, "en") == 0;
}

/* What follows the language in the name of a locale: _REGION, .CODESET, @MODIFIER, each or none. */
static bool suits(const struct language *language, const char *rest)
{
	size_t length = strlen(language->region);

	if (rest[0] == '_') {
		if (strncmp(rest + 1, language->region, length) != 0)
			return false;
		rest += 1 + length;
	}
	if (rest[0] != '.')
		return !rest[0] || rest[0] == '@';
	length = strcspn(rest + 1, "@");
	return (length == 5 && strncasecmp(rest + 1, "UTF-8", 5) == 0) ||
	       (length == 4 && strncasecmp(rest + 1, "UTF8", 4) == 0);
}

const struct language *language_of_locale(const char *locale)
{
	for (size_t i = 0; i < LENGTH(languages); i++) {
		size_t length = strlen(languages[i].name);

		if (strncmp(locale, languages[i].name, length) == 0 &&
		    suits(&languages[i], locale + length))
			return &languages[i];
	}
	return NULL;
}
