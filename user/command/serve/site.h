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
	SITE_METRICS,
	SITE_HEALTHY,
	SITE_READY,
	SITE_RESOURCES,
};

struct site {
	/* Writes the metrics, as of the last refresh. */
	void (*metrics)(void *context, struct output *output, enum exposition_format format);
	void *context;
	bool ready; /* there was a refresh */
	struct MHD_Response *kept[SITE_RESOURCES][EXPOSITION_FORMATS][2];
};

void site_init(struct site *site,
	       void (*metrics)(void *context, struct output *output, enum exposition_format format),
	       void *context);
void site_free(struct site *site);

/* What was answered before is out of date; and from now on there is something to answer. */
void site_refresh(struct site *site);

/* True for the methods that are answered with more than a refusal. */
bool site_takes(const char *method);

/* Answers a request whose header took `header_bytes`. False: it cannot; the connection ends. */
bool site_answer(struct site *site, struct MHD_Connection *connection, const char *method,
		 const char *path, size_t header_bytes);

#endif
