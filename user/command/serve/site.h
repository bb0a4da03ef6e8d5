/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What can be asked for, and what is answered. An answer is made once for all who ask for it until
 * the next refresh: however many ask, the tracing is delayed by one.
 */
#ifndef TCPLINGER_SERVE_SITE_H
#define TCPLINGER_SERVE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "writer/exposition.h"

/* MHD's. */
struct MHD_Connection;
struct MHD_Response;

/* How an answer is put. */
struct site_form {
	enum exposition_format format;
	bool packed; /* by gzip */
};

enum site_resource {
	SITE_PAGE,
	SITE_STYLE,
	SITE_SCRIPT,
	SITE_METRICS,
	SITE_ROWS,
	SITE_HEALTHY,
	SITE_READY,
	SITE_RESOURCES,
};

/* Where what is served comes from; each writes what there was at the last refresh. */
struct site_source {
	void (*metrics)(void *context, struct output *output, enum exposition_format format);
	void (*rows)(void *context, struct output *output); /* called at a refresh only */
	void *context;
};

#define SITE_WAITING 64

struct site {
	struct site_source source;
	bool ready; /* there was a refresh */
	struct MHD_Response *kept[SITE_RESOURCES][EXPOSITION_FORMATS][2];
	/* Rows are written at a refresh, while they are few or somebody has asked lately; who asks
	 * for those that are not there waits for the next. */
	struct output rows;
	bool rows_there;
	unsigned int rows_unasked; /* refreshes since somebody did */
	struct MHD_Connection *waiting[SITE_WAITING];
	size_t waiting_count;
};

void site_init(struct site *site, const struct site_source *source);
void site_free(struct site *site);

/* What was answered before is out of date; and from now on there is something to answer. */
void site_refresh(struct site *site);

/* Who waits need wait no more: before the library is stopped. */
void site_resume(struct site *site);

/* True for the methods that are answered with more than a refusal. */
bool site_takes(const char *method);

/* Answers a request whose header took `header_bytes`. False: it cannot; the connection ends. */
bool site_answer(struct site *site, struct MHD_Connection *connection, const char *method,
		 const char *path, size_t header_bytes);

/* Who asks has to say who they are: 401. */
bool site_ask_password(struct MHD_Connection *connection);

#endif
