/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sections of the page that have more than figures over time, a file for each. */
#ifndef TCPLINGER_SECTIONS_H
#define TCPLINGER_SECTIONS_H

#include "command/report/report.h"

void lifetimes_write(const struct report *report, struct output *output);
void destinations_write(const struct report *report, struct output *output);
void failures_write(const struct report *report, struct output *output);

#endif
