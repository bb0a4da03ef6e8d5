/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Passwords. bcrypt is slow by design, 65 ms and more: a thread of its own does it, one at a time,
 * with a low priority, so that whoever guesses delays neither the tracing nor who was let in
 * before: what was right once is remembered.
 */
#ifndef TCPLINGER_SERVE_AUTH_H
#define TCPLINGER_SERVE_AUTH_H

#include <stdbool.h>

#include "command/serve/web_config.h"

struct auth;

/* Starts the thread: before the sandbox. `users` are borrowed. NULL, with errno: it cannot. */
struct auth *auth_start(const struct web_user *users, size_t count);
void auth_stop(struct auth *auth); /* NULL: nothing */

/* True if this was right before. */
bool auth_knows(const struct auth *auth, const char *user, const char *password);

/* Begins to check; false: another is being checked. */
bool auth_begin(struct auth *auth, const char *user, const char *password);

/* A descriptor that can be read when the check has ended. */
int auth_wait_on(const struct auth *auth);

/* True if it has; `right`: what it came to. */
bool auth_end(struct auth *auth, bool *right);

#endif
