/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line: one table of options, one of commands, and what a user asked for with them. */
#ifndef TCPLINGER_OPTIONS_H
#define TCPLINGER_OPTIONS_H

#include <stdbool.h>

#include "cli/moment.h"
#include "base/language.h"
#include "cli/parse.h"
#include "source/live/hooks.h"
#include "filter.h"
#include "view/advice/severity.h"
#include "view/grouping.h"
#include "view/table.h"
#include "model/process_filter.h"
#include "source/sandbox.h"

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Which options a command understands: bits, one for each row of option_table.c. */
enum option_id {
	OPTION_PID,
	OPTION_COMM,
	OPTION_CGROUP,
	OPTION_NETNS,
	OPTION_LPORT,
	OPTION_RPORT,
	OPTION_LADDR,
	OPTION_RADDR,
	OPTION_IPV4,
	OPTION_IPV6,
	OPTION_STATE,
	OPTION_BY,
	OPTION_INTERVAL,
	OPTION_DURATION,
	OPTION_ONCE,
	OPTION_LIMIT,
	OPTION_SORT,
	OPTION_AGE,
	OPTION_JSON,
	OPTION_HOOKS,
	OPTION_NO_BPF,
	OPTION_RING_SIZE,
	OPTION_READY_FILE,
	OPTION_AUDIT,
	OPTION_STACKS,
	OPTION_FOLDED,
	OPTION_FAIL_ON,
	OPTION_INPUT,
	OPTION_AT,
	OPTION_OUTPUT,
	OPTION_LISTEN_ADDRESS,
	OPTION_WEB_CONFIG,
	OPTION_MAX_SERIES,
	OPTION_LABELS,
	OPTION_TEXTFILE,
	OPTION_ROTATE,
	OPTION_RETAIN,
	OPTION_ANONYMIZE,
	OPTION_SQLITE,
	OPTION_COLOR,
	OPTION_LANG,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTION_VERSION,
	OPTIONS,
};
#define OPTION_BIT(id) (1ULL << (id))
_Static_assert(OPTIONS <= 64, "a bit for each");

#define OPTION_BITS_TUPLES                                                                         \
	(OPTION_BIT(OPTION_NETNS) | OPTION_BIT(OPTION_LPORT) | OPTION_BIT(OPTION_RPORT) |          \
	 OPTION_BIT(OPTION_LADDR) | OPTION_BIT(OPTION_RADDR) | OPTION_BIT(OPTION_IPV4) |           \
	 OPTION_BIT(OPTION_IPV6))
#define OPTION_BITS_PROCESSES                                                                      \
	(OPTION_BIT(OPTION_PID) | OPTION_BIT(OPTION_COMM) | OPTION_BIT(OPTION_CGROUP))
#define OPTION_BITS_INPUT (OPTION_BIT(OPTION_INPUT) | OPTION_BIT(OPTION_AT))
#define OPTION_BITS_TABLE                                                                          \
	(OPTION_BIT(OPTION_BY) | OPTION_BIT(OPTION_INTERVAL) | OPTION_BIT(OPTION_DURATION) |       \
	 OPTION_BIT(OPTION_ONCE) | OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_SORT) |            \
	 OPTION_BIT(OPTION_HOOKS) | OPTION_BIT(OPTION_NO_BPF) | OPTION_BIT(OPTION_READY_FILE) |    \
	 OPTION_BIT(OPTION_RING_SIZE) | OPTION_BIT(OPTION_AUDIT) | OPTION_BITS_INPUT)
#define OPTION_BITS_ABOUT                                                                          \
	(OPTION_BIT(OPTION_LANG) | OPTION_BIT(OPTION_VERBOSE) | OPTION_BIT(OPTION_HELP) |          \
	 OPTION_BIT(OPTION_VERSION))
#define OPTION_BITS_ALWAYS (OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_COLOR) | OPTION_BITS_ABOUT)
#define OPTION_BITS_STACKS (OPTION_BIT(OPTION_STACKS) | OPTION_BIT(OPTION_FOLDED))

#define LISTEN_ADDRESSES 8

/* What `serve` is to do. */
struct serve_options {
	struct listen_address addresses[LISTEN_ADDRESSES];
	size_t address_count;  /* 0: it decides */
	const char *config;    /* file of the web configuration; NULL: none */
	const char *textfile;  /* written instead of listening; NULL: none */
	uint32_t max_series;   /* of a family; 0: it decides */
	bool labels_container; /* beside comm */
};

struct options {
	const struct command *command;
	uint64_t given; /* OPTION_BIT of those on the command line */
	struct tuple_filter tuples;
	struct process_filter processes;
	uint32_t states;
	enum grouping by;
	uint32_t limit;	  /* rows; 0: the view decides */
	const char *sort; /* one of the command's keys; NULL: its own order */
	double age_s;
	double interval_s;
	double duration_s; /* 0: until told to stop */
	const char *ready_file;
	const char *input;     /* a recording, "-": on stdin; NULL: this host */
	struct moment at;      /* of the recording */
	uint64_t rotate_bytes; /* 0: one file */
	double retain_s;       /* 0: files stay */
	char *const *words;    /* of the command behind `--`; NULL: none */
	const char *output;    /* what is written, "-": to stdout; NULL: not said */
	const char *sqlite;    /* the database that is written; NULL: not said */
	enum color_mode color;
	const struct language *language; /* of text and help */
	enum hooks_mode hooks;
	uint32_t ring_kib;     /* 0: the source decides */
	enum severity fail_on; /* SEVERITIES: nothing found is a failure */
	struct serve_options serve;
	bool json;
	bool no_bpf;
	bool once;
	bool brief; /* one short watch, shown at its end */
	bool audit;
	bool stacks;
	const char *folded; /* a file; NULL: none */
	bool verbose;
	bool anonymize;
	bool help;
	bool version;
};

/* A row of the table of commands: dispatch and help are made of it. */
struct command {
	const char *name;
	const char *summary;
	const char *description;   /* for its --help */
	uint64_t options;	   /* OPTION_BIT of those it understands */
	const struct table *table; /* of its rows, for --sort; NULL: no such option */
	/* For an option it does not understand: why, and what to do instead. NULL: no more to say.
	 */
	const char *(*why_not)(enum option_id option);
	bool takes_words;	/* `-- COMMAND..` */
	struct sandbox sandbox; /* what it does once all is watched, besides what sources do */
	int (*run)(const struct options *options);
};

extern const struct command *const commands[];
extern const size_t command_count;
extern const struct command *const default_command; /* of a bare `tcplinger` */

/*
 * Reads the whole command line. STATUS_DONE, or STATUS_USAGE after one line of complaint. Strings
 * in `options` point into argv.
 */
int options_read(struct options *options, int argc, char **argv);

/* What --help prints: of a command, or of all. */
void help_print(const struct options *options);

#endif
