/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes: include/linux/sched.h, include/linux/timer_types.h */

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	u64 start_boottime; /* ns since boot, suspend included (real_start_time before 5.5) */
	struct task_struct *group_leader;
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
