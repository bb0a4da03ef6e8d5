/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An adviser on a watch of all views. */
#ifndef TCPLINGER_ADVISE_H
#define TCPLINGER_ADVISE_H

#include "command/watch.h"
#include "view/advice/advice.h"

/*
 * The watch has all views (all_views), and outlives the adviser. `recent`: as in adviser_config.
 * Its consumer hands on what it is asked and told: adviser_ask, and adviser_judge at each refresh.
 */
void advise_on(struct adviser *adviser, struct watch *watch, bool recent);

#endif
