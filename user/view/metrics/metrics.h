/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Metrics: what the rows of all views add up to by the name of the process, never by its pid. One
 * table says what each is made of (families.c). Counters never go back, though rows are forgotten
 * and processes take other names: what a row has counted stays with the name that it was first
 * counted under.
 */
#ifndef TCPLINGER_VIEW_METRICS_H
#define TCPLINGER_VIEW_METRICS_H

#include "view/rows.h"
#include "view/table.h"
#include "view/view.h"
#include "writer/exposition.h"

#define METRIC_TEXT  64 /* bytes of a label's value that is made for the occasion */
#define METRIC_HOOKS 32

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

/* Whose rows; METRIC_STREAM: of the stream itself. */
enum metric_rows {
	METRIC_CLOSE_WAITS,
	METRIC_TIME_WAITS,
	METRIC_PORTS,
	METRIC_PORT_FAILURES,
	METRIC_CLOSING,
	METRIC_OPENING,
	METRIC_LISTENERS,
	METRIC_ROWS,
	METRIC_STREAM = METRIC_ROWS,
};

struct metric_set {
	const struct view *view;
	const struct table *table;
	struct rows *(*rows)(void *view);
};
extern const struct metric_set metric_sets[METRIC_ROWS];

/* `value`: the text, static or made in `text` (METRIC_TEXT); `i`: place in the dimension. */
struct metric_label {
	const char *name; /* NULL: none */
	const char *(*value)(char *text, const void *row, unsigned int i);
};

struct metrics;

/* A family. Its figure is one of: `figure`, `value`, `at` for each of `dimension`, a histogram. */
struct metric {
	const char *name; /* behind "tcplinger_" */
	enum metric_type type;
	enum metric_rows rows;
	bool by_comm; /* labelled by the name of the row's process, before the others */
	struct metric_label labels[2];
	const char *figure; /* key in the table of the rows */
	struct value (*value)(const void *view, const void *row);
	const struct dimension *dimension;
	struct value (*at)(const void *row, unsigned int i);
	const struct histogram *(*histogram)(const void *row);
	const struct histogram_scale *scale;
	/* Of rows with the same labels the greatest, or that of the greatest share, is shown. */
	bool greatest;
	double (*share)(const void *view, const void *row);
	bool zeros; /* a series though it is zero */
	void (*write)(struct exposition *exposition, const struct metrics *metrics);
	const char *help;
};
extern const struct metric metric_table[];
extern const size_t metric_count;

/* What is told of a series, of the rows that are there, and of those that were. */
struct metric_sum {
	double value;
	uint64_t *buckets; /* of a histogram: one more than its scale has edges */
	uint64_t sum_ns;
};

struct metric_series {
	uint64_t key;
	char *labels;
	struct metric_sum live, gone;
	double share; /* of the row that `live` is of */
	bool seen;    /* since the collection began */
};

struct metric_family {
	const struct metric *metric;
	const struct member *member; /* of its `figure`; NULL: it has none */
	struct pool pool;
	struct index index;
	struct metric_series **order; /* for writing: scratch */
	size_t omitted;		      /* when it was last written */
};

/* A name that counters are charged to. */
struct metric_name {
	uint64_t key;
	uint32_t references; /* from rows */
	char comm[17];
	char container[13];
};

struct metric_config {
	size_t max_series; /* of a family: the smallest are left out beyond it */
	bool by_container; /* a label more, beside comm */
	const char *version;
};

/* Findings of one rule and severity; the words are static. */
struct metric_finding {
	const char *rule;
	const char *severity;
	uint32_t count;
};

struct metric_hook {
	const char *name;
	const char *form;
};

/* What rows are visited for: to be counted, or because they are about to be forgotten. */
struct metric_visit {
	struct metrics *metrics;
	enum metric_rows rows;
	bool gone;
};

struct metrics {
	struct metric_config config;
	void *views[METRIC_ROWS]; /* NULL: not watched */
	struct metric_visit forgetting[METRIC_ROWS];
	struct metric_family *families;
	struct pool names_pool;
	struct index names;
	/* What the stream tells of itself: the caller's, as of the last collection. */
	struct losses losses;
	bool incomplete;
	struct metric_hook hooks[METRIC_HOOKS];
	size_t hook_count;
	struct metric_finding *findings; /* borrowed */
	size_t finding_count;
};

/* `config` is copied. Does not move once it watches a view. */
void metrics_init(struct metrics *metrics, const struct metric_config *config);
void metrics_free(struct metrics *metrics);

/* The rows of this instance of a view are counted from now on; before the view's first refresh. */
void metrics_watch(struct metrics *metrics, const struct view *view, void *self);

/* At a refresh, when all views have chosen their rows. */
void metrics_collect(struct metrics *metrics);

/* All families, as of the last collection. */
void metrics_write(struct metrics *metrics, struct output *output, enum exposition_format format);

/* How many series there are, those left out included. */
size_t metrics_count(const struct metrics *metrics);

#endif
