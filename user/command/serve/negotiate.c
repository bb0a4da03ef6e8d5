// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/negotiate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One of a list: "text/plain;version=0.0.4;q=0.3", up to a comma or the end. */
struct element {
	const char *text;
	size_t length;
	size_t name; /* so long, without parameters */
};

static size_t trimmed(const char *text, size_t length)
{
	while (length && strchr(" \t", text[length - 1]))
		length--;
	return length;
}

/* False at the end of the list. */
static bool next(const char **at, struct element *element)
{
	*at += strspn(*at, " \t,");
	element->text = *at;
	element->length = strcspn(*at, ",");
	element->name = trimmed(*at, strcspn(*at, ",;"));
	*at += element->length;
	return element->length;
}

/* A parameter's value, behind its name and "="; NULL: it has none. */
static const char *parameter(const struct element *element, const char *name)
{
	const char *at = element->text + element->name, *end = element->text + element->length;
	size_t length = strlen(name);

	while (at < end) {
		at += strspn(at, " \t;");
		if (at + length < end && strncasecmp(at, name, length) == 0 && at[length] == '=')
			return at + length + 1;
		at += strcspn(at, ";,");
	}
	return NULL;
}

/* "0.5"; by hand: strtod would take "inf", and the locale's point. */
static double quality_of(const struct element *element)
{
	const char *text = parameter(element, "q");
	double quality, place = 0.1;

	if (!text)
		return 1;
	if (*text != '0')
		return *text == '1' ? 1 : 0;
	quality = 0;
	for (text++; *text == '.' || (*text >= '0' && *text <= '9'); text++) {
		if (*text == '.')
			continue;
		quality += place * (*text - '0');
		place /= 10;
	}
	return quality < 1 ? quality : 1;
}

static bool is(const struct element *element, const char *word)
{
	return strlen(word) == element->name &&
	       strncasecmp(element->text, word, element->name) == 0;
}

/* "*", and of types as well. */
static bool is_wildcard(const struct element *element, const char *word)
{
	const char *slash = strchr(word, '/');
	size_t type = slash ? (size_t)(slash - word) + 1 : 0;

	if (is(element, slash ? "*/*" : "*"))
		return true;
	return slash && element->name == type + 1 && element->text[type] == '*' &&
	       strncasecmp(element->text, word, type) == 0;
}

double negotiate_quality(const char *header, const char *word, double otherwise)
{
	double named = -1, wildcard = -1;
	struct element element;
	bool any = false;

	for (const char *at = header ? header : ""; next(&at, &element); any = true) {
		double quality = quality_of(&element);

		if (is(&element, word) && quality > named)
			named = quality;
		if (is_wildcard(&element, word) && quality > wildcard)
			wildcard = quality;
	}
	if (!any)
		return otherwise;
	if (named >= 0)
		return named;
	return wildcard >= 0 ? wildcard : 0;
}
