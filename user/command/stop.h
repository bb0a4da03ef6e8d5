/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The signals that end a program: SIGINT and SIGTERM set a flag, SIGPIPE becomes an error of
 * write().
 */
#ifndef TCPLINGER_STOP_H
#define TCPLINGER_STOP_H

#include <signal.h>

/* Installs the handlers; the flag is set once one of the signals has come. */
const volatile sig_atomic_t *stop_on_signals(void);

#endif
