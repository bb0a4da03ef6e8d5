// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/advice/severity.h"

#include <string.h>

static const char *const severity_names[SEVERITIES] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_CRITICAL] = "critical",
};

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

enum severity severity_of(const char *name)
{
	unsigned int severity = 0;

	while (severity < SEVERITIES && strcmp(severity_names[severity], name) != 0)
		severity++;
	return severity;
}
