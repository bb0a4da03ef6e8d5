/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What stdout is like, where it is a terminal. */
#ifndef TCPLINGER_TERMINAL_H
#define TCPLINGER_TERMINAL_H

#include "cli/options.h"
#include "view/text.h"

#define CLEAR_SCREEN "\033[H\033[J"

/* The screen as it is now, and what the user wants on it. */
struct text_style terminal_style(const struct options *options);

/* What the fate of an output asks for, said if it is bad: a reader that went away is no failure. */
int output_exit_status(const struct output *output);

#endif
