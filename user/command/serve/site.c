// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/site.h"

#include <microhttpd.h>
#include <string.h>

#include "base/macros.h"
#include "base/memory.h"
#include "command/serve/negotiate.h"
#include "command/serve/pack.h"

#define HEADER_MAX 8192 /* bytes of a request */

#define TEXT_PLAIN   "text/plain; charset=utf-8"
#define TEXT_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS  "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* What is there to be asked for. */
struct resource {
	const char *path;
	const char *types[EXPOSITION_FORMATS];
	bool negotiated; /* its form is the client's choice */
	bool waits;	 /* until there was a refresh: 503 before */
	void (*write)(const struct site *site, struct output *output,
		      enum exposition_format format);
};

static void write_metrics(const struct site *site, struct output *output,
			  enum exposition_format format)
{
	site->metrics(site->context, output, format);
}

static void write_healthy(const struct site *site, struct output *output,
			  enum exposition_format format)
{
	(void)site;
	(void)format;
	output_string(output, "tcplinger is healthy.\n");
}

static void write_ready(const struct site *site, struct output *output,
			enum exposition_format format)
{
	(void)site;
	(void)format;
	output_string(output, "tcplinger is ready.\n");
}

static const struct resource resources[SITE_RESOURCES] = {
	[SITE_METRICS] = {"/metrics", {TEXT_METRICS, OPENMETRICS}, true, true, write_metrics},
	[SITE_HEALTHY] = {"/-/healthy", {TEXT_PLAIN}, false, false, write_healthy},
	[SITE_READY] = {"/-/ready", {TEXT_PLAIN}, false, true, write_ready},
};

void site_init(struct site *site,
	       void (*metrics)(void *context, struct output *output, enum exposition_format format),
	       void *context)
{
	*site = (struct site){.metrics = metrics, .context = context};
}

static void forget(struct MHD_Response **kept)
{
	if (*kept)
		MHD_destroy_response(*kept);
	*kept = NULL;
}

static void forget_all(struct site *site)
{
	for (size_t i = 0; i < SITE_RESOURCES; i++)
		for (size_t format = 0; format < EXPOSITION_FORMATS; format++) {
			forget(&site->kept[i][format][false]);
			forget(&site->kept[i][format][true]);
		}
}

void site_free(struct site *site)
{
	forget_all(site);
}

void site_refresh(struct site *site)
{
	forget_all(site);
	site->ready = true;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Of what it likes as much, the older one, which everything reads. */
static struct site_form form_wanted(struct MHD_Connection *connection)
{
	const char *accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
	const char *encodings = header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	double open = negotiate_quality(accept, "application/openmetrics-text", 0);

	return (struct site_form){
		.format = open > negotiate_quality(accept, "text/plain", 1) ? EXPOSITION_OPENMETRICS
									    : EXPOSITION_TEXT,
		.packed = negotiate_quality(encodings, "gzip", 0) > 0,
	};
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

/* `text` is the answer's from now on. NULL: no memory. */
static struct MHD_Response *response_of(char *text, size_t size, const char *type)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);

	if (!response) {
		free(text);
		return NULL;
	}
	add(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	add(response, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
	return response;
}

static struct MHD_Response *make(const struct site *site, const struct resource *resource,
				 struct site_form form)
{
	struct MHD_Response *response;
	struct output output;

	output_init(&output, -1, NULL);
	resource->write(site, &output, form.format);
	if (form.packed)
		pack(&output);
	response = response_of(output.text, output.length, resource->types[form.format]);
	if (response && form.packed)
		add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (response && resource->negotiated)
		add(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
	return response;
}

/* As it was made for who asked first. */
static struct MHD_Response *find(struct site *site, size_t i, struct site_form form)
{
	struct MHD_Response **kept = &site->kept[i][form.format][form.packed];

	if (!*kept)
		*kept = make(site, &resources[i], form);
	return *kept;
}

static bool queue(struct MHD_Connection *connection, unsigned int status,
		  struct MHD_Response *response)
{
	return response && MHD_queue_response(connection, status, response) == MHD_YES;
}

/* A line that says why not. */
static bool refuse(struct MHD_Connection *connection, unsigned int status, const char *line)
{
	char *text = memory_string(line);
	struct MHD_Response *response = response_of(text, strlen(text), TEXT_PLAIN);
	bool done;

	if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		add(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	done = queue(connection, status, response);
	if (response)
		MHD_destroy_response(response);
	return done;
}

static size_t resource_of(const char *path)
{
	size_t i = 0;

	while (i < SITE_RESOURCES && strcmp(resources[i].path, path) != 0)
		i++;
	return i;
}

bool site_takes(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

bool site_answer(struct site *site, struct MHD_Connection *connection, const char *method,
		 const char *path, size_t header_bytes)
{
	size_t i = resource_of(path);
	struct site_form form = {EXPOSITION_TEXT, false};

	if (header_bytes > HEADER_MAX)
		return refuse(connection, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
			      "a request has 8 kB at most\n");
	if (i == SITE_RESOURCES)
		return refuse(connection, MHD_HTTP_NOT_FOUND,
			      "there is no such page; there is /metrics\n");
	if (!site_takes(method))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
	if (resources[i].waits && !site->ready)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready yet\n");
	if (resources[i].negotiated)
		form = form_wanted(connection);
	return queue(connection, MHD_HTTP_OK, find(site, i, form));
}
