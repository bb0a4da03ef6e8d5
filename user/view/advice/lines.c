// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What an advice lists, line by line. */
#include "view/advice/internal.h"

/* The i-th template; NULL: there are no more. */
static const char *at(const struct advice *advice, enum advice_list list, size_t i)
{
	const char *const *lines = advice->words->helps;
	size_t extra = 0;

	if (list == ADVICE_DOES_NOT_HELP)
		lines = advice->words->does_not_help;
	else if (list == ADVICE_COMMANDS)
		lines = advice->words->commands;
	while (list == ADVICE_HELPS && extra < ADVICE_EXTRA && advice->extra[extra])
		extra++;
	if (i < extra)
		return advice->extra[i];
	return i - extra < WORDS_LIST ? lines[i - extra] : NULL;
}

bool advice_line(struct sentence *sentence, const struct adviser *adviser,
		 const struct advice *advice, enum advice_list list, size_t i)
{
	const char *template = at(advice, list, i);

	*sentence = (struct sentence){0};
	if (template)
		words_fill(sentence, adviser, advice, template, NULL);
	return template;
}
