/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that bpf/ reads, declared by hand: only the fields used, found at load time in
 * the running kernel's BTF (CO-RE). This folder is the list of what tcplinger depends on; `make
 * check-vmlinux` holds it against the running kernel. A type with a ___suffix is a variant that
 * some kernels do not have: the code asks for it (bpf_core_field_exists and the like) before use.
 */
#ifndef TCPLINGER_VMLINUX_H
#define TCPLINGER_VMLINUX_H

#include "types.h"

/* Everything below is relocated to the running kernel's layout. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#include "task.h"
#include "net.h"
#include "sock.h"
#include "file.h"
#include "iter.h"
#pragma clang attribute pop

#endif
