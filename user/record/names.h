/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of what records hold as numbers: one table each, for output and for options alike. */
#ifndef TCPLINGER_NAMES_H
#define TCPLINGER_NAMES_H

#include <stdbool.h>

/* The kernel's name of a state ("FIN_WAIT2"); "UNKNOWN" for a number that is none. Static. */
const char *tcp_state_name(unsigned int state);

/* Case does not matter, and `-` counts as `_`. False if there is no such state. */
bool tcp_state_parse(const char *name, unsigned int *state);

/* NULL where nothing is known: shown as null. Static. */
const char *owner_by_name(unsigned int owner_by);
const char *end_reason_name(unsigned int end_reason);

/* "in", "out", "unknown". Static. */
const char *direction_name(unsigned int direction);

/* The kernel's name of one of its counters: "TCPTimeWaitOverflow". Static. */
const char *counter_name(unsigned int counter);

/* The kernel's name of a setting: "net.ipv4.tcp_tw_reuse". Static. */
const char *setting_name(unsigned int setting);

#endif
