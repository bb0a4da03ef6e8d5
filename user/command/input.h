/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The recording that a command reads in place of this host, and what follows of that. */
#ifndef TCPLINGER_INPUT_H
#define TCPLINGER_INPUT_H

#include "cli/options.h"
#include "record/file/reader.h"

struct input {
	struct recording recording;
	struct options options; /* as they are for this recording */
	uint64_t at_ns;		/* of --at, as the stream counts; 0: not asked for */
	int status;		/* of opening it */
};

/*
 * What options.input names, if anything: opens it, or says in a line why not. Options and needs are
 * then joined with those that it was made with. The options to go by from here on, which are the
 * caller's, or live as long as `input`.
 */
const struct options *input_open(struct input *input, const struct options *options,
				 const volatile sig_atomic_t *stop, struct needs *needs);
void input_close(struct input *input);

/* An exit status, at the end: what of it could not be read is said in a line. */
int input_outcome(const struct input *input);

#endif
