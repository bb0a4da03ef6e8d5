// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/top/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/macros.h"

#define ESCAPE_DELAY_MS 25

const char *screen_obstacle(void)
{
	const char *name = getenv("TERM");
	int error;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "it takes a terminal; `tcplinger diagnose` and the views print";
	if (!name || !name[0] || setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return "this terminal (TERM) is not known; `tcplinger diagnose` and the views "
		       "print";
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1)
		return "this terminal (TERM) cannot move its cursor; `tcplinger diagnose` and the "
		       "views print";
	return NULL;
}

/* What crashes leaves the terminal as it was: curses knows how. Then it crashes. */
static void on_crash(int number)
{
	endwin();
	signal(number, SIG_DFL);
	raise(number);
}

static void restore_on_crash(void)
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

	for (size_t i = 0; i < LENGTH(crashes); i++)
		signal(crashes[i], on_crash);
}

/* Pair n is colour n, as TEXT_RED and the others have it: 30 + n. */
static void begin_colors(void)
{
	start_color();
	use_default_colors();
	for (short color = COLOR_RED; color <= COLOR_WHITE; color++)
		init_pair(color, color, -1);
}

bool screen_begin(bool colors)
{
	setlocale(LC_CTYPE, "");
	if (!initscr())
		return false;
	restore_on_crash();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	if (colors && has_colors())
		begin_colors();
	return true;
}

/* A terminal that has only this screen gets its last line empty, for who comes next. */
void screen_end(void)
{
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
}

bool screen_is_ascii(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

void screen_suspend(void)
{
	screen_end();
	raise(SIGSTOP);
	clearok(curscr, TRUE);
	refresh();
}

/* A colour of a text: \033[3Nm, or \033[0m for none. Its length. */
static size_t take_color(const char *text, int attributes)
{
	size_t length = strcspn(text, "m");
	int pair = text[1] == '[' && text[2] == '3' && text[3] >= '1' && text[3] <= '7'
			   ? text[3] - '0'
			   : 0;

	attrset(attributes | (pair && has_colors() ? COLOR_PAIR(pair) : 0));
	return length + !!text[length];
}

/* One character; its length. `left`: columns, less by what it takes; unchanged: there was no room.
 */
static size_t put_character(const char *text, bool ascii, int *left)
{
	ucs4_t code;
	int bytes = u8_mbtouc(&code, (const uint8_t *)text, strlen(text));
	int width = uc_width(code, "UTF-8");

	if (width > *left)
		return 0;
	if (ascii && code > 0x7e)
		addnstr("??", width);
	else
		addnstr(text, bytes);
	*left -= width > 0 ? width : 0;
	return (size_t)bytes;
}

void screen_put(int y, int x, int width, const char *text, int attributes)
{
	bool ascii = screen_is_ascii();
	int left = width;
	size_t taken;

	move(y, x);
	attrset(attributes);
	while (*text && *text != '\n') {
		taken = *text == '\033' ? take_color(text, attributes)
					: put_character(text, ascii, &left);
		if (!taken)
			break;
		text += taken;
	}
	attrset(attributes);
	while (left-- > 0)
		addch(' ');
	attrset(A_NORMAL);
}
