// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What comes to `serve` from outside: its configuration file, what clients accept, names. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command/serve/negotiate.h"
#include "command/serve/web_config.h"
#include "fuzz.h"
#include "writer/exposition.h"

static void try_config(const char *text, size_t size)
{
	char complaint[WEB_COMPLAINT] = "", priorities[128];
	struct web_config config;

	if (!web_config_parse(&config, text, size, complaint)) {
		must(complaint[0] && strlen(complaint) < sizeof(complaint));
		must(!config.users && !config.texts[WEB_CERT_FILE][0]);
		return;
	}
	must(config.tls == (config.texts[WEB_CERT_FILE][0] && config.texts[WEB_KEY_FILE][0]));
	must(web_config_asks_client(&config) == (config.texts[WEB_CLIENT_CA_FILE][0] != 0));
	for (size_t i = 0; i < config.user_count; i++)
		must(config.users[i].name[0] && strlen(config.users[i].hash) == 60);
	web_config_priorities(&config, priorities, sizeof(priorities));
	must(strstr(priorities, "+VERS-TLS1."));
	web_config_free(&config);
}

static void try_negotiation(const char *text)
{
	static const char *const words[] = {"gzip", "text/plain", "application/openmetrics-text"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		double quality = negotiate_quality(text, words[i], 0.5);

		must(quality >= 0 && quality <= 1);
	}
}

/* It is one line, and ends where its quotes do. */
static void try_label(const char *text)
{
	struct exposition_labels labels = {0};
	bool escaped = false;
	const char *at;

	exposition_label(&labels, "l", text);
	must(labels.length == strlen(labels.text) && labels.length < sizeof(labels.text));
	must(strncmp(labels.text, "l=\"", 3) == 0);
	for (at = labels.text + 3; *at && (escaped || *at != '"'); at++) {
		must((unsigned char)*at >= ' ');
		escaped = !escaped && *at == '\\';
	}
	must(*at == '"' && !at[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* of the exact size: a read beyond it is seen */

	memcpy(text, data, size);
	text[size] = 0;
	try_config(text, size);
	try_negotiation(text);
	try_label(text);
	free(text);
	return 0;
}
