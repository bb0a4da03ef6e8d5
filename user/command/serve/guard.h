/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the web configuration file asks for: TLS by certificates that are read, users. */
#ifndef TCPLINGER_SERVE_GUARD_H
#define TCPLINGER_SERVE_GUARD_H

#include "command/serve/auth.h"

struct guard {
	struct web_config config;
	char *certificate; /* PEM; NULL: no TLS */
	char *key;
	char *client_ca; /* NULL: nobody has to show one */
	char priorities[128];
	struct auth *auth; /* NULL: everybody may */
};

/*
 * By the file at `path` (NULL: nothing is asked for); before the sandbox. STATUS_DONE, or
 * STATUS_USAGE after one line that says what is wrong with it.
 */
int guard_init(struct guard *guard, const char *path);
void guard_free(struct guard *guard);

#endif
