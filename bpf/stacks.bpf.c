// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The user code that connects, that accepts, and that reads the end of file: registers, frames by
 * frame pointers, and the beginning of the stack, of which user space makes functions and lines.
 * These programs are apart from the others, and loaded only where somebody asks: they copy the
 * memory of a process, which costs, and which a kernel may refuse.
 */
#include "maps.bpf.h"
#include <bpf/bpf_tracing.h>
#include "emit.bpf.h"
#include "process.bpf.h"
#include "python.bpf.h"
#include "socket.bpf.h"
#include "wanted.h"

#define MSG_PEEK 2

#if defined(__TARGET_ARCH_x86)
static __always_inline void show_registers(struct raw_stack *stack, const struct pt_regs *regs)
{
	__u64 *to = stack->registers;

	to[0] = regs->ax, to[1] = regs->dx, to[2] = regs->cx, to[3] = regs->bx;
	to[4] = regs->si, to[5] = regs->di, to[6] = regs->bp, to[7] = regs->sp;
	to[8] = regs->r8, to[9] = regs->r9, to[10] = regs->r10, to[11] = regs->r11;
	to[12] = regs->r12, to[13] = regs->r13, to[14] = regs->r14, to[15] = regs->r15;
	to[16] = regs->ip;
	stack->instruction_pointer = regs->ip;
	stack->stack_pointer = regs->sp;
	stack->frame_pointer = regs->bp;
}
#elif defined(__TARGET_ARCH_arm64)
static __always_inline void show_registers(struct raw_stack *stack, const struct pt_regs *regs)
{
	for (int i = 0; i < 31; i++)
		stack->registers[i] = regs->regs[i];
	stack->registers[31] = regs->sp;
	stack->registers[32] = regs->pc;
	stack->instruction_pointer = regs->pc;
	stack->stack_pointer = regs->sp;
	stack->frame_pointer = regs->regs[29];
}
#endif

/*
 * A copy fails as a whole. So it is made in chunks, up to one that cannot be read: the stack's
 * memory ends at a page. The first is as short as it takes for the others to be aligned.
 */
static __always_inline void copy_memory(struct raw_stack *stack)
{
	const char *from = (const char *)stack->stack_pointer;
	__u32 copied = RAW_STACK_CHUNK - (stack->stack_pointer & (RAW_STACK_CHUNK - 1));

	stack->copied = 0;
	stack->whole = 0;
	if (!settings.probe_reads || bpf_probe_read_user(stack->bytes, copied, from))
		return;
	for (int i = 0; i < RAW_STACK_BYTES / RAW_STACK_CHUNK - 1; i++) {
		stack->whole = bpf_probe_read_user(stack->bytes + copied, RAW_STACK_CHUNK,
						   from + copied) != 0;
		if (stack->whole)
			break;
		copied += RAW_STACK_CHUNK;
	}
	stack->copied = copied;
}

static __always_inline void walk(struct raw_stack *stack, void *ctx)
{
	long bytes = bpf_get_stack(ctx, stack->frames, sizeof(stack->frames), BPF_F_USER_STACK);

	stack->walked = bytes > 0 ? bytes / sizeof(stack->frames[0]) : 0;
}

/* The first in an empty ring wakes the reader: the process may be gone soon. */
static __always_inline void submit(struct raw_stack *stack)
{
	__u64 unread = bpf_ringbuf_query(&stacks, BPF_RB_AVAIL_DATA);
	__u32 copied = stack->copied;

	barrier_var(copied);
	if (copied > RAW_STACK_BYTES)
		return;
	stack->header.size = RAW_STACK_HEAD + copied;
	if (bpf_ringbuf_output(&stacks, stack, RAW_STACK_HEAD + copied,
			       unread ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP))
		count(&losses.stacks_dropped);
}

/* NULL where it is no process that acts, or none of its own stack. */
static __always_inline struct task_struct *whose(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->flags & (PF_KTHREAD | PF_IO_WORKER) ? NULL : task;
}

static __always_inline struct stack_scratch *scratch_of(__u32 event)
{
	return bpf_map_lookup_elem(&stack_scratch, &event);
}

static __always_inline int tell(void *ctx, struct task_struct *task, __u64 cookie,
				struct stack_scratch *scratch, __u32 event)
{
	struct raw_stack *stack = &scratch->stack;

	stack->python_count = 0;
	record_begin(&stack->header, RECORD_RAW_STACK, RAW_STACK_HEAD, bpf_ktime_get_ns());
	stack->cookie = cookie;
	process_of_current(&stack->process, task->group_leader);
	stack->image = task->self_exec_id;
	stack->start_stack = task->mm ? task->mm->start_stack : 0;
	stack->tid = task->pid;
	stack->event = event;
	walk(stack, ctx);
	show_registers(stack, (const struct pt_regs *)bpf_task_pt_regs(task));
	copy_memory(stack);
	if (settings.probe_reads)
		walk_python(stack, task);
	submit(stack);
	return 0;
}

static __always_inline void tuple_whole(struct tuple *tuple, struct sock *sk, struct tcp_sock *tp)
{
	tuple_of(tuple, &sk->__sk_common, tp->inet_conn.icsk_inet.inet_sport);
	tuple_namespace(tuple, sk->__sk_common.skc_net.net);
}

/* Before the program that tells the transition: the stack is there when that is read. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(stack_connect, struct sock *sk, int old, int new)
{
	struct stack_scratch *scratch;
	struct task_struct *task;
	struct tuple tuple = {};
	struct tcp_sock *tp;

	if (old != TCP_CLOSE || new != TCP_SYN_SENT || !sk->sk_lock.owned)
		return 0;
	task = whose();
	tp = (void *)bpf_skc_to_tcp_sock(sk);
	scratch = scratch_of(STACK_CONNECT);
	if (!task || !tp || !scratch)
		return 0;
	tuple_whole(&tuple, sk, tp);
	if (!sk->__sk_common.skc_num)
		tuple.lport = 0;
	if (!filter_transition(&settings.filter, &tuple, old, new))
		return 0;
	return tell(ctx, task, bpf_get_socket_cookie(sk), scratch, STACK_CONNECT);
}

/* Where only outgoing connections are wanted, no others are told the end of, either. */
static __always_inline bool is_left_out(const struct tcp_sock *tp)
{
	return settings.outgoing && !settings.audit && was_accepted(tp);
}

static __always_inline int accepted(void *ctx, struct sock *sk)
{
	struct stack_scratch *scratch;
	struct task_struct *task;
	struct tuple tuple = {};
	struct tcp_sock *tp;

	if (!sk)
		return 0;
	task = whose();
	tp = (void *)bpf_skc_to_tcp_sock(sk);
	scratch = scratch_of(STACK_ACCEPT);
	if (!task || !tp || !scratch || is_left_out(tp))
		return 0;
	tuple_whole(&tuple, sk, tp);
	if (!filter_socket(&settings.filter, &tuple, sk->__sk_common.skc_state))
		return 0;
	return tell(ctx, task, bpf_get_socket_cookie(sk), scratch, STACK_ACCEPT);
}

/* Since 6.10. */
SEC("fexit/inet_csk_accept")
int BPF_PROG(stack_accept, struct sock *listener, void *argument, struct sock *sk)
{
	return accepted(ctx, sk);
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(stack_accept_flags, struct sock *listener, int flags, int *error, bool kern,
	     struct sock *sk)
{
	return accepted(ctx, sk);
}

static __always_inline bool was_told(struct stack_scratch *scratch, __u64 cookie)
{
	__u64 *told = &scratch->told[cookie & (STACKS_TOLD - 1)];
	bool was = *told == cookie;

	*told = cookie;
	return was;
}

/*
 * Nothing was read: of length 0, or what shutdown() gives, is no end of file, which is there only
 * once all before it was read.
 */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(stack_eof, struct sock *sk, int result, int flags)
{
	struct stack_scratch *scratch;
	struct task_struct *task;
	struct tuple tuple = {};
	struct tcp_sock *tp;
	__u64 cookie;

	if (result || flags & MSG_PEEK || sk->__sk_common.skc_state != TCP_CLOSE_WAIT)
		return 0;
	task = whose();
	tp = (void *)bpf_skc_to_tcp_sock(sk);
	scratch = scratch_of(STACK_EOF);
	if (!task || !tp || !scratch || tp->rcv_nxt != tp->copied_seq || is_left_out(tp))
		return 0;
	tuple_whole(&tuple, sk, tp);
	if (!filter_socket(&settings.filter, &tuple, TCP_CLOSE_WAIT))
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	return was_told(scratch, cookie) ? 0 : tell(ctx, task, cookie, scratch, STACK_EOF);
}
