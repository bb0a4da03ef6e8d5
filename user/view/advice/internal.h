/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules are made of, and what they make. Of this folder alone. */
#ifndef TCPLINGER_ADVICE_INTERNAL_H
#define TCPLINGER_ADVICE_INTERNAL_H

#include "view/advice/advice.h"
#include "view/advice/thresholds.h"
#include "view/advice/words.h"

/* What a rule is asked about, one after the other. */
enum subject {
	SUBJECT_LEAKS,	    /* struct leak_row */
	SUBJECT_TIME_WAITS, /* struct time_wait_row */
	SUBJECT_PORTS,	    /* struct port_row */
	SUBJECT_FAILURES,   /* struct port_failure */
	SUBJECT_OPENING,    /* struct opening_row */
	SUBJECT_LISTENERS,  /* struct listener_row */
	SUBJECT_CLOSING,    /* struct closing_row */
	SUBJECT_WHOLE,	    /* NULL: once */
	SUBJECTS,
};

struct judging {
	struct adviser *adviser;
	const struct rule *rule;
};

#define RULE_EVIDENCE 16

struct rule {
	const char *name;
	enum subject subject;
	uint32_t wants; /* WANT(): it is not judged where the stream lacks one */
	/* NULL, or why it cannot be judged here: ends a sentence; static. */
	const char *(*why_not)(const struct adviser *adviser);
	/* From facts to advice: nothing else. */
	void (*judge)(struct judging *judging, const void *row);
	const char *evidence[RULE_EVIDENCE]; /* keys, in the order of the JSON */
};

extern const struct rule rules[];
extern const size_t rule_count;

/* A new advice, about nothing yet. Valid until the next one. */
struct advice *advise(struct judging *judging, enum severity severity, enum saying saying);

/* Whom it is about; `number` may be 0. */
void about_process(const struct judging *judging, struct advice *advice, uint32_t number);
void about_place(struct advice *advice, const struct tuple *place, unsigned int direction);

/* Its figures. A key once; what is not told is null. */
struct advice_figure *tell(struct advice *advice, const char *key, enum figure_of of);
void tell_number(struct advice *advice, const char *key, uint64_t number);
void tell_bytes(struct advice *advice, const char *key, uint64_t bytes);
void tell_ns(struct advice *advice, const char *key, uint64_t ns);
void tell_real(struct advice *advice, const char *key, double real);
void tell_rate(struct advice *advice, const char *key, double per_s);
void tell_share(struct advice *advice, const char *key, double share);
void tell_truth(struct advice *advice, const char *key, bool truth);
void tell_word(struct advice *advice, const char *key, const char *word); /* NULL: null */
/* At most `size` bytes, copied; "": null. */
void tell_name(struct advice *advice, const char *key, const char *name, size_t size);
void tell_process(const struct judging *judging, struct advice *advice, const char *key,
		  uint32_t number);
void tell_place(struct advice *advice, const char *key, const struct tuple *place,
		unsigned int direction);

/* What a draft has of JSON, from json_begin_figure on. */
struct figure_draft {
	struct output output;
	struct json json;
};
void draft_begin(struct figure_draft *draft);
void draft_end(struct figure_draft *draft, struct advice *advice, const char *key);

/* All of its rule's evidence that a row has a member for, by the same key. */
void tell_row(const struct judging *judging, struct advice *advice, const struct table *table,
	      const void *view, const void *row);

/* `waiting` to `starved`, as far as its rule wants them, and what its sentence says of threads. */
void tell_threads(const struct judging *judging, struct advice *advice,
		  const struct process_facts *facts);

void advice_clear(struct adviser *adviser, struct advice *advice);

/* meters.c */
void meters_init(struct adviser *adviser);
void meters_free(struct adviser *adviser);
void meters_tick(struct adviser *adviser, uint64_t time_ns);
void meters_forget(struct adviser *adviser);

/* What a counter of a row grew by in the time that is judged. */
uint64_t counted_since(struct judging *judging, uint64_t key, uint64_t value);

/* Makes one advice of those with one cause, drops what another one explains, sorts. */
void adviser_settle(struct adviser *adviser);

/* The rules. */
void judge_close_wait_leak(struct judging *judging, const void *row);
void judge_time_wait_harmless(struct judging *judging, const void *row);
void judge_ports_near(struct judging *judging, const void *row);

#endif
