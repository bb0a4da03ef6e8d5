/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The words of the rules, all of them in words.c: templates, for a catalogue to translate whole.
 *
 *   {key}            a figure of the advice, or process, pid, place, alike
 *   {key|one|many}   a word by the number of that figure
 *   [ .. ]           left out where a figure in it is not known
 */
#ifndef TCPLINGER_ADVICE_WORDS_H
#define TCPLINGER_ADVICE_WORDS_H

#include "view/text.h"

#define WORDS_LIST 5 /* one less at most */

struct words {
	const char *text; /* a sentence, without its full stop */
	const char *helps[WORDS_LIST];
	const char *does_not_help[WORDS_LIST];
	const char *commands[WORDS_LIST];
};

enum saying {
	SAY_LEAK_DRAINED,
	SAY_LEAK_FORGOTTEN,
	SAY_LEAK_GROWING,
	SAY_LEAK_INHERITED,
	SAY_TIME_WAIT_HARMLESS,
	SAY_PORTS_NEAR,
	SAYINGS,
};

extern const struct words words[SAYINGS];

struct adviser;
struct advice;

/* A template, filled in. `translate`: what a catalogue has for it; NULL: English. */
typedef const char *words_translate(const char *text);
void words_fill(struct sentence *sentence, const struct adviser *adviser,
		const struct advice *advice, const char *template, words_translate *translate);

#endif
