/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules are made of, and what they make. Of this folder alone. */
#ifndef TCPLINGER_ADVICE_INTERNAL_H
#define TCPLINGER_ADVICE_INTERNAL_H

#include "view/advice/advice.h"
#include "view/advice/thresholds.h"
#include "view/advice/words.h"
#include "record/names.h"
#include "view/objects.h"
#include "view/place.h"
#include "view/threads.h"
#include "writer/format.h"

/* What a rule is asked about, one after the other. */
enum subject {
	SUBJECT_LEAKS,	    /* struct leak_row */
	SUBJECT_TIME_WAITS, /* struct time_wait_row */
	SUBJECT_PORTS,	    /* struct port_row */
	SUBJECT_FAILURES,   /* struct port_failure */
	SUBJECT_OPENING,    /* struct opening_row */
	SUBJECT_LISTENERS,  /* struct listener_row */
	SUBJECT_CLOSING,    /* struct closing_row */
	SUBJECT_NETNS,	    /* struct netns_totals */
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
	uint32_t wants;	 /* WANT(): it is not judged where the stream lacks one */
	uint32_t partly; /* likewise, but by what is there it may fire all the same */
	/* NULL, or why it cannot be judged here: ends a sentence; static. */
	const char *(*why_not)(const struct adviser *adviser);
	/* From facts to advice: nothing else. */
	void (*judge)(struct judging *judging, const void *row);
	/* The same of another subject; NULL: there is none. */
	enum subject also;
	void (*judge_also)(struct judging *judging, const void *row);
	const char *evidence[RULE_EVIDENCE]; /* keys, in the order of the JSON */
};

extern const struct rule rules[];
extern const size_t rule_count;

/* Room for one more, not filled. */
struct advice *advice_add(struct adviser *adviser);

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

/* And a second, over a minute at most; 0 where it is not known yet. */
double rate_of(struct judging *judging, uint64_t key, uint64_t value);

/* Of what was found before, what is not now: kept, or freed. */
void past_keep(struct adviser *adviser, struct advice *before, size_t before_count);

/* True for each close_wait_*. */
bool is_close_wait(const struct advice *advice);

/* The sentence, in a language. */
void say_text(struct sentence *sentence, const struct adviser *adviser, const struct advice *advice,
	      const struct language *language);

/* Makes one advice of those with one cause, drops what another one explains, sorts. */
void adviser_settle(struct adviser *adviser);

#define JUDGED_RECENT_NS ((uint64_t)(60 * NS_PER_S))

/* half_closed.c, totals.c: what rules of several rows go by. */
void half_closed_find(struct adviser *adviser);
void totals_find(struct adviser *adviser);
void totals_free(struct adviser *adviser);
struct netns_totals *totals_of(struct adviser *adviser, uint32_t netns);

/* Why a stream that lacks it does not tell: ends a sentence; NULL: it is of no account. */
const char *lack_of(enum want want);
const char *not_seen(enum want want); /* the same, with what a sentence needs before it */

/* True from a tenth of what a destination sustains on. */
bool is_a_tenth(const struct adviser *adviser, const struct tuple *place, double per_s);

/* How long tasks of the host wait for a CPU. */
void tell_pressure(const struct judging *judging, struct advice *advice);

/* software.c: what helps with known software, told by its executable. */
enum topic {
	TOPIC_REUSE, /* keep connections, and use them again */
	TOPIC_POOL,  /* likewise, across processes */
	TOPIC_RELAY,
	TOPIC_BIND,
	TOPIC_RACE,
	TOPIC_LEAK,
};
const char *software_help(size_t i); /* each of them; NULL: there are no more */
void software_helps(const struct judging *judging, struct advice *advice, enum topic topic);
void software_helps_of(const struct judging *judging, struct advice *advice, enum topic topic,
		       uint32_t number);

/* Why a rule cannot be judged. */
const char *why_not_searches(const struct adviser *adviser);
const char *why_not_settings(const struct adviser *adviser);
const char *why_not_sysctls(const struct adviser *adviser);
const char *why_not_conntrack(const struct adviser *adviser);

/* The rules. */
void judge_close_wait_leak(struct judging *judging, const void *row);
void judge_close_wait_stall(struct judging *judging, const void *row);
void judge_close_wait_stopped(struct judging *judging, const void *row);
void judge_close_wait_backlog(struct judging *judging, const void *row);
void judge_close_wait_relay(struct judging *judging, const void *row);
void judge_close_wait_not_reading(struct judging *judging, const void *row);
void judge_close_wait_other(struct judging *judging, const void *row);
void judge_idle_pool(struct judging *judging, const void *row);
void judge_dead_descriptors(struct judging *judging, const void *row);
void judge_descriptor_limit(struct judging *judging, const void *row);
void judge_fin_wait2_owned(struct judging *judging, const void *row);
void judge_last_ack_silent(struct judging *judging, const void *row);
void judge_half_closed_pair(struct judging *judging, const void *row);
void judge_time_wait_harmless(struct judging *judging, const void *row);
void judge_short_connections(struct judging *judging, const void *row);
void judge_process_per_connection(struct judging *judging, const void *row);
void judge_ports_near(struct judging *judging, const void *row);
void judge_ports_exhausted(struct judging *judging, const void *row);
void judge_ports_taken_by_bind(struct judging *judging, const void *row);
void judge_port_tuple_in_use(struct judging *judging, const void *row);
void judge_address_missing(struct judging *judging, const void *row);
void judge_listener_in_range(struct judging *judging, const void *row);
void judge_tw_reuse_would_help(struct judging *judging, const void *row);
void judge_tw_reuse_useless(struct judging *judging, const void *row);
void judge_tw_recycle_gone(struct judging *judging, const void *row);
void judge_fin_timeout_misread(struct judging *judging, const void *row);
void judge_time_wait_overflow(struct judging *judging, const void *row);
void judge_reset_instead_of_close(struct judging *judging, const void *row);
void judge_keepalive_race(struct judging *judging, const void *row);
void judge_accept_queue_full(struct judging *judging, const void *row);
void judge_no_answer(struct judging *judging, const void *row);
void judge_refused(struct judging *judging, const void *row);
void judge_conntrack_full(struct judging *judging, const void *row);
void judge_conntrack_time_wait(struct judging *judging, const void *row);
void judge_port_search_slow(struct judging *judging, const void *row);
void judge_no_cpu_of_holder(struct judging *judging, const void *row);
void judge_no_cpu_of_listener(struct judging *judging, const void *row);
void judge_kernel_hides(struct judging *judging, const void *row);

#endif
