/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The words of the rules, all of them in words.c: templates, for a catalogue to translate whole.
 *
 *   {key}            a figure of the advice, or process, pid, place, lport, alike
 *   {key|one|many}   a word by the number of that figure
 *   [ .. ]           left out where a figure in it is not known
 */
#ifndef TCPLINGER_ADVICE_WORDS_H
#define TCPLINGER_ADVICE_WORDS_H

#include "view/text.h"

#define WORDS_LIST 6 /* one less at most */

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
	SAY_STALL,
	SAY_STOPPED,
	SAY_TRACED,
	SAY_FROZEN,
	SAY_BACKLOG,
	SAY_RELAY,
	SAY_NOT_READING,
	SAY_MIXED,
	SAY_OPAQUE,
	SAY_IDLE_POOL,
	SAY_DEAD,
	SAY_DESCRIPTORS,
	SAY_FIN_WAIT2_OWNED,
	SAY_PEER_SILENT,
	SAY_HALF_CLOSED,
	SAY_TIME_WAIT_HARMLESS,
	SAY_SHORT_OUT,
	SAY_SHORT_IN,
	SAY_PROCESS_PER_CONNECTION,
	SAY_PORTS_NEAR,
	SAY_PORTS_EXHAUSTED,
	SAY_TAKEN_BY_BIND,
	SAY_TUPLE_IN_USE,
	SAY_PORT_IN_USE,
	SAY_NOT_LOCAL,
	SAY_NO_SOURCE,
	SAY_LISTENER_IN_RANGE,
	SAY_TW_REUSE_WOULD_HELP,
	SAY_TW_REUSE_INCOMING,
	SAY_TW_REUSE_TIMESTAMPS,
	SAY_TW_RECYCLE,
	SAY_FIN_TIMEOUT,
	SAY_OVERFLOW,
	SAY_OVERFLOW_NEAR,
	SAY_RESET,
	SAY_KEEPALIVE_RACE,
	SAY_ACCEPT_QUEUE_FULL,
	SAY_NO_ANSWER,
	SAY_REFUSED,
	SAY_CONNTRACK_FULL,
	SAY_CONNTRACK_COLLIDES,
	SAY_CONNTRACK_TIME_WAIT,
	SAY_SEARCH_SLOW,
	SAY_NO_CPU,
	SAY_KERNEL_HIDES,
	SAYINGS,
};

extern const struct words words[SAYINGS];

struct adviser;
struct advice;

/* "1,669" */
void say_grouped(struct sentence *sentence, uint64_t number);

/* What a stream lacks that lack_of() is something for: a bit for each WANT_... */
void say_lacks(struct sentence *sentence, uint64_t wants, const struct language *language);

/* A template, in a language, filled in. */
void words_fill(struct sentence *sentence, const struct adviser *adviser,
		const struct advice *advice, const char *template, const struct language *language);

#endif
