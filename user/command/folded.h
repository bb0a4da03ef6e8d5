/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --folded: the file that flame graphs are made of. */
#ifndef TCPLINGER_FOLDED_H
#define TCPLINGER_FOLDED_H

#include "command/watch.h"

/* Makes the file, if one is asked for: later none can be. An exit status. */
int folded_open(struct watch *watch);

/* All stacks of the views, at the end. An exit status: `status`, unless it cannot be written. */
int folded_write(struct watch *watch, int status);

#endif
