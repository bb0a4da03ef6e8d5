// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/names.h"
#include "source/clock.h"
#include "source/proc/procfs.h"

#define NUMBER_MAX (1LL << 32)

void setting_path(enum setting setting, char path[SETTING_PATH])
{
	snprintf(path, SETTING_PATH, "%s", setting_name(setting));
	for (char *at = path; (at = strchr(at, '.')); at++)
		*at = '/';
}

/*
 * The first number of a setting. A negative one is that of a table that is shared with the host
 * (tcp_ehash_entries), and its size all the same.
 */
static uint64_t read_setting(int proc, enum setting setting)
{
	char path[SETTING_PATH], below[SETTING_PATH + 4], text[64], *end;
	long long number;

	setting_path(setting, path);
	snprintf(below, sizeof(below), "sys/%s", path);
	if (procfs_read(proc, below, text, sizeof(text)) <= 0)
		return FACTS_UNKNOWN;
	number = strtoll(text, &end, 10);
	if (end == text || number < -NUMBER_MAX || number > NUMBER_MAX)
		return FACTS_UNKNOWN;
	return (uint64_t)llabs(number);
}

void settings_read(int proc, struct record_settings *record, uint32_t netns)
{
	*record = (struct record_settings){
		.header = {RECORD_SETTINGS, sizeof(*record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.netns = netns,
	};
	for (unsigned int i = 0; i < SETTINGS; i++)
		record->values[i] = read_setting(proc, i);
}
