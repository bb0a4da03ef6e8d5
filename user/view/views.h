/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The views that have rows, all of them: for those who want them on one stream. */
#ifndef TCPLINGER_VIEWS_H
#define TCPLINGER_VIEWS_H

#include "view/view.h"

#define ALL_VIEWS 5

extern const struct view *const all_views[ALL_VIEWS];

#endif
