/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Registers by the numbers that DWARF gives them, on the architecture that this is built for. */
#ifndef TCPLINGER_STACKS_ARCH_H
#define TCPLINGER_STACKS_ARCH_H

#include <elf.h>
#include <stdint.h>

#if defined(__x86_64__)
#define ARCH_MACHINE   EM_X86_64
#define ARCH_REGISTERS 17
#define ARCH_FP	       6
#define ARCH_SP	       7
#define ARCH_PC	       16
#elif defined(__aarch64__)
#define ARCH_MACHINE   EM_AARCH64
#define ARCH_REGISTERS 33
#define ARCH_FP	       29
#define ARCH_SP	       31
#define ARCH_PC	       32
#else
#error "which registers does this architecture have?"
#endif

/* arm64 signs return addresses in the bits that are no part of an address. */
static inline uint64_t arch_code_address(uint64_t value)
{
#if defined(__aarch64__)
	return value & ((1ULL << 48) - 1);
#else
	return value;
#endif
}

#endif
