// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The floor of the cost table: empty programs on the tracepoints that tcplinger cannot do without.
 * What they cost is the price of being called; no tracer of these events can cost less.
 */

/* Spelled out here, so that the object needs no header of libbpf or of the kernel. */
#define SEC(name) __attribute__((section(name), used))

SEC("tp_btf/inet_sock_set_state")
int floor_set_state(unsigned long long *ctx)
{
	(void)ctx;
	return 0;
}

SEC("tp_btf/timer_start")
int floor_timer_start(unsigned long long *ctx)
{
	(void)ctx;
	return 0;
}

SEC("tp_btf/timer_cancel")
int floor_timer_cancel(unsigned long long *ctx)
{
	(void)ctx;
	return 0;
}

SEC("license")
const char floor_license[] = "Dual BSD/GPL";
