/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The terminal: taken, drawn on, given back. */
#ifndef TCPLINGER_TOP_SCREEN_H
#define TCPLINGER_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* NULL; or why stdin and stdout are no terminal that can be drawn on, and what to use instead. */
const char *screen_obstacle(void);

/* Takes it, until screen_end or a crash; `colors`: if it has any. False: it cannot be drawn on. */
bool screen_begin(bool colors);
void screen_end(void);

/* True where it shows no more than ASCII. */
bool screen_is_ascii(void);

/* Gives it back, stops this process, and takes it again when it is continued. */
void screen_suspend(void);

/*
 * A line of text from column `x` on, in `width` columns, with the colours that it has in it; what
 * is longer is not shown, the rest is blank. `attributes`: of curses, as A_REVERSE.
 */
void screen_put(int y, int x, int width, const char *text, int attributes);

#endif
