/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The web configuration file of Prometheus' exporters: TLS, and users with passwords. What is not
 * supported is refused, never passed over: who asked for it relies on it.
 */
#ifndef TCPLINGER_SERVE_WEB_CONFIG_H
#define TCPLINGER_SERVE_WEB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* A user, and the bcrypt hash of the password. */
struct web_user {
	char *name;
	char *hash;
};

/* What of TLS is said by a text; files are as the configuration has them. */
enum web_text {
	WEB_CERT_FILE,
	WEB_KEY_FILE,
	WEB_CLIENT_CA_FILE,
	WEB_CLIENT_AUTH_TYPE,
	WEB_MIN_VERSION,
	WEB_MAX_VERSION,
	WEB_TEXTS,
};

#define WEB_TEXT 1024 /* bytes */

struct web_config {
	bool tls;
	char texts[WEB_TEXTS][WEB_TEXT]; /* "": not said */
	struct web_user *users;
	size_t user_count;
};

/*
 * Reads `text`, YAML. False, with what is wrong, in one line and with the number of its own, in
 * `complaint` (WEB_COMPLAINT bytes); nothing is to be freed then.
 */
#define WEB_COMPLAINT 256
bool web_config_parse(struct web_config *config, const char *text, size_t size, char *complaint);
void web_config_free(struct web_config *config);

/* "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3", as GnuTLS wants the versions. `text`: 128 bytes. */
void web_config_priorities(const struct web_config *config, char *text, size_t size);

/* Does the server ask for a certificate of the client's? */
bool web_config_asks_client(const struct web_config *config);

#endif
