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

struct web_config {
	bool tls;
	char *cert_file; /* as in the file; relative to its folder */
	char *key_file;
	char *client_ca_file;	/* NULL: none */
	char *client_auth_type; /* NULL: not said */
	char *min_version;	/* "TLS12"; NULL: not said */
	char *max_version;
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
