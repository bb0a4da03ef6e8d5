/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes: include/linux/sched.h, include/linux/timer_types.h */

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* in each pid namespace, from the host's */
};

struct mm_struct {
	unsigned long start_stack;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	u64 start_boottime; /* ns since boot, suspend included (real_start_time before 5.5) */
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct mm_struct *mm; /* NULL: a kernel thread's */
	u64 self_exec_id;     /* programs that it, and what it came from, have executed */
	char comm[16];
};

struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev; /* where the one before, or the head, points to it */
};

struct timer_list {
	struct hlist_node entry; /* pprev: NULL once it is cancelled, or up */
	unsigned long expires;	 /* jiffies */
	void (*function)(struct timer_list *);
};

/* The user's registers, as the kernel saved them: arch/x86/include/asm/ptrace.h, arch/arm64's. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12;
	unsigned long bp, bx;
	unsigned long r11, r10, r9, r8;
	unsigned long cx, dx, si, di;
	unsigned long ax, ip, sp;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
};
#endif
