/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two filters on tuples, of which both must be passed. */
#ifndef TCPLINGER_NARROW_H
#define TCPLINGER_NARROW_H

#include "filter.h"

/* From now on only what passes `other` as well passes `filter`. */
void filter_narrow(struct tuple_filter *filter, const struct tuple_filter *other);

/* Nothing passes it. */
void filter_nothing(struct tuple_filter *filter);

#endif
