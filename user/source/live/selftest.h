/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether fentry and fexit programs are run here: tried, with connections of our own. */
#ifndef TCPLINGER_SELFTEST_H
#define TCPLINGER_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "functions.h"

/* A program attaches and is never run where the kernel has inlined the function. */
enum function_state {
	FUNCTION_UNTRIED,
	FUNCTION_MISSING,
	FUNCTION_REFUSED,
	FUNCTION_SILENT,
	FUNCTION_FIRED,
};

struct selftest {
	uint8_t states[FUNCTIONS]; /* enum function_state */
	int errors[FUNCTIONS];	   /* of bpf(2), where it is refused; else 0 */
};

/* "inet_csk_accept". Static. */
const char *function_name(enum traced_function function);

/*
 * Tries the functions of this set (bit 1 << function), of which the kernel has `present`: attaches
 * a program to each, makes two loopback connections that leave nothing behind, and looks which
 * programs ran. One that the kernel refuses does not keep the others from it. Takes some
 * milliseconds, and up to half a second where one does not run.
 */
void selftest_run(struct selftest *selftest, uint32_t functions, uint32_t present);

#endif
