/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A host with some processes, whose connections live as they like: the records of all of it. */
#ifndef TCPLINGER_UNIT_TRAFFIC_H
#define TCPLINGER_UNIT_TRAFFIC_H

#include "record_list.h"

#define TRAFFIC_PID  101 /* a client */
#define TRAFFIC_PORT 80	 /* that it connects to, besides others */

/* The same for the same seed. */
void traffic_make(struct record_list *list, uint64_t seed);

#endif
