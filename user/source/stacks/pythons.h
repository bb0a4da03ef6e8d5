/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPLINGER_PYTHONS_H
#define TCPLINGER_PYTHONS_H

#include "source/stacks/image.h"

/* Of an image whose mappings are read: is it a Python that is known? Fills in the layout, then. */
bool python_of(struct image *image, uint64_t now_ns, struct python_layout *layout);

/* Calls `found` for each process that runs Python under a name that begins so. */
void pythons_find(struct library *library,
		  void (*found)(void *context, uint32_t pid, const struct python_layout *layout),
		  void *context);

#endif
