/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who a task is. */
#ifndef TCPLINGER_PROCESS_BPF_H
#define TCPLINGER_PROCESS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "record.h"

/* comm of the group leader, not of a pool thread; two 8-byte loads where memcpy would be sixteen.
 */
static __always_inline void process_of_leader(struct process_id *process,
					      struct task_struct *leader)
{
	process->pid = leader->tgid;
	process->start_ns = leader->start_boottime;
	((__u64 *)process->comm)[0] = ((__u64 *)leader->comm)[0];
	((__u64 *)process->comm)[1] = ((__u64 *)leader->comm)[1];
}

static __always_inline void process_of_current(struct process_id *process,
					       struct task_struct *leader)
{
	process_of_leader(process, leader);
	process->cgroup_id = bpf_get_current_cgroup_id();
}

#endif
