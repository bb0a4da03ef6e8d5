/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tables for people have in common: names, sentences, ages, and how much of it fits. */
#ifndef TCPLINGER_TEXT_H
#define TCPLINGER_TEXT_H

#include "base/language.h"
#include "writer/output.h"
#include "record.h"
#include "view/rows.h"

#define SENTENCE 4096 /* longer than any gets: lists inside are bounded */
#define INDENT	 8

/* Until TEXT_PLAIN, which is written where a colour was. */
#define TEXT_RED     "\033[31m"
#define TEXT_GREEN   "\033[32m"
#define TEXT_YELLOW  "\033[33m"
#define TEXT_MAGENTA "\033[35m"
#define TEXT_PLAIN   "\033[0m"

/* What the screen is like, and what the user wants on it. */
struct text_style {
	size_t limit;	      /* rows; 0: as many as `lines` allow, or 20 */
	unsigned int columns; /* of the terminal; 0: none, so nothing is wrapped or cut */
	unsigned int lines;   /* of the terminal; 0: none */
	bool details;	      /* -v */
	bool color;
	const struct language *language;
};

/* True where a table that takes `wide` columns has to do with fewer. */
static inline bool text_is_narrow(const struct text_style *style, unsigned int wide)
{
	return style->columns && style->columns < wide;
}

/* "s" after a noun of `count`, and after a verb: "2 peers wait", "1 peer waits". */
static inline const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static inline const char *singular(uint64_t count)
{
	return count == 1 ? "s" : "";
}

static inline const char *are(uint64_t count)
{
	return count == 1 ? "is" : "are";
}

/* How many are shown: "3", or of `all` that there are "3 of 13", where a filter on processes chose.
 */
struct shown {
	uint64_t count;
	uint64_t all;
	bool chosen;
};

/* A sentence that grows. */
struct sentence {
	char text[SENTENCE];
	size_t length;
};

__attribute__((format(printf, 2, 3))) void say(struct sentence *sentence, const char *format, ...);

/* "1 socket", "2 of 13 sockets"; "2 of 13" for a `noun` of NULL. */
void say_shown(struct sentence *sentence, struct shown shown, const char *noun);

/* At the end, how many refreshes or transitions were shown, and what was lost, by cause. */
void say_losses(struct sentence *sentence, uint64_t shown, bool refreshes,
		const struct losses *losses);

/*
 * The rest of a line that has `used` columns already, wrapped between words at the terminal's
 * width: the lines below begin with `indent` blanks. `text` is harmless. How many lines.
 */
size_t text_wrap(struct output *output, size_t used, size_t indent, const char *text,
		 unsigned int columns);

/* The same of a line that has been written already, from `begin` on. */
size_t text_end_line(struct output *output, size_t begin, size_t indent, unsigned int columns);

/* On an indented line of its own, and as many below as it takes. */
void text_sentence(struct output *output, const struct sentence *sentence, unsigned int columns);

/* "   8426 php-fpm", or the group's name, in `columns`: a terminal has no more. */
void text_name(const struct rows *rows, struct output *output, const struct row *row,
	       size_t columns, const struct text_style *style);

/* The name of a group, harmless. */
void text_group(struct sentence *sentence, const char *name);

/* "php-fpm[8426]", harmless; "nobody known" for NULL. */
void text_process(struct sentence *sentence, const struct process *process);

/* An endpoint in `columns`: on a terminal it is cut in its middle if it takes more. */
void text_endpoint(struct output *output, const uint8_t *address, uint16_t port, size_t columns,
		   const struct text_style *style);

/* "12.3s", "5m07s", "3h12m", "2d05h". `text`: TEXT_AGE bytes. */
#define TEXT_AGE 16
void text_age(char *text, uint64_t ns);

/* "12us", "3.4ms", "60.9s", "5m07s". `text`: TEXT_AGE bytes. */
void text_duration(char *text, uint64_t ns);

/* Harmless text, and blanks up to `columns`. */
void text_pad(struct output *output, const char *text, size_t columns);

/* Text that is shown later, or not, for its lines to be counted first. */
void text_draft(struct output *draft);
size_t text_lines(const struct output *draft);

#endif
