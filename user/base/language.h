/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The language of texts for people. English is what stands in the code; others are catalogues
 * (po/NAME.po) that are part of the binary: gettext's own functions translate nothing where the
 * locale is not installed.
 */
#ifndef TCPLINGER_LANGUAGE_H
#define TCPLINGER_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

struct language; /* NULL: English */

/* Around a text that is looked up where it is shown: xgettext finds it so. Those of tables of which
 * a test walks each row need no mark. */
#define N_(text) text

/* "en", "zh". False for another. */
bool language_find(const char *name, const struct language **language);

/*
 * The language of a locale's name as in LANG: zh, zh_CN.UTF-8; English where there is none for it,
 * or where the locale's characters are not UTF-8.
 */
const struct language *language_of_locale(const char *locale);

/* What it says in place of an English text, the text itself if it has nothing: static. */
__attribute__((format_arg(2))) const char *language_text(const struct language *language,
							 const char *text);

#endif
