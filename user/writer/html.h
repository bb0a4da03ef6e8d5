/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTML. Markup is ours and is written as it is (output_string, output_format); whatever is text
 * goes through here, and is nothing but text then, also within quotes of an attribute.
 */
#ifndef TCPLINGER_HTML_H
#define TCPLINGER_HTML_H

#include "writer/output.h"

/* Any bytes up to a NUL: made harmless as for a terminal, then escaped. */
void html_text(struct output *output, const char *text);

/* The same of what printf makes; at most HTML_SAID bytes. */
#define HTML_SAID 8192
__attribute__((format(printf, 2, 3))) void html_say(struct output *output, const char *format, ...);

/* An element of one tag, attributes in it, with nothing but text in it: "<td class=n>", "td". */
void html_element(struct output *output, const char *open, const char *tag, const char *text);

#endif
