/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this process and this kernel lack, in words. */
#ifndef TCPLINGER_PRIVILEGE_H
#define TCPLINGER_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/source.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

/* What is lost, in the words of stderr and of `doctor`. */
#define LOSS_OF_TRACING                                                                            \
	"nothing is traced: `trace` does not run, the others show what sock_diag and /proc tell"
#define LOSS_OF_TIME_WAIT "TIME_WAIT is not followed: who left one and how it ends is not shown"

/* True where the kernel tells the types that programs are fitted to. */
bool privilege_btf(void);

/* False, with the reason, where BPF tracing cannot work: no BTF, or a capability is missing. */
bool privilege_for_bpf(struct refusal *refusal);

/* The reason why loading or attaching failed with `error` (positive errno). */
void privilege_explain(struct refusal *refusal, const char *what, int error);

/* Why /proc/kallsyms shows no addresses to this process. */
const char *privilege_for_addresses(void);

/* What it would take to enter the network namespaces that could not be. */
const char *privilege_for_namespaces(void);

/*
 * Appends to `text`, a list, what listings do not see for want of a capability, each with its name;
 * nothing where nothing is lost. `stacks`: functions are to be found for them.
 */
void privilege_append_unseen(enum privilege_source source, bool stacks, char *text, size_t size);

/* A capability that something here takes. */
struct privilege {
	const char *name;
	bool have;
	char without[320]; /* what is lost for want of it; "": nothing, or it is there */
};

/* All of them. `addresses`: /proc/kallsyms shows them, whatever it takes. */
#define PRIVILEGES 7
void privileges_list(struct privilege *list, bool addresses);

/* The capabilities that listing again takes: bit 1 << CAP_*. */
uint64_t privilege_to_list(enum privilege_source source, bool enters_namespaces);

/* What finding functions takes besides: files that were mapped, and deleted since. */
uint64_t privilege_to_name(void);

/*
 * Gives up, for good, each capability but these, and the way to any other: the programs are loaded
 * and attached by now. False, with errno, if the kernel does not let go of them.
 */
bool privilege_keep(uint64_t capabilities);

#endif
