/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Printing the views of a watch, each to its output: what a command of one view does. */
#ifndef TCPLINGER_PRINT_H
#define TCPLINGER_PRINT_H

#include "command/watch.h"

/* Its `self` is the watch. */
extern const struct consumer print_consumer;

#endif
