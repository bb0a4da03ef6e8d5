/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a client says that it understands: Accept and its kin (RFC 9110, 12.5). */
#ifndef TCPLINGER_NEGOTIATE_H
#define TCPLINGER_NEGOTIATE_H

/*
 * How much it wants `word` ("text/plain", "gzip"): 0 (not) to 1. A wildcard stands for what is not
 * named. `header` NULL, or with nothing in it: `otherwise`.
 */
double negotiate_quality(const char *header, const char *word, double otherwise);

#endif
