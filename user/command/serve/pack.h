/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPLINGER_SERVE_PACK_H
#define TCPLINGER_SERVE_PACK_H

#include "writer/output.h"

/* What was written, packed by gzip. */
void pack(struct output *output);

#endif
