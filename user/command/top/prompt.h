/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A line that is being typed. */
#ifndef TCPLINGER_TOP_PROMPT_H
#define TCPLINGER_TOP_PROMPT_H

#include <stdbool.h>

#define PROMPT_MAX 256

enum prompt_kind { PROMPT_SEARCH, PROMPT_FILTER, PROMPT_WRITE };

struct prompt {
	enum prompt_kind kind;
	char text[PROMPT_MAX];
	char reason[PROMPT_MAX]; /* why it was not taken; "": it was not tried */
};

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text);

/* A key of a text: a character, backspace, Ctrl-U, Ctrl-W. False for one that is none. */
bool prompt_key(struct prompt *prompt, int key);

/* "search: " */
const char *prompt_label(const struct prompt *prompt);

#endif
