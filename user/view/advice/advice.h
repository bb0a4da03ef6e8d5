/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is wrong here, and what helps: rules over the rows of all views. A rule is a value
 * (internal.h); an advice is what one has found, with the figures that fired it. It holds figures,
 * not words: those are made by whoever shows it.
 */
#ifndef TCPLINGER_ADVICE_H
#define TCPLINGER_ADVICE_H

#include "view/advice/severity.h"
#include "view/closing/closing.h"
#include "view/leaks/leaks.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"

/* What it judges, all on one stream. What is pointed to must outlive it. */
struct adviser_config {
	struct model *model;
	const struct leaks *leaks;
	const struct time_waits *time_waits;
	const struct ports *ports;
	const struct opening *opening;
	const struct closing *closing;
	bool recent; /* what was counted in the last 60 s, as who runs for days wants it; else in
			the whole watch */
};

struct rule;
struct words;

#define ADVICE_FIGURES 32 /* of one advice, at most */
#define ADVICE_EXTRA   4  /* remedies of its own, as of known software */

enum figure_of {
	FIGURE_UNKNOWN, /* null */
	FIGURE_NUMBER,
	FIGURE_PLAIN, /* likewise, that counts nothing: a port */
	FIGURE_BYTES,
	FIGURE_NS,   /* nanoseconds, in the JSON seconds */
	FIGURE_REAL, /* a number, or seconds where its key ends in _s */
	FIGURE_RATE, /* per second */
	FIGURE_SHARE,
	FIGURE_TRUTH,
	FIGURE_WORD,	/* static */
	FIGURE_NAME,	/* hostile, owned */
	FIGURE_PROCESS, /* by its number, referred to */
	FIGURE_PLACE,
	FIGURE_LACKS, /* WANT() of what the stream lacks; of sentences alone */
	FIGURE_JSON,  /* owned; not to be said */
};

/* A figure of an advice: evidence, or what only its sentence says. */
struct advice_figure {
	const char *key;
	enum figure_of of;
	union {
		uint64_t number;
		double real;
		const char *word;
		char *text;
		uint32_t process;
		struct {
			struct tuple tuple;
			unsigned int direction;
		} place;
	};
};

struct advice {
	const struct rule *rule;
	const struct words *words; /* of several that the rule has */
	enum severity severity;
	uint32_t process; /* whom it is about: a number, referred to; 0: nobody */
	bool has_place;
	uint8_t direction;
	struct tuple place;
	uint32_t netns;	   /* 0: not about one */
	uint32_t alike;	   /* so many more rows show the same */
	uint64_t since_ns; /* when it was found first, */
	uint64_t time_ns;  /* and last: its figures are of then */
	bool gone;	   /* it was so for a while, and is not now */
	/* For what another one explains: */
	uint64_t listener;		 /* cookie; 0: not about one */
	uint32_t other;			 /* the process at the other end, in FIN_WAIT2; 0: nobody */
	bool by_growth;			 /* it fires by a forecast alone */
	bool explained;			 /* by another one: it goes */
	double weight;			 /* of equal ones the greater comes first */
	uint64_t cause;			 /* rows of one rule and one cause make one advice */
	const char *extra[ADVICE_EXTRA]; /* helps, before those of `words` */
	struct advice_figure figures[ADVICE_FIGURES];
	uint32_t figure_count;
};

/* A rule that could not be judged here. */
struct unjudged {
	const struct rule *rule;
	const char *why; /* ends a sentence; static */
};

/* Connections of which one end is in FIN_WAIT2 and the other, on this host as well, in CLOSE_WAIT.
 */
struct half_closed {
	uint32_t waits;	 /* the process in FIN_WAIT2, */
	uint32_t closes; /* and that which has to close; 0: not known */
	uint32_t sockets;
	uint64_t oldest_ns;
	struct tuple place; /* of the end in CLOSE_WAIT */
	unsigned int direction;
};

#define HALF_CLOSED_PAIRS 64 /* of processes, at most */

/* What there is in a network namespace. */
struct netns_totals {
	uint32_t netns;
	uint64_t time_waits, incoming, outgoing;
	uint64_t overflow;	   /* as rows have it */
	uint32_t greatest;	   /* process of most TIME_WAITs, those refused among them */
	uint64_t greatest_sockets; /* so many */
	struct histogram lifetime;
	const struct port_row *most_used; /* its destination with the greatest share in use */
	double most_used_share;
};

struct adviser {
	struct adviser_config config;
	struct advice *items; /* those that nothing explains, the gravest first */
	size_t count, capacity;
	struct unjudged *unknown;
	size_t unknown_count;
	uint64_t begun_ns;  /* the first time it judged */
	uint64_t time_ns;   /* and the last, */
	uint64_t before_ns; /* and that before; 0: there was none */
	struct growth_clock clock;
	struct half_closed pairs[HALF_CLOSED_PAIRS];
	size_t pair_count;
	struct netns_totals *totals;
	size_t totals_count;
	struct pool meters; /* what counters were, in the last minute */
	struct index meter_index;
};

void adviser_init(struct adviser *adviser, const struct adviser_config *config);
void adviser_free(struct adviser *adviser);

/* What the rules want to know, after all views have asked. */
void adviser_ask(const struct adviser *adviser, struct questions *questions);

/*
 * After all views have refreshed: judges what they show now. What was found before is gone, but
 * for what was wrong for a while in the watch, unless that is `recent`.
 */
void adviser_judge(struct adviser *adviser, uint64_t time_ns);

/* How many of at least this severity; `kernel_hides` does not count. */
size_t adviser_found(const struct adviser *adviser, enum severity least);

/* How many rules there are. */
size_t adviser_rules(void);

/* How long it has watched. */
uint64_t adviser_watched_ns(const struct adviser *adviser);

const char *advice_rule(const struct advice *advice);
const char *unjudged_rule(const struct unjudged *unjudged);

/* NULL: it has no such figure, or it is not known. */
const struct advice_figure *advice_figure(const struct advice *advice, const char *key);

/* One sentence: what is, with its figures. In English. */
void advice_say(struct sentence *sentence, const struct adviser *adviser,
		const struct advice *advice);

enum advice_list { ADVICE_HELPS, ADVICE_DOES_NOT_HELP, ADVICE_COMMANDS };

/* The i-th line of what it lists, best first. In English. False: there are no more. */
bool advice_line(struct sentence *sentence, const struct adviser *adviser,
		 const struct advice *advice, enum advice_list list, size_t i);

/* An `advice` object, a line. */
void advice_write(const struct adviser *adviser, const struct advice *advice,
		  struct output *output);

/* "nothing is wrong: ..", or that nothing could be judged; false, and nothing said: something is.
 */
bool adviser_say_fine(struct sentence *sentence, const struct adviser *adviser,
		      const struct language *language);

/* All of them, and one `diagnosis`. */
void adviser_show_json(const struct adviser *adviser, struct output *output);

/* The sentence, what helps, what does not, what shows more. */
void advice_show(const struct adviser *adviser, const struct advice *advice, struct output *output,
		 const struct text_style *style);

/* "nothing is wrong: ..", where that is so; the gravest; the rest counted; what is not judged. */
void adviser_show_text(const struct adviser *adviser, struct output *output,
		       const struct text_style *style);

#endif
