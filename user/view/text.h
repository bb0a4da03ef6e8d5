/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tables for people have in common: names, sentences, ages, and how much of it fits. */
#ifndef TCPLINGER_TEXT_H
#define TCPLINGER_TEXT_H

#include "output.h"
#include "record.h"
#include "rows.h"

#define SENTENCE	 400
#define SENTENCE_COLUMNS 112
#define INDENT		 8

/* What the screen is like, and what the user wants on it. */
struct text_style {
	size_t limit;	      /* rows; 0: as many as `lines` allow, or 20 */
	unsigned int columns; /* of the terminal */
	unsigned int lines;   /* of the terminal; 0: none */
	bool details;	      /* -v */
	bool color;
};

/* A sentence that grows; what does not fit is cut. */
struct sentence {
	char text[SENTENCE];
	size_t length;
};

__attribute__((format(printf, 2, 3))) void say(struct sentence *sentence, const char *format, ...);

/* On an indented line of its own, harmless, cut to the terminal. */
void text_sentence(struct output *output, const struct sentence *sentence, unsigned int columns);

/* "   8426 php-fpm", or the group's name, in exactly `columns`. */
void text_name(const struct rows *rows, struct output *output, const struct row *row,
	       size_t columns);

/* "php-fpm[8426]", harmless; "nobody known" for NULL. */
void text_process(struct sentence *sentence, const struct process *process);

/* An endpoint, cut in its middle, in exactly `columns`. */
void text_endpoint(struct output *output, const uint8_t *address, uint16_t port, size_t columns);

/* "12.3s", "5m07s", "3h12m", "2d05h". `text`: TEXT_AGE bytes. */
#define TEXT_AGE 16
void text_age(char *text, uint64_t ns);

/* "12us", "3.4ms", "60.9s", "5m07s". `text`: TEXT_AGE bytes. */
void text_duration(char *text, uint64_t ns);

/*
 * How many rows to show: at least one; `lines_of` a row, `others` for what else is on the screen.
 */
size_t text_rows(const struct rows *rows, const struct text_style *style, size_t others,
		 size_t (*lines_of)(const struct row *row, const struct text_style *style));

/* "... and N more rows", if there are any. */
void text_omitted(struct output *output, const struct rows *rows, size_t shown);

#endif
