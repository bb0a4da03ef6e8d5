// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "maps.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct owners_map owners SEC(".maps");
struct records_map records SEC(".maps");
struct fin_wait2_map fin_wait2 SEC(".maps");
struct last_softirq_map last_softirq SEC(".maps");
struct last_minisocket_map last_minisocket SEC(".maps");

const volatile struct settings settings = {};
struct losses losses = {};
__u32 list_states = 0;
__u32 list_described = 0;
__u32 list_sender = 0;
__u32 list_low = 0;
__u32 list_high = 0;
__u64 list_jiffies_ns = 0;
