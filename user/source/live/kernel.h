/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What kernels differ in: asked of the running one, never of its version. */
#ifndef TCPLINGER_KERNEL_H
#define TCPLINGER_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "source/source.h"

struct kernel {
	bool rdonly_cast;     /* has bpf_rdonly_cast */
	bool probe_reads;     /* allows bpf_probe_read_kernel */
	bool accept_argument; /* inet_csk_accept takes a struct, since 6.10, not flags */
	uint32_t functions;   /* which of TRACED_FUNCTIONS it has (bit 1 << function) */
};

/* False, with the reason, where it is too old, or does not let its types be read. */
bool kernel_examine(struct kernel *kernel, struct refusal *refusal);

/* True where sock_diag tells everyone of kTLS and MPTCP (6.15); else only who has CAP_NET_ADMIN. */
bool kernel_tells_ulp_to_all(void);

#endif
