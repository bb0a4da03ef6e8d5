/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Python's frames of the current thread, of a process that user space has told of. */
#ifndef TCPLINGER_PYTHON_BPF_H
#define TCPLINGER_PYTHON_BPF_H

#include "maps.bpf.h"

/* 0 where it cannot be read, as what is not there. */
static __always_inline __u64 user_word(__u64 address)
{
	__u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (const void *)address);
	return word;
}

/* As its own pid namespace counts. */
static __always_inline __u64 own_tid(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;
	unsigned int level = pid->level;
	int number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &pid->numbers[level].nr);
	return number;
}

static __always_inline __u64 python_thread(const struct python_layout *layout, __u64 tid)
{
	__u64 interpreter = user_word(layout->runtime + layout->interpreters);
	__u64 thread = user_word(interpreter + layout->threads);

	for (int i = 0; i < PYTHON_THREADS && thread; i++) {
		if (user_word(thread + layout->thread_id) == tid)
			return thread;
		thread = user_word(thread + layout->next_thread);
	}
	return 0;
}

static __always_inline void walk_python(struct raw_stack *stack, struct task_struct *task)
{
	struct python_layout *layout = bpf_map_lookup_elem(&pythons, &stack->process.pid);
	__u64 thread, frame;
	int i;

	if (!layout)
		return;
	thread = python_thread(layout, own_tid(task));
	if (!thread)
		return;
	frame = user_word(user_word(thread + layout->cframe) + layout->current_frame);
	for (i = 0; i < PYTHON_FRAMES && frame; i++) {
		stack->python[i].code = user_word(frame + layout->code);
		stack->python[i].instruction = user_word(frame + layout->instruction);
		stack->python_entry[i] = (__u8)user_word(frame + layout->entry);
		frame = user_word(frame + layout->previous);
	}
	stack->python_count = i;
}

#endif
