/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sysctls of a network namespace that connections end and begin by. */
#ifndef TCPLINGER_SETTINGS_H
#define TCPLINGER_SETTINGS_H

#include <stdint.h>

#include "record.h"

#define SETTING_PATH 96

/* "net/ipv4/tcp_tw_reuse": where a setting is below /proc/sys. */
void setting_path(enum setting setting, char path[SETTING_PATH]);

/*
 * A whole record of the namespace `netns`, which this thread is in; FACTS_UNKNOWN for what is not
 * there, or may not be read. `proc`: an open directory, /proc.
 */
void settings_read(int proc, struct record_settings *record, uint32_t netns);

#endif
