// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "maps.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct records_map records SEC(".maps");
struct fin_wait2_map fin_wait2 SEC(".maps");
struct last_calls_map last_calls SEC(".maps");
struct stacks_map stacks SEC(".maps");
struct stack_scratch_map stack_scratch SEC(".maps");
struct pythons_map pythons SEC(".maps");

const volatile struct settings settings = {};
struct losses losses = {};
__u32 list_states = 0;
__u32 list_described = 0;
__u32 list_sender = 0;
__u32 list_low = 0;
__u32 list_high = 0;
__u32 list_again = 0;
__u64 list_jiffies_ns = 0;
