/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Printing the views of a watch, each to its output: what a command of one view does. */
#ifndef TCPLINGER_PRINT_H
#define TCPLINGER_PRINT_H

#include "command/watch.h"

/* Its `self` is the watch. */
extern const struct consumer print_consumer;

/* The audit, if one was asked for: at the end, when nothing more is streamed. */
void print_audit(struct watch *watch, struct output *output);

#endif
