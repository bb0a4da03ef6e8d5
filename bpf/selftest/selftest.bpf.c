// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which of the kernel's functions can be traced, and is run: a program for each. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "functions.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__u8 fired[FUNCTIONS] = {};

#define PROBE(name)                                                                                \
	SEC("fexit/" #name)                                                                        \
	int probe_##name(void *ctx)                                                                \
	{                                                                                          \
		fired[FUNCTION_##name] = 1;                                                        \
		return 0;                                                                          \
	}

TRACED_FUNCTIONS(PROBE)
