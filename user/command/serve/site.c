// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/site.h"

#include <microhttpd.h>
#include <string.h>

#include "base/macros.h"
#include "base/memory.h"
#include "command/serve/negotiate.h"
#include "command/serve/pack.h"

#define HEADER_MAX 8192 /* bytes of a request */

/* Rows are written unasked up to so many bytes, and so many refreshes after somebody asked. */
#define ROWS_FEW  (256 << 10)
#define ROWS_KEPT 15

/* Nothing of the page comes from elsewhere, and nobody puts it into theirs. */
#define CSP                                                                                        \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "            \
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

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

/* What the linker has put in, as the files are. */
#define EMBEDDED(name)                                                                             \
	extern const char _binary_page_##name##_start[], _binary_page_##name##_end[];              \
	static void write_##name(const struct site *site, struct output *output,                   \
				 enum exposition_format format)                                    \
	{                                                                                          \
		(void)site;                                                                        \
		(void)format;                                                                      \
		output_bytes(output, _binary_page_##name##_start,                                  \
			     (size_t)(_binary_page_##name##_end - _binary_page_##name##_start));   \
	}
EMBEDDED(html)
EMBEDDED(css)
EMBEDDED(js)

static void write_metrics(const struct site *site, struct output *output,
			  enum exposition_format format)
{
	site->source.metrics(site->source.context, output, format);
}

static void write_rows(const struct site *site, struct output *output,
		       enum exposition_format format)
{
	(void)format;
	output_bytes(output, site->rows.text, site->rows.length);
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
	[SITE_PAGE] = {"/", {"text/html; charset=utf-8"}, true, false, write_html},
	[SITE_STYLE] = {"/page.css", {"text/css; charset=utf-8"}, true, false, write_css},
	[SITE_SCRIPT] = {"/page.js", {"text/javascript; charset=utf-8"}, true, false, write_js},
	[SITE_ROWS] = {"/api/rows", {"application/x-ndjson"}, true, true, write_rows},
	[SITE_METRICS] = {"/metrics", {TEXT_METRICS, OPENMETRICS}, true, true, write_metrics},
	[SITE_HEALTHY] = {"/-/healthy", {TEXT_PLAIN}, false, false, write_healthy},
	[SITE_READY] = {"/-/ready", {TEXT_PLAIN}, false, true, write_ready},
};

void site_init(struct site *site, const struct site_source *source)
{
	*site = (struct site){.source = *source};
	output_init(&site->rows, -1, NULL);
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
	output_free(&site->rows);
}

void site_resume(struct site *site)
{
	while (site->waiting_count)
		MHD_resume_connection(site->waiting[--site->waiting_count]);
}

void site_refresh(struct site *site)
{
	forget_all(site);
	site->ready = true;
	site->rows_there = site->rows.length <= ROWS_FEW || site->rows_unasked < ROWS_KEPT ||
			   site->waiting_count;
	site->rows_unasked++;
	if (!site->rows_there)
		return;
	site->rows.length = 0;
	site->source.rows(site->source.context, &site->rows);
	site_resume(site);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Of what it likes as much, the older one, which everything reads. */
static struct site_form form_wanted(struct MHD_Connection *connection,
				    const struct resource *resource)
{
	const char *accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
	const char *encodings = header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	double open = resource->types[EXPOSITION_OPENMETRICS]
			      ? negotiate_quality(accept, "application/openmetrics-text", 0)
			      : 0;

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
	add(response, MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY, CSP);
	add(response, "Referrer-Policy", "no-referrer");
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
	if (response && status == MHD_HTTP_UNAUTHORIZED)
		add(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
		    "Basic realm=\"tcplinger\", charset=\"UTF-8\"");
	done = queue(connection, status, response);
	if (response)
		MHD_destroy_response(response);
	return done;
}

bool site_ask_password(struct MHD_Connection *connection)
{
	return refuse(connection, MHD_HTTP_UNAUTHORIZED, "a user and a password are wanted\n");
}

/* Until the next refresh. There is room: it is for as many as there are connections. */
static bool wait_for_rows(struct site *site, struct MHD_Connection *connection)
{
	if (site->waiting_count == SITE_WAITING)
		return false;
	MHD_suspend_connection(connection);
	site->waiting[site->waiting_count++] = connection;
	return true;
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
			      "there is no such page; there are / and /metrics\n");
	if (!site_takes(method))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
	if (resources[i].waits && !site->ready)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready yet\n");
	if (i == SITE_ROWS)
		site->rows_unasked = 0;
	if (i == SITE_ROWS && !site->rows_there)
		return wait_for_rows(site, connection);
	if (resources[i].negotiated)
		form = form_wanted(connection, &resources[i]);
	return queue(connection, MHD_HTTP_OK, find(site, i, form));
}
