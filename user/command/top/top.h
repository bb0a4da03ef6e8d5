/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `tcplinger top`: all views on one stream, on a terminal. Nothing is read from the kernel for it:
 * what a tab shows is what the view's text has.
 */
#ifndef TCPLINGER_TOP_H
#define TCPLINGER_TOP_H

#include "command/top/list.h"
#include "command/top/prompt.h"
#include "command/top/tab.h"
#include "command/watch.h"

/* What the keys go to, and what is drawn over the rows. */
enum top_mode {
	MODE_ROWS,
	MODE_DETAILS, /* of the row under the cursor, in the lower half */
	MODE_WHOLE,   /* the same on all of the screen, to be scrolled */
	MODE_HELP,
	MODE_SORT,   /* a list of figures */
	MODE_PROMPT, /* a line is being typed */
};

struct top {
	struct options *options; /* changed by the filter line, b and f */
	struct watch *watch;
	struct tab tabs[TABS];
	size_t tab; /* the one that is shown */
	enum top_mode mode;
	enum top_mode below; /* what a closed list or prompt goes back to */
	struct prompt prompt;
	char message[256];  /* of the last key, until the next */
	char filter[256];   /* words of the filter that is set, */
	char comm[16];	    /* and of these the name of a process */
	char searched[128]; /* last searched for */
	size_t scrolled;    /* lines of the pane that are above it */
	size_t chosen;	    /* figure of the list */
	bool frozen;	    /* the screen; not the tracing */
	bool ended;	    /* q, or a terminal that is gone */
	bool ascii;
	bool recorded;	  /* it shows a recording, which stands still but for */
	uint32_t steps;	  /* so many refreshes that are to come */
	uint64_t time_ns; /* of the refresh that is shown */
};

/* What is there now, on the screen. */
void top_draw(struct top *top);

/* What a key means, in the mode that it is in. */
void top_key(struct top *top, int key);

/* The tab that is shown. */
static inline struct tab *top_tab(struct top *top)
{
	return &top->tabs[top->tab];
}

/* What the last key did, or why not: in the last line. */
__attribute__((format(printf, 2, 3))) void top_say(struct top *top, const char *format, ...);

/* All of it anew, by the options as they are now: what there is stays, counters begin again. */
void top_restart(struct top *top);

/* In a recording: to the next refresh, or the one before; and by so much time. */
void top_forward(struct top *top);
void top_back(struct top *top);
void top_move(struct top *top, double seconds);

/* filter.c: sets the filter to these words of the command line, "" for none. False, with the reason
 * in `why`, if one of them is wrong; nothing is changed then. */
bool top_filter(struct top *top, const char *words, char *why, size_t size);

/* Writes what the tab shows to a file, as JSON; says what came of it. */
void top_write(struct top *top, const char *path);

#endif
