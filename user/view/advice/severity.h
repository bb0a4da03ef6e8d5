/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPLINGER_ADVICE_SEVERITY_H
#define TCPLINGER_ADVICE_SEVERITY_H

enum severity {
	SEVERITY_INFO,	   /* looks wrong and is not, or a setting that does nothing */
	SEVERITY_WARNING,  /* something is wrong */
	SEVERITY_CRITICAL, /* something fails, or will within the hour */
	SEVERITIES,
};

/* "info"; static. */
const char *severity_name(enum severity severity);

/* The severity of that name; SEVERITIES: there is none. */
enum severity severity_of(const char *name);

#endif
