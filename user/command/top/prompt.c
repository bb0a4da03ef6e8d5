// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/top/prompt.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1f)
#define DELETE	     0x7f

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text)
{
	*prompt = (struct prompt){.kind = kind};
	snprintf(prompt->text, sizeof(prompt->text), "%s", text);
}

/* A character of several bytes goes as a whole. */
static void erase_one(char *text)
{
	size_t length = strlen(text);

	while (length && (text[length - 1] & 0xc0) == 0x80)
		length--;
	text[length ? length - 1 : 0] = 0;
}

static void erase_word(char *text)
{
	size_t length = strlen(text);

	while (length && text[length - 1] == ' ')
		length--;
	while (length && text[length - 1] != ' ')
		length--;
	text[length] = 0;
}

static void append(struct prompt *prompt, int byte)
{
	size_t length = strlen(prompt->text);

	if (length + 1 >= sizeof(prompt->text))
		return;
	prompt->text[length] = (char)byte;
	prompt->text[length + 1] = 0;
}

bool prompt_key(struct prompt *prompt, int key)
{
	switch (key) {
	case KEY_BACKSPACE:
	case DELETE:
	case '\b':
		erase_one(prompt->text);
		break;
	case CTRL('U'):
		prompt->text[0] = 0;
		break;
	case CTRL('W'):
		erase_word(prompt->text);
		break;
	default:
		if (key < ' ' || key > 0xff)
			return false;
		append(prompt, key);
	}
	prompt->reason[0] = 0;
	return true;
}

const char *prompt_label(const struct prompt *prompt)
{
	static const char *const labels[] = {
		[PROMPT_SEARCH] = "search: ",
		[PROMPT_FILTER] = "filter: ",
		[PROMPT_WRITE] = "write JSON to: ",
	};

	return labels[prompt->kind];
}
